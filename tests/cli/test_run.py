"""Runs of a small picture workflow in this process: results, settings, pictures as workflows, failures."""

import io
import json
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from inkloom.executor import NodeFinished, RunDone, RunStarted, from_json

Edited = Callable[..., dict[str, Any]]


def pixels(path: str | Path) -> bytes:
    with Image.open(path) as picture:
        return picture.tobytes()


def picture_of(said: Any) -> Path:
    [line] = said.out.splitlines()
    return Path(line)


def test_a_run_prints_the_path_of_its_picture(inkloom: Any, write: Any, edited: Edited, root: Path) -> None:
    said = inkloom("run", write(edited()))
    assert said.status == 0
    assert picture_of(said) == root / "output" / "inv_00001_.png"
    with Image.open(picture_of(said)) as picture:
        assert picture.size == (8, 8)
        assert picture.convert("RGB").getpixel((0, 0)) == (255, 255, 0)
    lines = said.err.splitlines()
    assert lines[0] == "running 3 nodes"
    assert lines[-1].startswith("done in ")


def test_a_picture_runs_again_to_the_same_pixels(inkloom: Any, write: Any, edited: Edited) -> None:
    first = picture_of(inkloom("run", write(edited(n1={"color": 0x123456}))))
    assert picture_of(inkloom("run", str(first))) == first, "nothing is computed or written a second time"
    again = inkloom("run", str(first), "--no-disk-cache")
    assert again.status == 0
    assert picture_of(again) != first
    assert pixels(picture_of(again)) == pixels(first)
    changed = inkloom("run", str(first), "--set", "EmptyImage.color=1")
    assert pixels(picture_of(changed)) != pixels(first)
    with Image.open(picture_of(changed)) as picture:
        workflow = json.loads(picture.info["prompt"])
    assert workflow["1"]["inputs"]["color"] == 1, "a picture carries the workflow that made it"


def test_from_standard_input_into_another_folder(
    inkloom: Any, edited: Edited, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = io.TextIOWrapper(io.BytesIO(json.dumps(edited()).encode()))
    monkeypatch.setattr("sys.stdin", text)
    said = inkloom("run", "-", "--output", str(tmp_path / "new" / "folder"))
    assert said.status == 0
    assert picture_of(said) == tmp_path / "new" / "folder" / "inv_00001_.png"
    picture = io.TextIOWrapper(io.BytesIO(picture_of(said).read_bytes()))
    monkeypatch.setattr("sys.stdin", picture)
    assert inkloom("run", "-").status == 0, "a picture is a workflow there too"


def test_a_picture_in_one_folder_is_none_in_another(
    inkloom: Any, write: Any, edited: Edited, tmp_path: Path
) -> None:
    flow = write(edited())
    for name in ("one", "two"):
        picture = picture_of(inkloom("run", flow, "--output", str(tmp_path / name)))
        assert picture == tmp_path / name / "inv_00001_.png"
        assert picture.exists()


def test_json_events(inkloom: Any, write: Any, edited: Edited, root: Path) -> None:
    said = inkloom("run", write(edited()), "--json")
    assert (said.status, said.err) == (0, "")
    told = [json.loads(line) for line in said.out.splitlines()]
    files = [line.pop("files") for line in told if "files" in line]
    assert files == [[str(root / "output" / "inv_00001_.png")]]
    events = [from_json(line) for line in told]
    assert [event.seq for event in events] == list(range(len(events)))
    assert isinstance(events[0], RunStarted)
    assert isinstance(events[-1], RunDone)
    assert [event.node for event in events if isinstance(event, NodeFinished)] == ["1", "2", "3"]


@pytest.mark.parametrize("command", ["run", "validate", "nodes", "serve"])
def test_a_root_that_is_a_file(inkloom: Any, write: Any, edited: Edited, root: Path, command: str) -> None:
    root.write_text("in the way")
    said = inkloom(command, *([write(edited())] if command in ("run", "validate") else []))
    assert (said.status, said.out) == (2, "")
    assert f"can't use the root folder {root}: it is a file" in said.err
    assert "--root DIR" in said.err


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX pipes")
def test_a_workflow_in_a_named_pipe(inkloom: Any, edited: Edited, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    text = json.dumps(edited())
    writer = threading.Thread(target=(tmp_path / "pipe").write_text, args=(text,))
    writer.start()
    said = inkloom("validate", str(tmp_path / "pipe"))
    writer.join()
    assert said.status == 0, said.err


def broken_picture(root: Path) -> dict[str, Any]:
    (root / "input").mkdir(parents=True)
    (root / "input" / "broken.png").write_bytes(b"not a picture")
    return {
        "1": {"class_type": "LoadImage", "inputs": {"image": "broken.png"}},
        "2": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "x"}},
    }


def test_a_failed_run(inkloom: Any, write: Any, root: Path) -> None:
    path = write(broken_picture(root))
    said = inkloom("run", path)
    assert (said.status, said.out) == (1, "")
    assert "failed in node 1, LoadImage" in said.err
    assert "broken.png can't be read as a picture" in said.err
    assert "Traceback" not in said.err
    assert "Traceback" in inkloom("run", path, "--debug").err
    told = inkloom("run", path, "--json")
    assert told.status == 1
    assert json.loads(told.out.splitlines()[-1])["type"] == "run_failed"
    assert not list((root / "output").iterdir())


def test_an_output_folder_that_cannot_be(inkloom: Any, write: Any, edited: Edited, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    said = inkloom("run", write(edited()), "--output", str(tmp_path / "file"))
    assert said.status == 2
    assert str(tmp_path / "file") in said.err
    assert "there is a file of that name" in said.err
    assert "--output DIR" in said.err
    said = inkloom("run", write(edited()), "--output", str(tmp_path / "file" / "deeper"))
    assert said.status == 2
    assert "a part of its path is a file" in said.err


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"\x89PNG\r\n\x1a\ncut short", ("not a whole PNG",)),
        (None, ("no workflow", "'prompt'")),
    ],
)
def test_pictures_that_are_no_workflows(
    inkloom: Any, tmp_path: Path, content: bytes | None, words: tuple[str, ...]
) -> None:
    path = tmp_path / "p.png"
    if content is None:
        Image.new("RGB", (4, 4)).save(path)
    else:
        path.write_bytes(content)
    said = inkloom("run", str(path))
    assert said.status == 2
    assert all(word in said.err for word in words), said.err
