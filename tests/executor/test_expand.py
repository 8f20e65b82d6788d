"""Nodes that expand into others while running: joined, keyed, cached, and told like any."""

from __future__ import annotations

import gc
import sys
import weakref
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any

import pytest

from inkloom.executor import (
    Event,
    Expansion,
    Folders,
    Graph,
    Hidden,
    Link,
    MemoryCache,
    Node,
    NodeFinished,
    NodeStarted,
    NodeTable,
    Port,
    RawLink,
    RunDone,
    RunFailed,
    RunStarted,
    Ui,
    declared_by,
    node,
    run,
)

Any_ = Annotated[Any, Port("*")]
Id = Annotated[str, Hidden("UNIQUE_ID")]


@node("Number", category="test")
def number(*, value: int) -> int:
    """Give a number."""
    return value


@node("Add", category="test")
def add(*, a: int, b: int) -> int:
    """Add."""
    return a + b


@node("Show", category="test", output=True)
def show(*, value: Any_) -> Ui:
    """Show."""
    return Ui({"text": [value]})


@node("Countdown", category="test")
def countdown(*, total: Annotated[Any, Port("*"), RawLink()], count: int, own: Id) -> int | Expansion:
    """Add 1 to `total`, `count` times, one expansion inside of the other."""
    if count == 0:
        return Expansion({}, (total,))
    nodes = {
        f"{own}.add": {"class_type": "Add", "inputs": {"a": total, "b": 1}},
        f"{own}.next": {
            "class_type": "Countdown",
            "inputs": {"total": [f"{own}.add", 0], "count": count - 1},
        },
    }
    return Expansion(nodes, (Link(f"{own}.next", 0),))


@node("While", category="test")
def repeat(*, value: int, below: int, own: Id) -> int | Expansion:
    """Add 3 to `value` while it is smaller than `below`."""
    if value >= below:
        return value
    nodes = {
        f"{own}.a": Node(f"{own}.a", "Add", {"a": value, "b": 3}),
        f"{own}.w": Node(f"{own}.w", "While", {"value": Link(f"{own}.a", 0), "below": below}),
    }
    return Expansion(nodes, (Link(f"{own}.w", 0),))


@node("Literal", category="test")
def literal(*, value: int) -> int | Expansion:
    """Expand into nothing but a value."""
    return Expansion({}, (value * 10,))


@node("Reporting", category="test")
def reporting(*, value: int, own: Id) -> int | Expansion:
    """Expand into an output node nobody asked for."""
    shown = {"class_type": "Show", "inputs": {"value": value}}
    return Expansion({f"{own}.show": shown}, (value,))


@node("Raw", category="test")
def raw(*, link: Annotated[Any, Port("*"), RawLink()]) -> str:
    """Say where a link leads."""
    return f"{link.node}:{link.slot}"


@node("Bad", category="test")
def bad(*, kind: str, link: Annotated[Any, Port("*"), RawLink()], own: Id) -> int | Expansion:
    """Expand wrongly, in one of several ways."""
    add_to = {"class_type": "Add", "inputs": {"a": 1, "b": 2}}
    cycle = {"class_type": "Add", "inputs": {"a": [f"{own}.x", 0], "b": 1}}
    waits = {"class_type": "Add", "inputs": {"a": [own, 0], "b": 1}}
    nodes, outputs = {
        "duplicate": ({"n": add_to}, (1,)),
        "unknown class": ({f"{own}.x": {**add_to, "class_type": "Ad"}}, (1,)),
        "bad value": (
            {f"{own}.x": {"class_type": "Add", "inputs": {"a": "one", "b": 2}}},
            (Link(f"{own}.x", 0),),
        ),
        "missing source": ({}, (Link("nowhere", 0),)),
        "bad slot": ({f"{own}.x": add_to}, (Link(f"{own}.x", 3),)),
        "too many outputs": ({}, (1, 2)),
        "cycle": ({f"{own}.x": cycle}, (Link(f"{own}.x", 0),)),
        "waits for itself": ({f"{own}.x": waits}, (Link(f"{own}.x", 0),)),
        "no JSON": ({f"{own}.x": {"class_type": "Show", "inputs": {"value": object()}}}, (1,)),
    }[kind]
    return Expansion(nodes, outputs)


TABLE = NodeTable.collect(sys.modules[__name__])


def flow(class_type: str, **inputs: Any) -> dict[str, Any]:
    return {
        "n": {"class_type": "Number", "inputs": {"value": 5}},
        "e": {"class_type": class_type, "inputs": inputs},
        "out": {"class_type": "Show", "inputs": {"value": ["e", 0]}},
    }


def play(api: dict[str, Any], base: Path, cache: MemoryCache | None = None) -> list[Event]:
    kept = MemoryCache(2**20) if cache is None else cache
    return list(run(Graph.parse(api), TABLE, Folders(base), kept))


