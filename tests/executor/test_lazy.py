"""Lazy inputs: computed only when a node asks for them."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import pytest

from inkloom.executor import Lazy, Port, RunDone, RunFailed, Ui, node

Any_ = Annotated[Any, Port("*")]
LazyInt = Annotated[int | None, Lazy()]


@node("Number", category="test")
def number(*, value: int) -> int:
    """Give a number."""
    return value


@node("Add", category="test")
def add(*, a: int, b: int) -> int:
    """Add."""
    return a + b


def _branch(condition: int) -> list[str]:
    return ["yes" if condition else "no"]


@node("Switch", category="test", needs=_branch)
def switch(*, condition: int, yes: LazyInt, no: LazyInt = None) -> str:
    """Say what came."""
    return f"{yes} {no}"


def _step_by_step(first: int | None, second: int | None, third: int | None) -> list[str]:
    """Ask for the next one as long as the sum is small."""
    known = [value for value in (first, second, third) if value is not None]
    return ["first", "second", "third"][: len(known) + 1] if sum(known) < 5 else []


@node("Enough", category="test", needs=_step_by_step)
def enough(*, first: LazyInt, second: LazyInt, third: LazyInt) -> str:
    """Say what came."""
    return f"{first} {second} {third}"


@node("AllAtOnce", category="test", needs=lambda items: ["other"] if len(items) > 2 else [])
def all_at_once(*, items: list[int], other: Annotated[list[int] | None, Lazy()]) -> str:
    """Say what came."""
    return f"{items} {other}"


@node("Several", category="test")
def several(*, count: int) -> list[int]:
    """Give several numbers."""
    return list(range(count))


async def _later(condition: int) -> list[str]:
    return _branch(condition)


@node("AsyncSwitch", category="test", needs=_later)
async def async_switch(*, condition: int, yes: LazyInt, no: LazyInt) -> str:
    """Say what came."""
    return f"{yes} {no}"


@node("SlowToDecide", category="test", needs=_later)
def slow_to_decide(*, condition: int, yes: LazyInt, no: LazyInt) -> str:
    """Say what came."""
    return f"{yes} {no}"


@node("Wrong", category="test", needs=lambda kind: {"unknown": ["x"], "text": "value"}[kind])
def wrong(*, kind: str, value: LazyInt) -> int:
    """Ask wrongly."""
    return 0


@node("Show", category="test", output=True)
def show(*, value: Any_) -> Ui:
    """Show a value."""
    return Ui({"value": [value]})


NODES = sys.modules[__name__]


def flow(class_type: str, **inputs: Any) -> dict[str, Any]:
    numbers = {str(n): {"class_type": "Number", "inputs": {"value": n}} for n in range(5)}
    return numbers | {
        "several": {"class_type": "Several", "inputs": {"count": 3}},
        "node": {"class_type": class_type, "inputs": inputs},
        "out": {"class_type": "Show", "inputs": {"value": ["node", 0]}},
    }


@pytest.mark.parametrize(
    ("api", "started", "value"),
    [
        (flow("Switch", condition=1, yes=["3", 0], no=["4", 0]), ["3", "node"], ["3 None"]),
        (flow("Switch", condition=0, yes=["3", 0], no=["4", 0]), ["4", "node"], ["None 4"]),
        (flow("Switch", condition=["1", 0], yes=["3", 0], no=["4", 0]), ["1", "3", "node"], ["3 None"]),
        (flow("Switch", condition=1, yes=7, no=["4", 0]), ["node"], ["7 None"]),
        (flow("Switch", condition=0, yes=["3", 0]), ["node"], ["None None"]),
        (flow("Enough", first=["4", 0], second=["3", 0], third=["2", 0]), ["4", "3", "node"], ["4 3 None"]),
        (flow("Enough", first=9, second=["3", 0], third=["2", 0]), ["node"], ["9 None None"]),
        (
            flow("Switch", condition=["several", 0], yes=["3", 0], no=["4", 0]),
            ["several", "3", "4", "node"],
            ["3 4", "3 4", "3 4"],
        ),
        (flow("AllAtOnce", items=["1", 0], other=["2", 0]), ["1", "node"], ["[1] None"]),
        (
            flow("AllAtOnce", items=["several", 0], other=["2", 0]),
            ["several", "2", "node"],
            ["[0, 1, 2] [2]"],
        ),
        (flow("AsyncSwitch", condition=1, yes=["3", 0], no=["4", 0]), ["3", "node"], ["3 None"]),
        (flow("SlowToDecide", condition=0, yes=["3", 0], no=["4", 0]), ["4", "node"], ["None 4"]),
    ],
)
def test_only_what_is_asked_for_is_computed(
    api: dict[str, Any], started: list[str], value: list[str], play: Any
) -> None:
    played = play(api, NODES)
    assert isinstance(played.last, RunDone)
    assert sorted(played.started) == sorted([*started, "out"])
    assert played.shown == {"out": value}
    assert play(api, NODES).started == []


def test_what_another_node_computed_is_not_given_unasked(play: Any) -> None:
    """So what a node gives is decided by its key, not by what happened to be there."""
    api = flow("Switch", condition=1, yes=["3", 0], no=["4", 0])
    api["also"] = {"class_type": "Show", "inputs": {"value": ["4", 0]}}
    assert play(api, NODES).shown == {"also": [4], "out": ["3 None"]}


def test_what_may_be_asked_for_is_not_let_go(play: Any) -> None:
    from inkloom.executor import MemoryCache

    api = flow("Switch", condition=["sum", 0], yes=["inner", 0], no=["4", 0])
    api["inner"] = {"class_type": "Add", "inputs": {"a": ["3", 0], "b": 1}}
    api["sum"] = {"class_type": "Add", "inputs": {"a": ["3", 0], "b": 0}}
    played = play(api, NODES, cache=MemoryCache(0))
    assert played.started == ["3", "sum", "inner", "node", "out"]


@pytest.mark.parametrize(
    ("kind", "says"),
    [
        ("unknown", "Wrong asks for 'x'; its lazy inputs: value"),
        ("text", "several names, not the text 'value'"),
    ],
)
def test_asking_wrongly(kind: str, says: str, play: Any) -> None:
    failed = play(flow("Wrong", kind=kind, value=["3", 0]), NODES).last
    assert isinstance(failed, RunFailed)
    assert failed.node == "node"
    assert says in failed.message


def test_a_chain_of_switches(play: Any) -> None:
    api: dict[str, Any] = {"0": {"class_type": "Number", "inputs": {"value": 1}}}
    for place in range(1, 3_000):
        inputs = {"condition": ["0", 0], "yes": 1, "no": [str(place - 1), 0]}
        api[str(place)] = {"class_type": "SwitchOn", "inputs": inputs}
    api["out"] = {"class_type": "Show", "inputs": {"value": ["2999", 0]}}

    @node("SwitchOn", category="test", needs=lambda: ["no"])
    def switch_on(*, condition: int, yes: LazyInt, no: LazyInt) -> int:
        """Take what comes before."""
        return (yes or 0) + (no or 0)

    assert play(api, [number, show, switch_on]).shown == {"out": [3_000]}
