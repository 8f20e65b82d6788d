"""LoopStart and LoopEnd: what a loop computes, and that its turns are cached one by one."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from inkloom.executor import (
    Folders,
    Graph,
    MemoryCache,
    NodeFinished,
    NodeStarted,
    NodeTable,
    RunFailed,
    Ui,
    node,
    run,
)
from inkloom.nodes import loops


@node("Add", category="test")
def add(*, a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


@node("Times", category="test")
def times(*, a: int, b: int) -> int:
    """Multiply two numbers."""
    return a * b


@node("Show", category="test", output=True)
def show(*, value: int) -> Ui:
    """Show a number."""
    return Ui({"number": [value]})


TABLE = NodeTable.collect(sys.modules[__name__], loops)

# value * 3 + turn, again and again
BODY: dict[str, object] = {
    "start": {"class_type": "LoopStart", "inputs": {"initial": ["one", 0], "count": 4}},
    "one": {"class_type": "Add", "inputs": {"a": 1, "b": 0}},
    "three": {"class_type": "Add", "inputs": {"a": 1, "b": 2}},
    "tripled": {"class_type": "Times", "inputs": {"a": ["start", 0], "b": ["three", 0]}},
    "added": {"class_type": "Add", "inputs": {"a": ["tripled", 0], "b": ["start", 1]}},
    "end": {"class_type": "LoopEnd", "inputs": {"loop": ["start", 2], "value": ["added", 0]}},
    "show": {"class_type": "Show", "inputs": {"value": ["end", 0]}},
}


def expected(count: int) -> int:
    value = 1
    for turn in range(count):
        value = value * 3 + turn
    return value


def results(
    flow: dict[str, object], tmp_path: Path, cache: MemoryCache | None = None
) -> tuple[object, list[str]]:
    """Run a workflow; return what it showed and the node types that were called."""
    events = list(run(Graph.parse(flow), TABLE, Folders(tmp_path), cache or MemoryCache(2**20)))
    shown = [event.ui["number"] for event in events if isinstance(event, NodeFinished) and event.ui]
    return shown, [event.class_type for event in events if isinstance(event, NodeStarted)]


def counted(count: object) -> dict[str, object]:
    return BODY | {"start": {"class_type": "LoopStart", "inputs": {"initial": ["one", 0], "count": count}}}


@pytest.mark.parametrize("count", [0, 1, 4])
def test_a_loop_carries_its_value(tmp_path: Path, count: int):
    assert results(counted(count), tmp_path)[0] == [[expected(count)]]


def test_the_count_may_be_computed(tmp_path: Path):
    assert results(counted(["three", 0]), tmp_path)[0] == [[expected(3)]]


def test_what_does_not_change_is_computed_once(tmp_path: Path):
    _, called = results(counted(4), tmp_path)
    assert called.count("Times") == 4
    assert called.count("Add") == 2 + 4  # `one` and `three` once, `added` each turn


def test_a_longer_loop_goes_on_where_a_shorter_one_ended(tmp_path: Path):
    cache = MemoryCache(2**20)
    results(counted(4), tmp_path, cache)
    shown, called = results(counted(6), tmp_path, cache)
    assert shown == [[expected(6)]]
    assert called.count("Times") == 2


def test_loops_nest(tmp_path: Path):
    """Outer loop twice: value = (inner loop three times: value + 5)."""
    flow: dict[str, object] = {
        "outer": {"class_type": "LoopStart", "inputs": {"initial": ["one", 0], "count": 2}},
        "one": {"class_type": "Add", "inputs": {"a": 1, "b": 0}},
        "inner": {"class_type": "LoopStart", "inputs": {"initial": ["outer", 0], "count": 3}},
        "five": {"class_type": "Add", "inputs": {"a": ["inner", 0], "b": 5}},
        "inner_end": {"class_type": "LoopEnd", "inputs": {"loop": ["inner", 2], "value": ["five", 0]}},
        "outer_end": {"class_type": "LoopEnd", "inputs": {"loop": ["outer", 2], "value": ["inner_end", 0]}},
        "show": {"class_type": "Show", "inputs": {"value": ["outer_end", 0]}},
    }
    assert results(flow, tmp_path)[0] == [[31]]


def test_a_loop_end_without_its_start_says_what_it_wants(tmp_path: Path):
    @node("Fake", category="test")
    def fake() -> loops.Loop:
        """Give a number where a loop is wanted."""
        return 3

    holder = type(sys)("holder")
    holder.fake = fake  # type: ignore[attr-defined]
    table = NodeTable.collect(sys.modules[__name__], loops, holder)
    flow = BODY | {
        "fake": {"class_type": "Fake", "inputs": {}},
        "end": {"class_type": "LoopEnd", "inputs": {"loop": ["fake", 0], "value": ["added", 0]}},
    }
    *_, last = run(Graph.parse(flow), table, Folders(tmp_path), MemoryCache(2**20))
    assert isinstance(last, RunFailed)
    assert (last.node, last.message) == (
        "end",
        "LoopEnd wants its `loop` from a LoopStart, not from Fake",
    )
