"""Fingerprints: what decides besides its inputs whether a node has to run."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Annotated, Any

import pytest

from inkloom.executor import Optional, Port, Ui, node

Any_ = Annotated[Any, Port("*")]


@node("Show", category="test", output=True)
def show(*, value: Any_) -> Ui:
    """Show a value."""
    return Ui({"value": [value]})


def reading(fingerprint: Callable[..., object]) -> Callable[..., Any]:
    @node("Read", category="test", fingerprint=fingerprint)
    def read(*, name: str, other: Annotated[int, Optional()] = 3) -> int:
        """Give something that the inputs do not decide."""
        return len(name)

    return read


FLOW: dict[str, Any] = {
    "read": {"class_type": "Read", "inputs": {"name": "a"}},
    "out": {"class_type": "Show", "inputs": {"value": ["read", 0]}},
}


def test_a_changed_fingerprint_makes_it_run_again(play: Any) -> None:
    state = {"a": 1, "b": 1}
    nodes = [show, reading(lambda name: state[name])]
    assert play(FLOW, nodes).started == ["read", "out"]
    assert play(FLOW, nodes).started == []
    state["b"] = 2
    assert play(FLOW, nodes).started == []
    state["a"] = 2
    assert play(FLOW, nodes).started == ["read", "out"]
    state["a"] = 1
    assert play(FLOW, nodes).started == [], "what was there before is still known"


async def _later(name: str) -> object:
    return [name, {"size": 7}]


@pytest.mark.parametrize("fingerprint", [lambda name: None, lambda **every: sorted(every), _later])
def test_any_json_value_will_do(fingerprint: Callable[..., object], play: Any) -> None:
    nodes = [show, reading(fingerprint)]
    assert play(FLOW, nodes).started == ["read", "out"]
    assert play(FLOW, nodes).started == []


async def test_an_async_one_is_asked_where_an_event_loop_runs(play: Any) -> None:
    nodes = [show, reading(_later)]
    assert play(FLOW, nodes).started == ["read", "out"]
    assert play(FLOW, nodes).started == []


@pytest.mark.parametrize(
    "never", [lambda name: float("nan"), lambda name: object(), lambda name: [float("inf")]]
)
def test_what_equals_nothing_always_runs(never: Callable[..., object], play: Any) -> None:
    nodes = [show, reading(never)]
    for _ in range(2):
        assert play(FLOW, nodes).started == ["read", "out"]


def test_a_failing_one_is_logged_and_the_node_runs(play: Any, caplog: pytest.LogCaptureFixture) -> None:
    def fails(name: str) -> object:
        raise FileNotFoundError(f"no {name}")

    nodes = [show, reading(fails)]
    for _ in range(2):
        with caplog.at_level(logging.WARNING):
            assert play(FLOW, nodes).started == ["read", "out"]
    assert "Read (node 'read'): its fingerprint failed: FileNotFoundError('no a')" in caplog.text


def test_it_gets_what_is_written_and_none_for_what_is_linked(play: Any) -> None:
    asked: list[object] = []
    nodes = [show, reading(lambda name, other: asked.append((name, other)))]
    play(FLOW, nodes)
    more = {"more": {"class_type": "Read", "inputs": {"name": "b", "other": ["read", 0]}}}
    play(FLOW | more | {"out": {"class_type": "Show", "inputs": {"value": ["more", 0]}}}, nodes)
    assert asked == [("a", 3), ("a", 3), ("b", None)]


def test_equal_nodes_that_are_not_idempotent_run_each_for_itself(play: Any) -> None:
    @node("Draw", category="test", idempotent=False)
    def draw(*, limit: int) -> int:
        """Give something by chance."""
        return limit

    api: dict[str, Any] = {name: {"class_type": "Draw", "inputs": {"limit": 3}} for name in "ab"}
    for name in "ab":
        api[f"show {name}"] = {"class_type": "Show", "inputs": {"value": [name, 0]}}
    played = play(api, [show, draw])
    assert {"a", "b"} <= set(played.started)
    assert play(api, [show, draw]).started == []
