"""The history on disk: kept across processes, shared by several, never in a run's way."""

from __future__ import annotations

import logging
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from inkloom.executor import Cost, Graph, History, Node
from inkloom.executor.explaining.history import Limits, Shape
from inkloom.executor.explaining.places import Place


def shaped(classes: dict[str, str]) -> Shape:
    return Shape.of(Graph({name: Node(name, class_type) for name, class_type in classes.items()}))


CLASSES = {"1": "Load", "2": "Work", "3": "Show"}
SHAPE = shaped(CLASSES)


def place(key: str, class_type: str = "Work", **inputs: list[object]) -> Place:
    given = {name: list(part) for name, part in inputs.items()}
    return Place(class_type=class_type, key=key, version=1, inputs=given)  # pyright: ignore[reportArgumentType] -- JSON


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "history"


def test_kept_for_the_next_process(path: Path) -> None:
    made = {"2": place("k2", steps=["value", 20], model=["link", "1", "k1", 0])}
    cost = Cost(seconds=1.5, peak_bytes=7, stamp="some code")
    History(path).record(SHAPE, {"k2": cost}, made)
    again = History(path)
    assert again.costs(["k2", "k3"]) == {"k2": cost}
    assert again.places(SHAPE) == made
    assert again.keys(SHAPE) == {"2": "k2"}


def test_reading_makes_no_file(path: Path) -> None:
    history = History(path)
    assert (history.costs(["k"]), history.places(SHAPE), history.keys(SHAPE)) == ({}, {}, {})
    assert not path.parent.exists()


def test_the_latest_counts(path: Path) -> None:
    history = History(path)
    for seconds in (1.0, 2.0):
        history.record(SHAPE, {"k": Cost(seconds=seconds)}, {"2": place(f"k{seconds}")})
    assert history.costs(["k"]) == {"k": Cost(seconds=2.0)}
    assert history.places(SHAPE)["2"].key == "k2.0"


MORE = {**CLASSES, "4": "More"}
OTHER = {"1": "Load", "7": "Another", "8": "Another", "9": "Another"}


@pytest.mark.parametrize(
    ("asked", "key"),
    [
        (CLASSES, "small"),
        (MORE, "big"),
        ({**MORE, "5": "Extra"}, "big"),
        ({"2": "Work", "3": "Show"}, "small"),
        ({**CLASSES, "2": "Other"}, "small"),
        (OTHER, None),
        ({}, None),
    ],
)
def test_an_edited_workflow_is_known_again(path: Path, asked: dict[str, str], key: str | None) -> None:
    history = History(path)
    history.record(SHAPE, {}, {"2": place("small")})
    history.record(shaped(MORE), {}, {"2": place("big")})
    found = history.places(shaped(asked)).get("2")
    assert (found and found.key) == key


def test_of_equally_like_workflows_the_latest(path: Path) -> None:
    history = History(path)
    for last in ("X", "Y", "X"):
        history.record(shaped({**CLASSES, "4": last}), {}, {"2": place(last)})
        assert history.places(shaped({**CLASSES, "4": "Z"}))["2"].key == last


def test_an_edited_workflow_takes_its_past_along(path: Path) -> None:
    history = History(path)
    history.record(SHAPE, {}, {"2": place("k2"), "3": place("k3", "Show")})
    edited = shaped({**CLASSES, "3": "Other", "4": "More"})
    history.record(edited, {}, {"4": place("k4", "More")})
    assert {name: found.key for name, found in history.places(edited).items()} == {
        "2": "k2",
        "4": "k4",
    }, "a node of another class is not the same"


def test_names_of_any_kind(path: Path) -> None:
    odd: dict[str, str] = dict.fromkeys(
        ("\ud800", "\0", "ünïcode 🦊", '"quo\\ted"', "", "x" * 10_000), "Work"
    )
    History(path).record(shaped(odd), {}, {name: place(str(number)) for number, name in enumerate(odd)})
    assert {name: found.key for name, found in History(path).places(shaped(odd)).items()} == {
        name: str(number) for number, name in enumerate(odd)
    }


def test_no_more_than_the_limits(path: Path) -> None:
    history = History(path, Limits(keys=10, workflows=3, place_bytes=2000))
    shapes = [shaped({"n": f"C{number}"}) for number in range(30)]
    for number, shape in enumerate(shapes):
        costs = {f"k{number}": Cost(seconds=1.0)}
        history.record(shape, costs, {"n": place("k", f"C{number}")})
    assert set(history.costs(f"k{number}" for number in range(30))) == {f"k{n}" for n in range(20, 30)}
    assert [number for number, shape in enumerate(shapes) if history.places(shape)] == [27, 28, 29]
    big = {"n": place("k", "Big", text=["value", "x" * 3000])}
    history.record(shaped({"n": "Big"}), {}, big)
    assert history.places(shaped({"n": "Big"})) == big, "the latest stays"
    assert not history.places(shapes[-1])