def shown(events: Iterable[Event]) -> Any:
    [value] = [
        event.ui["text"]
        for event in events
        if isinstance(event, NodeFinished) and event.node == "out" and event.ui
    ]
    return value


def started(events: Iterable[Event]) -> list[str]:
    return [event.node for event in events if isinstance(event, NodeStarted)]


@pytest.mark.parametrize(
    ("api", "value"),
    [
        (flow("Countdown", total=["n", 0], count=0), 5),
        (flow("Countdown", total=["n", 0], count=3), 8),
        (flow("While", value=["n", 0], below=0), 5),
        (flow("While", value=["n", 0], below=13), 14),
        (flow("Literal", value=["n", 0]), 50),
    ],
)
def test_result(api: dict[str, Any], value: int, tmp_path: Path) -> None:
    events = play(api, tmp_path)
    assert isinstance(events[-1], RunDone)
    assert shown(events) == [value]


def test_places_of_expanded_nodes(tmp_path: Path) -> None:
    events = play(flow("Countdown", total=["n", 0], count=2), tmp_path)
    assert started(events) == ["e", "e.next", "e.next.next", "n", "e.add", "e.next.add", "out"]
    places = {
        event.node: (event.parent, event.display_node) for event in events if isinstance(event, NodeStarted)
    }
    assert places["n"] == (None, "n")
    assert places["e.add"] == ("e", "e")
    assert places["e.next.add"] == ("e.next", "e")
    finished = [event.node for event in events if isinstance(event, NodeFinished)]
    assert (
        finished.index("e.next.next") < finished.index("e.next") < finished.index("e") < finished.index("out")
    )


def test_the_same_again_runs_nothing(tmp_path: Path) -> None:
    cache = MemoryCache(2**20)
    api = flow("Countdown", total=["n", 0], count=3)
    play(api, tmp_path, cache)
    events = play(api, tmp_path, cache)
    assert started(events) == []
    assert shown(events) == [8]


def test_a_longer_loop_goes_on_where_the_shorter_one_ended(tmp_path: Path) -> None:
    cache = MemoryCache(2**20)
    play(flow("Countdown", total=["n", 0], count=3), tmp_path, cache)
    events = play(flow("Countdown", total=["n", 0], count=5), tmp_path, cache)
    assert shown(events) == [10]
    assert [name for name in started(events) if name.endswith("add")] == [
        "e.next.next.next.add",
        "e.next.next.next.next.add",
    ]
    reused = [event.node for event in events if isinstance(event, NodeFinished) and event.cached]
    assert reused == ["e.next.next.add"]


def test_outputs_of_an_expansion_run_too(tmp_path: Path) -> None:
    events = play(flow("Reporting", value=["n", 0]), tmp_path)
    assert "e.show" in started(events)
    [inner] = [event for event in events if isinstance(event, NodeFinished) and event.node == "e.show"]
    assert (inner.ui, inner.display_node) == ({"text": [5]}, "e")
    assert isinstance(events[-1], RunDone)


def test_a_raw_link_does_not_run_its_source(tmp_path: Path) -> None:
    events = play(flow("Raw", link=["n", 0]), tmp_path)
    assert started(events) == ["e", "out"]
    assert shown(events) == ["n:0"]


@pytest.mark.parametrize(
    ("kind", "error", "says", "blamed"),
    [
        ("duplicate", "inkloom.executor.runs.expand.DuplicateNodeError", "exist already: n", "e"),
        ("unknown class", "inkloom.executor.problems.WorkflowError", "did you mean 'Add'?", "e"),
        ("bad value", "inkloom.executor.problems.WorkflowError", '"one" is not a whole number', "e"),
        ("missing source", "inkloom.executor.problems.WorkflowError", "links to node 'nowhere'", "e"),
        ("bad slot", "inkloom.executor.problems.WorkflowError", "links to output 3", "e"),
        (
            "too many outputs",
            "inkloom.executor.runs.calls.WrongResultError",
            "Bad gave 2 outputs; it declares 1: INT",
            "e",
        ),
        (
            "cycle",
            "inkloom.executor.runs.expand.DependencyCycleError",
            "Dependency cycle detected: e.x -> e.x",
            "e",
        ),
        (
            "waits for itself",
            "inkloom.executor.runs.expand.DependencyCycleError",
            "Dependency cycle detected: e -> e.x",
            "e.x",
        ),
        ("no JSON", "TypeError", "is not a JSON value", "e.x"),
    ],
)
def test_refuses(kind: str, error: str, says: str, blamed: str, tmp_path: Path) -> None:
    failed = play(flow("Bad", kind=kind, link=["n", 0]), tmp_path)[-1]
    assert isinstance(failed, RunFailed)
    assert (failed.node, failed.display_node, failed.exception_type) == (blamed, "e", error)
    assert says in failed.message


