"""Blockers: a value that keeps its users from running, and what they tell."""

from __future__ import annotations

import sys
from typing import Annotated, Any, NamedTuple

import pytest

from inkloom.executor import Blocked, Lazy, Port, RunDone, Ui, node

Any_ = Annotated[Any, Port("*")]


class Two(NamedTuple):
    """One output passes, the other is blocked."""

    passed: int | Blocked
    kept: int | Blocked


@node("Number", category="test")
def number(*, value: int) -> int:
    """Give a number."""
    return value


@node("Gate", category="test")
def gate(*, value: int, message: str) -> int | Blocked:
    """Let odd numbers through."""
    return value if value % 2 else Blocked(message or None)


@node("Two", category="test")
def two(*, value: int) -> Two | Blocked:
    """Let a value through one output; block both for 0."""
    return Two(value, Blocked("kept")) if value else Blocked("both")


@node("Several", category="test")
def several(*, count: int) -> list[int]:
    """Give several numbers."""
    return list(range(count))


@node("Add", category="test")
def add(*, a: int, b: int) -> int:
    """Add."""
    return a + b


@node("Sum", category="test")
def total(*, items: list[int]) -> int:
    """Add up."""
    return sum(items)


@node("IsThere", category="test", needs=lambda value: ["value"])
def is_there(*, value: Annotated[int | None, Lazy()]) -> bool:
    """Tell whether a value is there."""
    return value is not None


@node("Show", category="test", output=True)
def show(*, value: Any_) -> Ui:
    """Show a value."""
    return Ui({"value": [value]})


NODES = sys.modules[__name__]


def flow(value: int | list[Any], message: str = "", more: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "gate": {"class_type": "Gate", "inputs": {"value": value, "message": message}},
        "sum": {"class_type": "Add", "inputs": {"a": ["gate", 0], "b": 1}},
        "out": {"class_type": "Show", "inputs": {"value": ["sum", 0]}},
        "other": {"class_type": "Number", "inputs": {"value": 9}},
        "goes on": {"class_type": "Show", "inputs": {"value": ["other", 0]}},
        "several": {"class_type": "Several", "inputs": {"count": 4}},
        **(more or {}),
    }


def test_nothing_is_blocked(play: Any) -> None:
    played = play(flow(1), NODES)
    assert (played.shown, played.blocked) == ({"out": [2], "goes on": [9]}, {})


@pytest.mark.parametrize(("message", "told"), [("", None), ("closed", "closed")])
def test_users_are_not_called_and_the_first_tells_why(message: str, told: str | None, play: Any) -> None:
    played = play(flow(2, message), NODES)
    assert isinstance(played.last, RunDone)
    assert played.shown == {"goes on": [9]}
    assert played.blocked == {"sum": told, "out": None}
    assert sorted(played.started) == ["gate", "goes on", "other"]
    again = play(flow(2, message), NODES)
    assert (again.started, again.blocked) == ([], played.blocked), "the message is told in every run"


def test_each_direct_user_tells(play: Any) -> None:
    more = {"also": {"class_type": "Show", "inputs": {"value": ["gate", 0]}}}
    assert play(flow(2, "closed", more), NODES).blocked == {"sum": "closed", "out": None, "also": "closed"}


@pytest.mark.parametrize(
    ("value", "blocked", "shown"),
    [(1, {"b": "kept"}, {"a": [1], "goes on": [9]}), (0, {"a": "both", "b": "both"}, {"goes on": [9]})],
)
def test_outputs_are_blocked_one_by_one(
    value: int, blocked: dict[str, str], shown: dict[str, Any], play: Any
) -> None:
    api = {
        "two": {"class_type": "Two", "inputs": {"value": value}},
        "a": {"class_type": "Show", "inputs": {"value": ["two", 0]}},
        "b": {"class_type": "Show", "inputs": {"value": ["two", 1]}},
    } | {name: found for name, found in flow(1).items() if name in ("other", "goes on")}
    played = play(api, NODES)
    assert (played.blocked, played.shown) == (blocked, shown)


def test_of_a_list_only_those_values_are_blocked(play: Any) -> None:
    played = play(flow(["several", 0], "even"), NODES)
    assert played.shown == {"out": [2, 4], "goes on": [9]}
    assert played.blocked == {"sum": "even"}
    assert play(flow(["several", 0], "even"), NODES).started == []


def test_one_blocked_value_blocks_all_of_a_list(play: Any) -> None:
    more = {
        "all": {"class_type": "Sum", "inputs": {"items": ["gate", 0]}},
        "out": {"class_type": "Show", "inputs": {"value": ["all", 0]}},
    }
    played = play(flow(["several", 0], "even", more), NODES)
    assert played.shown == {"goes on": [9]}
    assert played.blocked == {"all": "even", "out": None}


def test_a_blocker_that_was_asked_for_blocks(play: Any) -> None:
    more = {"sum": {"class_type": "IsThere", "inputs": {"value": ["gate", 0]}}}
    assert play(flow(1, more=more), NODES).shown == {"out": [True], "goes on": [9]}
    assert play(flow(2, "closed", more), NODES).blocked == {"sum": "closed", "out": None}
