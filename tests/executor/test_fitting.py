"""The first way that fits is taken, a thriftier one where memory runs out, and what it took is remembered."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from inkloom.executor import (
    Context,
    Manager,
    Memory,
    NodeFinished,
    NoRoomError,
    OutOfMemoryError,
    Shape,
    Ui,
    Way,
    Workspaces,
    node,
)
from inkloom.executor.memory.meter import anonymous_bytes, machine_bytes, watched

LARGE, SMALL = Way(title="large", workspace=80), Way(title="small", workspace=20)
SHAPE = Shape(model="unet", shape="1x64x64")


def limited(budget: int = 100) -> Memory:
    return Memory(Manager({"cpu": budget}))


@pytest.mark.parametrize(("budget", "taken"), [(1000, "large"), (80, "large"), (79, "small"), (20, "small")])
def test_the_first_way_that_fits_is_taken(budget: int, taken: str):
    assert limited(budget).compute([], [LARGE, SMALL], lambda way: way.title) == taken


def test_a_way_that_does_not_help_is_never_taken():
    larger = Way(title="larger", workspace=90)
    assert limited(80).compute([], [larger, Way(title="too", workspace=85), SMALL], lambda way: way) == SMALL


def test_what_can_not_fit_is_refused_before_anything_is_computed():
    calls: list[Way] = []
    with pytest.raises(NoRoomError):
        limited(10).compute([], [LARGE, SMALL], calls.append)
    assert calls == []


def test_the_workspace_is_held_while_it_computes():
    memory = limited()
    assert memory.compute([], [LARGE], lambda _: memory.manager.usage().workspaces) == 80
    assert memory.manager.usage().workspaces == 0


class Fails:
    """Runs out of memory so many times."""

    def __init__(self, times: int) -> None:
        self.times, self.tried = times, list[str]()

    def __call__(self, way: Way) -> str:
        self.tried.append(way.title)
        if len(self.tried) <= self.times:
            raise MemoryError("no more")
        return way.title


def test_where_memory_runs_out_the_next_way_is_tried_once():
    memory, work = limited(), Fails(1)
    assert memory.compute([], [LARGE, SMALL], work) == "small"
    assert work.tried == ["large", "small"]


def test_the_last_way_is_tried_again_after_all_was_freed():
    work = Fails(1)
    assert limited().compute([], [SMALL], work) == "small"
    assert work.tried == ["small", "small"]


def test_twice_is_a_failure_that_says_so_and_holds_nothing():
    memory, work = limited(), Fails(2)
    thrifty = Way(title="thrifty", workspace=1)
    with pytest.raises(OutOfMemoryError, match=r"large: no more; then small: no more.*budget of 0 MiB"):
        memory.compute([], [LARGE, SMALL, thrifty], work)
    assert work.tried == ["large", "small"]
    assert memory.manager.usage().workspaces == 0
    assert memory.compute([], [LARGE], lambda way: way.title) == "large"


def test_other_errors_are_not_tried_again():
    tried: list[Way] = []

    def work(way: Way) -> None:
        tried.append(way)
        raise ValueError("a fault")

    with pytest.raises(ValueError, match="a fault"):
        limited().compute([], [LARGE, SMALL], work)
    assert tried == [LARGE]


def test_an_estimate_holds_until_it_is_measured(tmp_path: Path):
    path = tmp_path / "cache" / "workspaces.json"
    known = Workspaces(path)
    assert known.predicted(SHAPE, 1000) == 1000
    known.measured(SHAPE, 1000, 400)
    known.measured(SHAPE, 1000, 300)
    assert known.known(SHAPE) == 400
    for each in (known, Workspaces(path)):
        assert each.predicted(SHAPE, 1000) == 440
        assert each.predicted(Shape(model="unet", shape="other"), 2000) == 1000
        assert each.predicted(Shape(model="other", shape="other"), 2000) == 2000


def test_two_processes_measure_into_one_file(tmp_path: Path):
    path = tmp_path / "workspaces.json"
    one, other = Workspaces(path), Workspaces(path)
    assert [one.known(SHAPE), other.known(SHAPE)] == [None, None]
    one.measured(SHAPE, 10, 5)
    other.measured(Shape(model="unet", shape="other"), 10, 5)
    assert Workspaces(path).known(SHAPE) == 5
    assert Workspaces(path).known(Shape(model="unet", shape="other")) == 5


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"unet": {"1": 3}}', b"\xff", b'{"unet": [1]}'])
def test_a_damaged_file_is_measured_anew(tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture):
    path = tmp_path / "workspaces.json"
    path.write_bytes(content)
    known = Workspaces(path)
    with caplog.at_level(logging.WARNING):
        assert known.predicted(SHAPE, 1000) == 1000
    assert "measured anew" in caplog.text
    known.measured(SHAPE, 1000, 400)
    assert Workspaces(path).known(SHAPE) == 400


def test_a_file_that_can_not_be_written_is_told_and_does_no_harm(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    (tmp_path / "cache").write_text("a file where a folder should be", encoding="utf-8")
    known = Workspaces(tmp_path / "cache" / "workspaces.json")
    with caplog.at_level(logging.WARNING):
        known.measured(SHAPE, 1000, 400)
        known.measured(Shape(model="m", shape="another"), 1000, 400)
    assert caplog.text.count("can't be remembered") == 1
    assert known.predicted(SHAPE, 1000) == 440
    assert os.listdir(tmp_path) == ["cache"]


@pytest.mark.skipif(anonymous_bytes() is None, reason="this system does not tell")
def test_what_a_computation_takes_is_measured_and_predicted():
    memory, way = limited(2**40), Way(title="large", workspace=2**30, shape=SHAPE)
    size = 64 * 2**20
    memory.compute([], [way], lambda _: bytearray(size))  # zeroed pages
    found = memory.predicted(way).workspace
    assert 0 <= found < 2**28
    held: list[bytes] = []
    with watched() as peak:
        held.append(b"x" * size)
        peak.look()
    assert peak.grown is not None
    assert 0.9 * size < peak.grown < 4 * size


def test_a_measured_way_fits_where_its_estimate_did_not():
    memory, way = limited(100), Way(title="large", workspace=1000, shape=SHAPE)
    with pytest.raises(NoRoomError):
        memory.compute([], [way], lambda _: None)
    memory.workspaces.measured(SHAPE, 1000, 80)
    assert memory.compute([], [way], lambda found: found.workspace) == 88


def test_a_measurement_of_what_was_hardly_computed_is_not_believed():
    known = Workspaces()
    known.measured(SHAPE, 1000, 49)
    assert (known.known(SHAPE), known.predicted(SHAPE, 1000)) == (None, 1000)
    known.measured(SHAPE, 1000, 50)
    assert known.known(SHAPE) == 50


def test_what_was_taken_at_the_most_is_told():
    memory, took = limited(), list[int]()
    shaped = Way(title="shaped", workspace=50, shape=SHAPE)
    memory.workspaces.measured(SHAPE, 50, 40)
    for way in (LARGE, shaped):
        memory.compute([], [way], lambda way: way, took=took.append)
    assert took == [80, 40]
    with pytest.raises(ValueError, match="a fault"):
        memory.compute([], [LARGE], fault, took=took.append)
    assert len(took) == 2


@node("Compute", category="test")
def compute(ctx: Context, *, values: int) -> int:
    """Compute twice in memory, the more the second time; nothing where there are no values."""
    for share in range(2 if values else 0):
        way = Way(title="at once", workspace=values * (1 + share))
        ctx.memory.compute([], [way], lambda _: None, took=ctx.took)
    return values


@node("Show", category="test", output=True)
def show(*, value: int) -> Ui:
    """Show."""
    return Ui({"value": [value]})


def test_a_run_tells_the_most_that_each_node_took(play: Callable[..., Any]):
    flow: dict[str, Any] = {}
    for name, values in (("a", 30), ("b", 0)):
        flow[name] = {"class_type": "Compute", "inputs": {"values": values}}
        flow["show " + name] = {"class_type": "Show", "inputs": {"value": [name, 0]}}
    for peak in (60, None):  # the second time all is known
        events = play(flow, [compute, show]).events
        peaks = {event.node: event.peak_bytes for event in events if isinstance(event, NodeFinished)}
        assert peaks.get("a") == peak
        assert {took for name, took in peaks.items() if name != "a"} == {None}


def fault(_: Way) -> None:
    raise ValueError("a fault")


def test_this_machine_has_memory():
    assert 2**28 < machine_bytes() < 2**60
