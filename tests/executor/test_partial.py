"""What nodes remember while they work: a stopped one goes on, and two that begin alike share that."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

from inkloom.executor import (
    CancelToken,
    Context,
    Event,
    Folders,
    Graph,
    MemoryCache,
    NodeFinished,
    NodeTable,
    Port,
    RunCancelled,
    RunDone,
    Ui,
    node,
    run,
)

Any_ = Annotated[Any, Port("*")]
COUNTED: list[str] = []
STOPS: dict[int, CancelToken] = {}
"""What to cancel at which step."""


@node("Start", category="test")
def start(*, value: int) -> Any_:
    """Give a number."""
    return value


def summed(ctx: Context, first: int, steps: int) -> int:
    source = ctx.keys.get("first", ["value", first])

    def key(step: int) -> str:
        return f"sum {source} {step}"

    at = next((step for step in range(steps, 0, -1) if ctx.recall(key(step)) is not None), 0)
    total = ctx.recall(key(at)) if at else first
    assert isinstance(total, int)
    for step in range(at, steps):
        COUNTED.append(f"step {step}")
        total += step
        ctx.remember(key(step + 1), total)
        if step in STOPS:
            STOPS.pop(step).cancel()
        ctx.progress(step + 1, steps)
    return total


@node("Sum", category="test")
def sum_up(ctx: Context, *, first: Any_, steps: int) -> Any_:
    """Add numbers up, step by step."""
    return summed(ctx, first, steps)


@node("OtherSum", category="test")
def other_sum(ctx: Context, *, first: Any_, steps: int, comment: str | None = None) -> Any_:
    """Add numbers up too."""
    return summed(ctx, first, steps)


@node("Tell", category="test", output=True)
def tell(*, value: Any_) -> Ui:
    """Show a value."""
    return Ui({"value": [value]})


TABLE = NodeTable.collect(sys.modules[__name__])


def flow(kind: str = "Sum", first: int = 100, steps: int = 5) -> Graph:
    return Graph.parse(
        {
            "1": {"class_type": "Start", "inputs": {"value": first}},
            "2": {"class_type": kind, "inputs": {"first": ["1", 0], "steps": steps}},
            "3": {"class_type": "Tell", "inputs": {"value": ["2", 0]}},
        }
    )


class Bench:
    def __init__(self, base: Path, budget: int = 2**20) -> None:
        self.folders, self.cache = Folders(base), MemoryCache(budget)

    def run(self, graph: Graph, stop_at: int | None = None) -> tuple[list[Event], list[str]]:
        """Run, stopping in a step; return the events and the steps that were made."""
        COUNTED.clear()
        token = CancelToken()
        if stop_at is not None:
            STOPS[stop_at] = token
        events = list(run(graph, TABLE, self.folders, self.cache, cancel=token))
        return events, list(COUNTED)


def value(events: list[Event]) -> object:
    [shown] = [event.ui for event in events if isinstance(event, NodeFinished) and event.ui]
    return shown["value"]


def test_a_stopped_node_goes_on_where_it_was(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    events, made = bench.run(flow(steps=20), stop_at=7)
    assert isinstance(events[-1], RunCancelled)
    assert len(made) == 8
    events, made = bench.run(flow(steps=20))
    assert isinstance(events[-1], RunDone)
    assert made == [f"step {step}" for step in range(8, 20)]
    assert value(events) == [100 + sum(range(20))]


def test_another_node_that_begins_alike_shares_the_beginning(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.run(flow(steps=3))
    _, made = bench.run(flow("OtherSum", steps=5))
    assert made == ["step 3", "step 4"]


def test_another_source_shares_nothing(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.run(flow(steps=3))
    events, made = bench.run(flow(first=7, steps=3))
    assert len(made) == 3
    assert value(events) == [7 + 3]


def test_what_was_forgotten_is_made_again(tmp_path: Path) -> None:
    bench = Bench(tmp_path, budget=0)
    first, made = bench.run(flow())
    again, made_again = bench.run(flow())
    assert made == made_again
    assert value(first) == value(again)


def test_what_is_remembered_is_no_nodes_result(tmp_path: Path) -> None:
    ctx = Context(folders=Folders(tmp_path))
    ctx.remember("key", 1)
    assert ctx.recall("key") is None, "a context made by hand remembers nothing"
    assert ctx.keys == {}
