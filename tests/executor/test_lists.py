"""Lists: a node runs once for each value, or once with all of them."""

from __future__ import annotations

import sys
from typing import Annotated, Any, NamedTuple

import pytest

from inkloom.executor import (
    Blocked,
    Context,
    Expansion,
    Folders,
    Link,
    Optional,
    Port,
    RunDone,
    RunFailed,
    Tooltip,
    Ui,
    declared_by,
    node,
    object_info,
)

Any_ = Annotated[Any, Port("*")]
Int = Annotated[int, Optional()]


class Both(NamedTuple):
    """One output is a list, the other is not."""

    many: Annotated[list[int], Tooltip("all of them")]
    length: int


@node("Several", category="test")
def several(*, first: Int = 0, count: Int = 3) -> Both:
    """Give several numbers, and how many."""
    return Both(list(range(first, first + count)), count)


@node("Add", category="test")
def add(*, a: int, b: Int = 0, c: Int = 0) -> int:
    """Add."""
    return a + b + c


@node("Join", category="test")
def join(
    *, items: list[Any_], between: Annotated[str, Optional()] = ",", more: list[int] | None = None
) -> str:
    """Join all values."""
    return between.join(map(str, [*items, *(more or ["-"])]))


@node("NotAList", category="test")
def not_a_list(*, value: int) -> list[int]:
    """Give one number where a list is declared."""
    return value  # pyright: ignore[reportReturnType] -- the test


@node("Skip", category="test")
def skip(*, value: int) -> list[int] | Blocked:
    """Give a blocker in place of a list."""
    return Blocked()


@node("Grow", category="test")
def grow(ctx: Context, *, value: int) -> list[int] | Expansion:
    """Expand for odd numbers only."""
    if value % 2 == 0:
        return [value]
    name = f"{ctx.prefix}x"
    return Expansion(
        {name: {"class_type": "Several", "inputs": {"first": 10 * value, "count": 2}}}, (Link(name, 0),)
    )


@node("Remember", category="test")
def remember(ctx: Context, *, value: int) -> int:
    """Give what was remembered under a key made of the inputs, as samplers do."""
    key = f"remember {ctx.keys['value']}"
    known = ctx.recall(key)
    ctx.remember(key, value)
    return value if known is None else -1


@node("Show", category="test", output=True)
def show(*, value: Any_) -> Ui:
    """Show a value."""
    return Ui({"value": [value], "only_first": []} if value == 0 else {"value": [value]})


@node("ShowNoList", category="test", output=True)
def show_no_list(*, value: Any_) -> Ui:
    """Show a value by itself."""
    return Ui({"value": value})


NODES = sys.modules[__name__]


def flow(class_type: str, slot: int = 0, show: str = "Show", **inputs: Any) -> dict[str, Any]:
    return {
        "three": {"class_type": "Several", "inputs": {}},
        "two": {"class_type": "Several", "inputs": {"first": 100, "count": 2}},
        "one": {"class_type": "Several", "inputs": {"first": 50, "count": 1}},
        "none": {"class_type": "Several", "inputs": {"count": 0}},
        "node": {"class_type": class_type, "inputs": inputs},
        "out": {"class_type": show, "inputs": {"value": ["node", slot]}},
    }


@pytest.mark.parametrize(
    ("api", "value"),
    [
        (flow("Add", a=["three", 0]), [0, 1, 2]),
        (flow("Add", a=["three", 0], b=["two", 0]), [100, 102, 103]),  # the last value again
        (flow("Add", a=["three", 0], b=["one", 0], c=1), [51, 52, 53]),
        (flow("Add", a=["three", 1]), [3]),
        (flow("Several", first=["two", 0], count=2), [100, 101, 101, 102]),  # lists are strung together
        (flow("Several", slot=1, first=["two", 0], count=2), [2, 2]),
        (flow("Join", items=["three", 0]), ["0,1,2,-"]),
        (flow("Join", items=["one", 0], more=["two", 0]), ["50,100,101"]),
        (flow("Join", items=["none", 0]), ["-"]),
        (flow("Join", items=3), ["3,-"]),
        (flow("Add", a=["one", 0]), [50]),
        (flow("Grow", value=["three", 0]), [0, 10, 11, 2]),
        (flow("Grow", value=["two", 0]), [100, 1010, 1011]),
        (flow("Remember", value=["three", 0]), [0, 1, 2]),
    ],
)
def test_values(api: dict[str, Any], value: list[Any], play: Any) -> None:
    played = play(api, NODES)
    assert isinstance(played.last, RunDone), played.last
    assert played.shown == {"out": value}
    assert play(api, NODES).started == []


@pytest.mark.parametrize(
    "api", [flow("Add", a=["none", 0]), flow("Add", a=["none", 0], b=["three", 0]), flow("Skip", value=1)]
)
def test_of_nothing_comes_nothing(api: dict[str, Any], play: Any) -> None:
    played = play(api, NODES)
    assert isinstance(played.last, RunDone)
    assert played.shown == {}
    assert "out" not in played.started


def test_each_node_is_told_once_however_often_it_is_called(play: Any) -> None:
    played = play(flow("Add", a=["three", 0]), NODES)
    assert played.started == ["three", "node", "out"]


def test_a_node_that_gives_no_list_where_it_declares_one(play: Any) -> None:
    failed = play(flow("NotAList", value=1), NODES).last
    assert isinstance(failed, RunFailed)
    assert failed.message == "NotAList: output INT is a list; it gave a int"


def test_shown_values_must_be_lists_to_be_strung_together(play: Any) -> None:
    assert play(flow("Add", a=1, show="ShowNoList"), NODES).shown == {"out": 1}
    failed = play(flow("Add", a=["three", 0], show="ShowNoList"), NODES).last
    assert isinstance(failed, RunFailed)
    assert failed.node == "out"
    assert "must show lists" in failed.message


def test_a_failing_call_tells_its_own_inputs(play: Any) -> None:
    @node("Odd", category="test")
    def odd(*, value: int) -> int:
        """Refuse even numbers."""
        if value == 2:
            raise ValueError("two")
        return value

    failed = play(flow("Odd", value=["three", 0]), [several, show, odd]).last
    assert isinstance(failed, RunFailed)
    assert failed.inputs == {"value": 2}


def test_on_the_wire() -> None:
    folders = Folders.__new__(Folders)
    gives, takes, plain = (
        object_info(found, folders) for one in (several, join, add) if (found := declared_by(one))
    )
    assert gives["output_is_list"] == [True, False]
    assert gives["output"] == ["INT", "INT"]
    assert gives["output_name"] == ["many", "length"]
    assert gives["output_tooltips"] == ["all of them", ""]
    assert takes["is_input_list"] is True
    assert takes["input"] == {
        "required": {"items": ["*", {}]},
        "optional": {"between": ["STRING", {"default": ","}], "more": ["INT", {}]},
    }
    assert "is_input_list" not in plain
