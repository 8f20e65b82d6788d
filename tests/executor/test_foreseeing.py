"""What can't fit is refused as soon as sizes tell, before anything that leads to it computes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from inkloom.executor import (
    Context,
    Foreseen,
    Manager,
    Memory,
    NodeFinished,
    RunDone,
    RunFailed,
    Ui,
    Way,
    node,
)

BUDGET = 100


def _made(size: int) -> Foreseen:
    return Foreseen(outputs=(size,))


@node("Make", category="test", foresees=_made)
def make(*, size: int) -> int:
    """Make something of a size."""
    return size


@node("Read", category="test")
def read(*, size: int) -> int:
    """Make something whose size nobody knows before."""
    return size


@node("List", category="test")
def several(*, sizes: int) -> list[int]:
    """Make a list."""
    return [sizes] * 2


def _grown(value: int, times: int) -> Foreseen | None:
    if times < 0:
        return None
    way = Way(title="at once", workspace=value)
    return Foreseen(outputs=(value * times,), ways=[way])


@node("Grow", category="test", foresees=_grown)
def grow(ctx: Context, *, value: int, times: int = 2) -> int:
    """Compute in as much memory as the value says, and make it larger."""
    way = Way(title="at once", workspace=value)
    return ctx.memory.compute([], [way], lambda _: value * abs(times))


def _wrong(value: int) -> Foreseen:
    raise ValueError(f"{value} is wrong")


@node("Wrong", category="test", foresees=_wrong)
def wrong(*, value: int) -> int:
    """Fail as its foresight does."""
    raise ValueError(f"{value} is wrong")


@node("Show", category="test", output=True)
def show(*, value: int) -> Ui:
    """Show."""
    return Ui({"value": [value]})


NODES = [make, read, several, grow, wrong, show]


def chain(*links: tuple[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return a workflow of nodes one after the other, a, b, c, ..., the last of them shown."""
    flow: dict[str, Any] = {}
    for number, (kind, inputs) in enumerate(links):
        before: dict[str, Any] = {"value": [chr(ord("a") + number - 1), 0]} if number else {}
        before |= {"times": 2} if kind == "Grow" else {}
        flow[chr(ord("a") + number)] = {"class_type": kind, "inputs": {**before, **inputs}}
    last = chr(ord("a") + len(links) - 1)
    return flow | {"show": {"class_type": "Show", "inputs": {"value": [last, 0]}}}


CASES = [
    # a workflow, the nodes that were called, the one that was refused
    (chain(("Make", {"size": 101}), ("Grow", {})), [], "b"),
    (chain(("Make", {"size": 60}), ("Grow", {}), ("Grow", {})), [], "c"),
    # of several the one that needs most, so that one answer is enough
    (chain(("Make", {"size": 101}), ("Grow", {}), ("Grow", {})), [], "c"),
    (chain(("Make", {"size": 30}), ("Grow", {}), ("Grow", {}), ("Grow", {})), [], "d"),
    (chain(("Read", {"size": 60}), ("Grow", {}), ("Grow", {})), ["a"], "c"),
    (chain(("Make", {"size": 60}), ("Grow", {"times": -2}), ("Grow", {})), ["a", "b"], "c"),
    (chain(("List", {"sizes": 101}), ("Grow", {})), ["a", "b"], "b"),
    (chain(("Make", {"size": 7}), ("Wrong", {})), [], "b"),
    (chain(("Make", {"size": 50}), ("Grow", {}), ("Grow", {})), ["a", "b", "c", "show"], None),
]


def limited() -> Memory:
    return Memory(Manager({"cpu": BUDGET}))


@pytest.mark.parametrize(("flow", "called", "refused"), CASES)
def test_a_run_is_refused_as_soon_as_it_is_known(
    play: Callable[..., Any], flow: dict[str, Any], called: list[str], refused: str | None
):
    played = play(flow, NODES, memory=limited())
    assert played.started == called
    if refused is None:
        assert isinstance(played.last, RunDone)
        return
    assert isinstance(played.last, RunFailed)
    assert played.last.node == refused
    expected = "7 is wrong" if "Wrong" in str(flow) else "does not fit into memory"
    assert expected in played.last.message


def test_what_is_known_is_not_asked_and_gives_its_size(play: Callable[..., Any]):
    short = chain(("Make", {"size": 101}), ("Grow", {}))
    free = play(short, NODES)
    assert isinstance(free.last, RunDone)
    assert isinstance(play(short, NODES, memory=limited()).last, RunDone)
    longer = play(chain(("Make", {"size": 101}), ("Grow", {}), ("Grow", {})), NODES, memory=limited())
    assert longer.started == []
    assert isinstance(longer.last, RunFailed)
    assert longer.last.node == "c"


def test_without_a_budget_nothing_is_refused(play: Callable[..., Any]):
    played = play(CASES[0][0], NODES)
    assert [one.node for one in played.events if isinstance(one, NodeFinished)] == ["a", "b", "show"]
