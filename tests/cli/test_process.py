"""The command line as a process of its own: what it loads, how it ends, what Ctrl-C does."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from inkloom import __version__

MAIN = "from inkloom.cli.main import main; main()"

SLOW = {
    "1": {"class_type": "EmptyImage", "inputs": {"width": 512, "height": 512, "batch_size": 1, "color": 255}},
    "2": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "early"}},
    "3": {"class_type": "LoopStart", "inputs": {"initial": ["1", 0], "count": 5000}},
    "4": {"class_type": "ImageInvert", "inputs": {"image": ["3", 0]}},
    "5": {"class_type": "LoopEnd", "inputs": {"loop": ["3", 2], "value": ["4", 0]}},
    "6": {"class_type": "SaveImage", "inputs": {"images": ["5", 0], "filename_prefix": "late"}},
}
"""A picture at once, and another after a while."""


def python(program: str, *argv: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", program, *argv]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


@pytest.mark.parametrize("argv", [["--help"], ["validate", "{workflow}"], ["nodes"], ["nodes", "KSampler"]])
def test_loads_nothing_heavy(argv: list[str], write: Callable[[object], str], edited: Any) -> None:
    argv = [part.format(workflow=write(edited())) for part in argv]
    program = (
        "import contextlib, sys\n"
        "from inkloom.cli.main import command_line\n"
        "with contextlib.suppress(SystemExit): command_line(sys.argv[1:])\n"
        "heavy = {'torch', 'transformers', 'aiohttp', 'httpx2', 'numpy', 'safetensors'}\n"
        "print(*sorted(heavy & sys.modules.keys()), file=sys.stderr)\n"
    )
    done = python(program, *argv)
    assert done.stdout
    assert done.stderr.split() == []


@pytest.mark.parametrize(
    ("argv", "status", "out"),
    [
        (["--version"], 0, f"inkloom {__version__}\n"),
        (["validate", "no such workflow"], 2, ""),
    ],
)
def test_exit_status_of_the_process(argv: list[str], status: int, out: str) -> None:
    done = python(MAIN, *argv)
    assert (done.returncode, done.stdout) == (status, out)


def test_a_fault_of_its_own_is_told_without_a_traceback() -> None:
    done = python("from inkloom.cli import main; main.parser = None; main.main()")
    assert done.returncode == 1
    assert "an error of inkloom itself" in done.stderr
    assert "--debug" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX pipe")
def test_a_reader_that_goes_away() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-c", MAIN, "nodes"]
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(sys.platform == "win32", reason="needs a POSIX pipe")
def test_a_run_whose_reader_goes_away_has_failed(
    write: Callable[[object], str], edited: Any, root: Path
) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-c", MAIN, "run", "--json", write(edited()), "--root", str(root)]
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (
        1,
        "inkloom: nobody reads standard output any more; broken off\n",
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs Linux's full device")
def test_an_output_that_is_full() -> None:
    command = [sys.executable, "-c", MAIN, "nodes"]
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (
        1,
        "inkloom: can't write to standard output: No space left on device\n",
    )


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
def test_ctrl_c_stops_and_says_what_was_kept(write: Callable[[object], str], root: Path) -> None:
    command = [sys.executable, "-c", MAIN, "run", write(SLOW), "--root", str(root)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        said: list[str] = []
        for line in process.stderr:
            said.append(line)
            if line.startswith("Loop Start"):
                break
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "stopping after this step; Ctrl-C again ends at once" in err
    assert "Kept: 1 finished picture" in err
    assert out == f"{root / 'output' / 'early_00001_.png'}\n"
    assert "Traceback" not in err


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
def test_a_second_ctrl_c_ends_at_once() -> None:
    program = (
        "import signal\n"
        "from inkloom.cli.interrupt import cancelled_by_ctrl_c\n"
        "from inkloom.executor import CancelToken\n"
        "token = CancelToken()\n"
        "with cancelled_by_ctrl_c(token, lambda: print('stopping', flush=True)):\n"
        "    signal.raise_signal(signal.SIGINT)\n"
        "    print(token.cancelled, flush=True)\n"
        "    signal.raise_signal(signal.SIGINT)\n"
        "    print('not reached', flush=True)\n"
    )
    done = python(program)
    assert (done.returncode, done.stdout, done.stderr) == (130, "stopping\nTrue\n", "")
