"""Random graphs against the simplest evaluator there is: the same outputs, and no key computed twice."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from inkloom.executor import (
    Entry,
    Expansion,
    Folders,
    Graph,
    Hidden,
    Link,
    MemoryCache,
    NodeFinished,
    NodeStarted,
    NodeTable,
    RunDone,
    RunFailed,
    Ui,
    node,
    run,
)


class Halves(NamedTuple):
    low: int
    high: int


@node("Number", category="test")
def number(*, value: int) -> int:
    """Give a number."""
    return value


@node("Mix", category="test")
def mix(*, a: int, b: int) -> int:
    """Mix two numbers, the order of which matters."""
    return (31 * a + b) % 1009


@node("Split", category="test")
def split(*, a: int) -> Halves:
    """Give two numbers."""
    return Halves(a % 7, a // 7)


@node("Brittle", category="test")
def brittle(*, a: int) -> int:
    """Fail on some numbers."""
    if a % 5 == 3:
        raise ValueError(f"{a} is brittle")
    return a + 1


@node("Grow", category="test")
def grow(*, a: int, depth: int, own: Annotated[str, Hidden("UNIQUE_ID")]) -> int | Expansion:
    """Expand `depth` times, one expansion inside of the other."""
    if depth == 0:
        return a
    nodes = {
        f"{own}.mix": {"class_type": "Mix", "inputs": {"a": a, "b": depth}},
        f"{own}.twin": {"class_type": "Mix", "inputs": {"a": a, "b": depth}},
        f"{own}.hard": {"class_type": "Brittle", "inputs": {"a": [f"{own}.mix", 0]}},
        f"{own}.grow": {"class_type": "Grow", "inputs": {"a": [f"{own}.hard", 0], "depth": depth - 1}},
        f"{own}.end": {"class_type": "Mix", "inputs": {"a": [f"{own}.grow", 0], "b": [f"{own}.twin", 0]}},
    }
    return Expansion(nodes, (Link(f"{own}.end", 0),))


@node("Show", category="test", output=True)
def show(*, value: int) -> Ui:
    """Show a number."""
    return Ui({"value": value})


TABLE = NodeTable.collect(sys.modules[__name__])
FUNCTIONS: dict[str, Callable[..., Any]] = {name: declared.function for name, declared in TABLE.items()}
HIDDEN = {"Grow"}


def evaluate(flow: dict[str, Any], name: str, slot: int = 0) -> Any:
    """Return one output of a node: what a graph means, without keys, order or memory."""
    inputs = {
        key: evaluate(flow, *given) if isinstance(given, list) else given
        for key, given in flow[name]["inputs"].items()
    }
    hidden = {"own": name} if flow[name]["class_type"] in HIDDEN else {}
    returned = FUNCTIONS[flow[name]["class_type"]](**inputs, **hidden)
    if isinstance(returned, Expansion):
        [link] = returned.outputs
        assert isinstance(link, Link)
        return evaluate({**flow, **returned.nodes}, *link)
    return returned[slot] if isinstance(returned, tuple) else returned


@st.composite
def flows(draw: st.DrawFn) -> dict[str, Any]:
    flow: dict[str, Any] = {}
    outputs: list[list[Any]] = []
    for place in range(draw(st.integers(1, 12))):
        given = st.integers(0, 3)
        if outputs:
            given = st.sampled_from(outputs) | given
        kind = draw(st.sampled_from(["Number", "Mix", "Mix", "Split", "Brittle", "Grow", "copy"]))
        if kind == "copy" and flow:
            node = flow[draw(st.sampled_from(sorted(flow)))]
        elif kind in ("Number", "copy"):
            node = {"class_type": "Number", "inputs": {"value": draw(st.integers(0, 3))}}
        else:
            names = [name for name in TABLE[kind].inputs if name != "depth"]
            depth = {"depth": draw(st.integers(0, 3))} if kind == "Grow" else {}
            node = {"class_type": kind, "inputs": {name: draw(given) for name in names} | depth}
        name = draw(st.sampled_from(["", "a", "z"])) + str(place)
        flow[name] = node
        outputs += ([name, slot] for slot in range(len(TABLE[node["class_type"]].outputs)))
    for place, source in enumerate(draw(st.lists(st.sampled_from(outputs), min_size=1, max_size=4))):
        flow[f"out{place}"] = {"class_type": "Show", "inputs": {"value": source}}
    names = draw(st.permutations(sorted(flow)))
    return {name: flow[name] for name in names}


class Recorded(MemoryCache):
    """A cache that remembers which keys were computed."""

    def __init__(self, budget: int) -> None:
        super().__init__(budget)
        self.computed: list[str] = []

    def put(self, key: str, entry: Entry) -> None:
        self.computed.append(key)
        super().put(key, entry)


@dataclass
class Outcome:
    shown: dict[str, Any]
    failure: str | None
    calls: int


def play(flow: dict[str, Any], cache: MemoryCache) -> Outcome:
    *events, last = run(Graph.parse(flow), TABLE, Folders(Path("nowhere")), cache)
    shown = {
        event.node: event.ui["value"] for event in events if isinstance(event, NodeFinished) and event.ui
    }
    calls = Counter(event.node for event in events if isinstance(event, NodeStarted))
    assert set(calls.values()) <= {1}
    assert isinstance(last, RunDone | RunFailed)
    return Outcome(shown, last.message if isinstance(last, RunFailed) else None, calls.total())


def expected(flow: dict[str, Any]) -> tuple[dict[str, Any], set[str]]:
    shown: dict[str, Any] = {}
    failures: set[str] = set()
    for name in flow:
        if name.startswith("out"):
            try:
                shown[name] = evaluate(flow, name).shown["value"]
            except ValueError as error:
                failures.add(str(error))
    return shown, failures


@settings(deadline=None, max_examples=120)
@given(flows())
def test_as_the_reference(flow: dict[str, Any]) -> None:
    shown, failures = expected(flow)
    cache = Recorded(2**30)
    first = play(flow, cache)
    assert (first.failure is not None) == bool(failures)
    if failures:
        assert first.failure in failures
        assert first.shown.items() <= shown.items()
    else:
        assert first.shown == shown
    assert len(cache.computed) == len(set(cache.computed))
    # At a failure some nodes have expanded and wait.
    assert first.calls > len(cache.computed) if failures else first.calls == len(cache.computed)

    again = play(flow, cache)
    # What is known by now may let another node fail first.
    assert (again.failure in failures) if failures else again.failure is None
    # What equals a node that is done, but did not get its turn before the failure, is known at once now.
    assert first.shown.items() <= again.shown.items() <= shown.items()
    assert failures or again.shown == first.shown
    assert len(cache.computed) == len(set(cache.computed))
    assert failures or again.calls == 0


@settings(deadline=None, max_examples=50)
@given(flows(), st.sampled_from([0, 2_000, 10_000]))
def test_a_small_cache_changes_nothing_but_time(flow: dict[str, Any], budget: int) -> None:
    shown, failures = expected(flow)
    cache = Recorded(budget)
    for _ in range(2):
        cache.computed.clear()
        outcome = play(flow, cache)
        assert (outcome.failure in failures) if failures else (outcome.shown == shown)
        assert len(cache.computed) == len(set(cache.computed))


@settings(deadline=None, max_examples=50)
@given(flows(), st.data())
def test_after_a_change_everything_is_as_if_new(flow: dict[str, Any], data: st.DataObject) -> None:
    cache = Recorded(2**30)
    before = play(flow, cache)
    numbers = [name for name, node in flow.items() if node["class_type"] == "Number"]
    if not numbers or before.failure:
        return
    changed = data.draw(st.sampled_from(numbers))
    other = {**flow, changed: {"class_type": "Number", "inputs": {"value": data.draw(st.integers(0, 3))}}}
    shown, failures = expected(other)
    outcome = play(other, cache)
    assert (outcome.failure in failures) if failures else (outcome.shown == shown)
    assert len(cache.computed) == len(set(cache.computed))
