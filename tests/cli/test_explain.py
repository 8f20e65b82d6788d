"""`inkloom explain`, and `inkloom run --trace`."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from inkloom.cli.shown.columns import PIPE_WIDTH

Edited = Callable[..., dict[str, Any]]


def rows(said: Any) -> list[list[str]]:
    """Return the cells of the lines for nodes."""
    assert (said.status, said.err) == (0, "")
    return [[cell for cell in line.split("  ") if cell] for line in said.out.splitlines()[2:]]


def test_before_and_after_a_run(inkloom: Any, write: Any, edited: Edited) -> None:
    path = write(edited())
    said = inkloom("explain", path)
    title = f"{path}: 3 nodes run, how long is not known yet; nothing is cached"
    assert said.out.splitlines()[0] == title
    assert rows(said) == [
        ["1", "EmptyImage", "runs", "never seen"],
        ["2", "Opposite", "runs", "never seen"],
        ["3", "Save Image", "runs", "never seen"],
    ]
    assert inkloom("run", path).status == 0
    said = inkloom("explain", path, "--set", "1.color=7")
    assert said.out.startswith(f"{path}: 3 nodes run, about ")
    assert [row[-1].strip() for row in rows(said)] == [
        "color 255 -> 7",
        "because EmptyImage (1) above it changed",
        "because EmptyImage (1) above it changed",
    ]
    assert all(row[3].strip().startswith("~") for row in rows(said)), "as other inputs took"


def test_the_disk_counts_only_for_runs_that_use_it(inkloom: Any, write: Any, edited: Edited) -> None:
    path = write(edited())
    assert inkloom("run", path).status == 0
    assert "nothing runs" in inkloom("explain", path).out
    assert "nothing is cached" in inkloom("explain", path, "--no-disk-cache").out


def test_as_one_object(inkloom: Any, write: Any, edited: Edited) -> None:
    path = write(edited())
    inkloom("run", path)
    told = json.loads(inkloom("explain", path, "--set", "1.color=7", "--json").out)
    assert (told["type"], told["outputs"], told["totals"]["run"]) == ("explanation", ["3"], 3)
    assert told["nodes"][0]["reasons"][0]["code"] == "changed"


def test_what_cannot_run(inkloom: Any, write: Any, edited: Edited) -> None:
    path = write(edited(n1={"width": -1}))
    said = inkloom("explain", path)
    assert (said.status, said.out) == (2, "")
    assert "w.json can't run: 1 problem" in said.err
    assert json.loads(inkloom("explain", path, "--json").out)["valid"] is False


def test_titles_that_would_steer_a_terminal(inkloom: Any, write: Any, edited: Edited) -> None:
    workflow = edited()
    workflow["2"]["_meta"]["title"] = "red\x1b[31m"
    workflow["1\x1b[0m"] = workflow.pop("1")
    workflow["2"]["inputs"]["image"] = ["1\x1b[0m", 0]
    said = inkloom("explain", write(workflow))
    assert "\x1b" not in said.out
    assert "red\\x1b[31m" in said.out


def test_long_reasons_are_wrapped(inkloom: Any, write: Any, edited: Edited) -> None:
    inkloom("run", write(edited(n3={"filename_prefix": "x" * 100})))
    said = inkloom("explain", write(edited(n1={"color": 1}, n3={"filename_prefix": "y" * 100})))
    assert max(map(len, said.out.splitlines()[2:])) <= PIPE_WIDTH


def test_nothing_slow_is_loaded_and_nothing_written(write: Any, edited: Edited, root: Path) -> None:
    code = "import sys; from inkloom.cli.main import command_line as c; c(sys.argv[1:]); print(*sys.modules)"
    argv = ["explain", write(edited()), "--root", str(root)]
    ran = subprocess.run([sys.executable, "-c", code, *argv], capture_output=True, text=True, check=True)
    assert {"torch", "transformers", "rich"}.isdisjoint(ran.stdout.split())
    assert "never seen" in ran.stdout
    assert not root.exists()


def traced(path: Path) -> dict[str, dict[str, Any]]:
    """Return the bars of a trace by name."""
    told = json.loads(path.read_text(encoding="ascii"))
    return {entry["name"]: entry for entry in told["traceEvents"] if entry["ph"] == "X"}


def test_a_trace(inkloom: Any, write: Any, edited: Edited, tmp_path: Path) -> None:
    path = tmp_path / "new" / "t.json"
    said = inkloom("run", write(edited()), "--trace", str(path))
    assert said.status == 0
    assert set(traced(path)) == {"run", "EmptyImage (1)", "ImageInvert (2)", "SaveImage (3)"}
    assert [found.name for found in path.parent.iterdir()] == ["t.json"]
    inkloom("run", write(edited()), "--trace", str(path))
    assert traced(path)["run"]["args"]["ended"] == "done", "an older one is replaced"


def test_a_trace_of_a_failed_run(inkloom: Any, write: Any, root: Path, tmp_path: Path) -> None:
    (root / "input").mkdir(parents=True)
    (root / "input" / "broken.png").write_bytes(b"not a picture")
    workflow = {
        "1": {"class_type": "LoadImage", "inputs": {"image": "broken.png"}},
        "2": {"class_type": "PreviewImage", "inputs": {"images": ["1", 0]}},
    }
    assert inkloom("run", write(workflow), "--trace", str(tmp_path / "t.json")).status == 1
    bars = traced(tmp_path / "t.json")
    assert bars["run"]["args"]["ended"] == "failed"
    assert "broken.png" in bars["LoadImage (1)"]["args"]["failed"]


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGINT")
def test_a_trace_of_a_cancelled_run(write: Any, root: Path, tmp_path: Path) -> None:
    code = "import sys; from inkloom.cli.main import command_line as c; sys.exit(c(sys.argv[1:]))"
    workflow = {
        "1": {"class_type": "EmptyImage", "inputs": {"width": 8, "height": 8, "batch_size": 1, "color": 0}},
        "2": {"class_type": "LoopStart", "inputs": {"initial": ["1", 0], "count": 100_000}},
        "3": {"class_type": "ImageInvert", "inputs": {"image": ["2", 0]}},
        "4": {"class_type": "LoopEnd", "inputs": {"loop": ["2", 2], "value": ["3", 0]}},
        "5": {"class_type": "PreviewImage", "inputs": {"images": ["4", 0]}},
    }
    trace = tmp_path / "t.json"
    argv = ["run", write(workflow), "--root", str(root), "--json", "--trace", str(trace), "--no-disk-cache"]
    process = subprocess.Popen([sys.executable, "-c", code, *argv], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for line in process.stdout:
        if json.loads(line).get("class_type") == "LoopEnd":
            os.kill(process.pid, signal.SIGINT)
            break
    process.communicate(timeout=60)
    assert process.returncode == 130
    assert traced(trace)["run"]["args"]["ended"] == "cancelled"


@pytest.mark.parametrize("kind", ["a folder", "in a file"])
def test_a_trace_that_cannot_be_written_is_told_before(
    inkloom: Any, write: Any, edited: Edited, root: Path, tmp_path: Path, kind: str
) -> None:
    workflow = write(edited())
    said = inkloom(
        "run", workflow, "--trace", str(tmp_path if kind == "a folder" else Path(workflow) / "t.json")
    )
    assert (said.status, said.out) == (2, "")
    assert "for the trace" in said.err
    assert "--trace FILE" in said.err
    assert not list((root / "output").iterdir())


def test_a_trace_into_a_pipe(inkloom: Any, write: Any, edited: Edited, tmp_path: Path) -> None:
    assert inkloom("run", write(edited()), "--trace", os.devnull).status == 0
    assert Path(os.devnull).is_char_device(), "and it still is no file"