def test_equal_expanding_nodes_share_one_result(tmp_path: Path) -> None:
    calls: list[int] = []

    @node("Grow", category="test")
    def grow(*, value: int) -> int | Expansion:
        """Expand into one node whose name does not depend on the own id."""
        calls.append(value)
        return Expansion({"only": {"class_type": "Add", "inputs": {"a": value, "b": 1}}}, (Link("only", 0),))

    api = {
        "1": {"class_type": "Grow", "inputs": {"value": 3}},
        "2": {"class_type": "Grow", "inputs": {"value": 3}},
        "sum": {"class_type": "Add", "inputs": {"a": ["1", 0], "b": ["2", 0]}},
        "out": {"class_type": "Show", "inputs": {"value": ["sum", 0]}},
    }
    declared = declared_by(grow)
    assert declared is not None
    table = NodeTable({**TABLE, "Grow": declared})
    events = list(run(Graph.parse(api), table, Folders(tmp_path), MemoryCache(0)))
    assert shown(events) == [8]
    assert calls == [3]


def test_a_node_that_expands_into_its_equal_is_a_cycle(tmp_path: Path) -> None:
    @node("Ouroboros", category="test")
    def ouroboros(*, value: int) -> int | Expansion:
        """Expand into itself."""
        return Expansion(
            {"again": {"class_type": "Ouroboros", "inputs": {"value": value}}}, (Link("again", 0),)
        )

    declared = declared_by(ouroboros)
    assert declared is not None
    table = NodeTable({**TABLE, "Ouroboros": declared})
    failed = list(run(Graph.parse(flow("Ouroboros", value=1)), table, Folders(tmp_path), MemoryCache(0)))[-1]
    assert isinstance(failed, RunFailed)
    assert failed.message == "Dependency cycle detected: again -> e -> again"


class Heavy:
    """Stands for a tensor."""


def test_what_a_loop_needs_in_every_turn_is_made_once_and_its_states_go(tmp_path: Path) -> None:
    made: list[str] = []
    most = 0
    alive: weakref.WeakSet[Heavy] = weakref.WeakSet()

    @node("Model", category="test")
    def model(*, size: int) -> Any_:
        """Be expensive."""
        made.append("model")
        return Heavy()

    @node("Step", category="test")
    def step(*, model: Any_, state: Any_) -> Any_:
        """Make the next state."""
        nonlocal most
        gc.collect()
        most = max(most, len(alive))
        made.append("step")
        state = Heavy()
        alive.add(state)
        return state

    @node("Loop", category="test")
    def loop(
        *,
        model: Annotated[Any, Port("*"), RawLink()],
        state: Any_,
        count: int,
        link: Annotated[Any, Port("*"), RawLink()],
        own: Id,
    ) -> Any_ | Expansion:
        """Go on once the state is there."""
        if count == 0:
            return "end"
        made_next = Node(f"{own}.s", "Step", {"model": model, "state": link})
        again = {
            "model": model,
            "state": Link(f"{own}.s", 0),
            "link": Link(f"{own}.s", 0),
            "count": count - 1,
        }
        return Expansion(
            {f"{own}.s": made_next, f"{own}.l": Node(f"{own}.l", "Loop", again)}, (Link(f"{own}.l", 0),)
        )

    declared = [found for function in (model, step, loop) if (found := declared_by(function))]
    table = NodeTable({**TABLE, **{found.name: found for found in declared}})
    api = flow("Loop", model=["m", 0], state=["n", 0], link=["n", 0], count=6)
    api["m"] = {"class_type": "Model", "inputs": {"size": 1}}
    events = list(run(Graph.parse(api), table, Folders(tmp_path), MemoryCache(0)))
    assert isinstance(events[-1], RunDone)
    assert made == ["model", *["step"] * 6]
    assert most <= 2


def test_a_result_that_is_gone_is_made_again(tmp_path: Path) -> None:
    @node("Blink", category="test")
    def blink(*, value: int, count: int, own: Id) -> int | Expansion:
        """Make the numbers 0 and 1 by turns, each long forgotten when its turn comes again."""
        if count == 0:
            return value
        made = Node(f"{own}.c", "Number", {"value": count % 2})
        again = Node(f"{own}.n", "Blink", {"value": Link(f"{own}.c", 0), "count": count - 1})
        return Expansion({made.id: made, again.id: again}, (Link(again.id, 0),))

    declared = declared_by(blink)
    assert declared is not None
    table = NodeTable({**TABLE, "Blink": declared})
    for budget in (0, 2**20):
        events = list(
            run(
                Graph.parse(flow("Blink", value=5, count=6)),
                table,
                Folders(tmp_path),
                MemoryCache(budget),
            )
        )
        assert shown(events) == [1]
        assert sum(name.endswith(".c") for name in started(events)) == (2 if budget else 6)


def test_ids_count_as_known_nodes(tmp_path: Path) -> None:
    first = play(flow("Countdown", total=["n", 0], count=1), tmp_path)[0]
    assert isinstance(first, RunStarted)
    assert first.nodes == ("n", "e", "out")
