"""`inkloom serve` as a process: it answers, it ends when asked, it says why it can't start."""

import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from inkloom.nodes import open_folders
from inkloom.server.editor import REMEDY, Editor
from inkloom.server.serve import ServeError, serve

MAIN = "from inkloom.cli.main import main; main()"


@contextmanager
def served(root: Path, *argv: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", MAIN, "serve", "--root", str(root), *argv]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


def test_it_answers_and_ends_when_asked(tmp_path: Path) -> None:
    with served(tmp_path / "root", "--port", "0") as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("inkloom serves http://127.0.0.1:")
        url = line.split()[2]
        with urllib.request.urlopen(url + "/prompt", timeout=20) as answer:
            assert answer.read() == b'{"exec_info": {"queue_remaining": 0}}'
        process.terminate()
        out, err = process.communicate(timeout=30)
    # Where the editor was not built, a line says how to have it.
    without = "" if Editor().is_there() else f"The editor is not built. To have it, {REMEDY}.\n"
    assert (process.returncode, out, err) == (0, without + "stopped\n", "")
    assert (tmp_path / "root" / "models" / "checkpoints").is_dir()


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
def test_a_second_ctrl_c_ends_at_once() -> None:
    program = (
        "import asyncio, signal\n"
        "from inkloom.server.serve import _asked_to_stop\n"
        "async def main():\n"
        "    loop = asyncio.get_running_loop()\n"
        "    loop.call_soon(signal.raise_signal, signal.SIGINT)\n"
        "    await _asked_to_stop()\n"
        "    print('stopping', flush=True)\n"
        "    signal.raise_signal(signal.SIGINT)\n"
        "    print('not reached', flush=True)\n"
        "asyncio.run(main())\n"
    )
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "stopping\n", "")


def test_a_port_that_is_taken(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with served(tmp_path, "--port", str(port)) as process:
            out, err = process.communicate(timeout=30)
    assert process.returncode == 2
    assert out == ""
    assert err.splitlines() == [
        f"inkloom: port {port} of 127.0.0.1 is taken, perhaps by another inkloom; "
        f"stop that one, or choose another port: --port {port + 1}"
    ]


def test_a_root_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with served(tmp_path / "file") as process:
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out) == (2, "")
    assert f"can't use the root folder {tmp_path / 'file'}" in err
    assert "--root DIR" in err


@pytest.mark.parametrize("address", ["0.0.0.0", "192.168.1.2", "::", "example.org"])
def test_other_machines_are_kept_out(tmp_path: Path, address: str) -> None:
    with pytest.raises(ServeError, match=f"--listen {address} would let other machines in"):
        serve(open_folders(tmp_path), address, 0, print)


@pytest.mark.parametrize("address", ["", "foo bar"])
def test_what_is_no_address(tmp_path: Path, address: str) -> None:
    with pytest.raises(ServeError, match="takes an address"):
        serve(open_folders(tmp_path), address, 0, print)


def test_the_web_process_loads_no_torch() -> None:
    program = "import sys; from inkloom.server import serve; print(*{'torch', 'numpy'} & sys.modules.keys())"
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout.split() == []