def torn(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5000] + b"\x00" * 3000)


def garbage(path: Path) -> None:
    path.write_bytes(b"this is no database" * 1000)


def other_tables(path: Path) -> None:
    path.unlink()
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE costs (something)")
        connection.execute("CREATE TABLE places (something)")
    connection.close()


def no_places(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE places SET parts = '[1, null]' WHERE key IS NOT NULL")
    connection.close()


@pytest.mark.parametrize("damage", [torn, garbage, other_tables, no_places])
def test_a_damaged_file_is_moved_aside(
    path: Path, damage: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    first = History(path)
    first.record(SHAPE, {f"k{n}": Cost(seconds=1.0) for n in range(200)}, {"2": place("k2")})
    first.close()
    damage(path)
    history = History(path)
    for _ in range(2):
        assert history.places(SHAPE) == {}
        assert history.costs(["k1"]) == {}
    history.record(SHAPE, {"new": Cost(seconds=2.0)}, {"2": place("new")})
    assert History(path).places(SHAPE)["2"].key == "new"
    assert path.with_name("history.damaged").exists()
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert "is damaged" in caplog.text


def a_folder_there(path: Path) -> None:
    path.mkdir(parents=True)


def a_file_for_a_folder(path: Path) -> None:
    path.parent.write_text("in the way")


@pytest.mark.parametrize("obstacle", [a_folder_there, a_file_for_a_folder])
def test_a_file_that_cannot_be(
    path: Path, obstacle: Callable[[Path], None], caplog: pytest.LogCaptureFixture
) -> None:
    obstacle(path)
    history = History(path)
    for _ in range(2):
        history.record(SHAPE, {"k": Cost(seconds=1.0)}, {})
        assert history.costs(["k"]) == {}
    assert len(caplog.records) == 1
    assert "is not remembered" in caplog.text


def test_a_file_that_is_removed_meanwhile(path: Path) -> None:
    history = History(path)
    history.record(SHAPE, {"k": Cost(seconds=1.0)}, {})
    for file in path.parent.iterdir():
        file.unlink()
    assert history.costs(["k"]) == {}
    history.record(SHAPE, {"k": Cost(seconds=2.0)}, {})
    assert History(path).costs(["k"]) == {"k": Cost(seconds=2.0)}


WRITER = """
import sys
from pathlib import Path
from inkloom.executor import Cost, Graph, History, Node
from inkloom.executor.explaining.history import Shape
from inkloom.executor.explaining.places import Place

history = History(Path(sys.argv[1]))
name = sys.argv[2]
shape = Shape.of(Graph({id: Node(id, kind) for id, kind in {"1": "Load", "2": "Work", "3": name}.items()}))
for number in range(int(sys.argv[3])):
    place = Place(class_type="Work", key=f"{name}{number}", version=1, inputs={})
    costs = {f"{name}{number}": Cost(seconds=number)}
    history.record(shape, costs, {"2": place})
    print(number, flush=True)
"""


def writer(path: Path, name: str, times: int) -> subprocess.Popen[str]:
    argv = [sys.executable, "-c", WRITER, str(path), name, str(times)]
    return subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def test_several_processes_write_at_once(path: Path) -> None:
    writers = {name: writer(path, name, 60) for name in ("a", "b", "c")}
    for process in writers.values():
        _, said = process.communicate(timeout=60)
        assert (process.returncode, said) == (0, "")
    history = History(path)
    assert len(history.costs(f"{name}{number}" for name in writers for number in range(60))) == 180
    for name in writers:
        assert history.places(shaped({"1": "Load", "2": "Work", "3": name}))["2"].key == f"{name}59"


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_what_was_recorded_survives_a_kill(path: Path) -> None:
    process = writer(path, "a", 1_000_000)
    assert process.stdout is not None
    told = [int(process.stdout.readline()) for _ in range(20)]
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert told == list(range(20))
    history = History(path)
    assert len(history.costs(f"a{number}" for number in told)) == 20
    assert int(history.places(shaped({"1": "Load", "2": "Work", "3": "a"}))["2"].key[1:]) >= 19
    assert not path.with_name("history.damaged").exists()
