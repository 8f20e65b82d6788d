"""Random graphs of lists, lazy inputs, blockers, expansions, maps, async nodes and lanes.

Held against the simplest evaluator there is: the same outputs, and no key computed twice.
"""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any, NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from inkloom.executor import (
    Blocked,
    Context,
    Each,
    Entry,
    Expansion,
    Folders,
    Graph,
    Lazy,
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
    low: list[int]
    high: int


@node("Number", category="test")
def number(*, value: int) -> int:
    """Give a number."""
    return value


@node("Mix", category="test", lane="worker")
def mix(*, a: int, b: int) -> int:
    """Mix two numbers, the order of which matters."""
    return (31 * a + b) % 1009


@node("Slow", category="test")
async def slow(*, a: int) -> int:
    """Let others go first."""
    await asyncio.sleep(0)
    return a + 2


@node("Some", category="test")
def some(*, a: int) -> Halves:
    """Give as many numbers as the last digit says, and one besides."""
    return Halves([a + place for place in range(a % 4)], a // 3)


@node("Sum", category="test", lane="files")
def total(*, items: list[int], start: int = 0) -> int:
    """Add up all values of a list."""
    return start + sum(items) % 1009


@node("Brittle", category="test")
def brittle(*, a: int) -> int:
    """Fail on some numbers."""
    if a % 5 == 3:
        raise ValueError(f"{a} is brittle")
    return a + 1


@node("Gate", category="test")
def gate(*, a: int) -> int | Blocked:
    """Keep multiples of three back."""
    return a if a % 3 else Blocked(f"no {a}")


def _needed(which: int) -> list[str]:
    return [["left"], ["right"], ["left", "right"], []][which % 4]


@node("Pick", category="test", needs=_needed)
def pick(*, which: int, left: Annotated[int | None, Lazy()], right: Annotated[int | None, Lazy()]) -> int:
    """Use what is needed."""
    return 7 * (left or 0) + (right or 0)


@node("Grow", category="test")
def grow(ctx: Context, *, a: int, depth: int) -> int | Expansion:
    """Expand `depth` times, one expansion inside of the other."""
    if depth == 0:
        return a
    own = ctx.prefix
    nodes = {
        f"{own}mix": {"class_type": "Mix", "inputs": {"a": a, "b": depth}},
        f"{own}hard": {"class_type": "Brittle", "inputs": {"a": [f"{own}mix", 0]}},
        f"{own}grow": {"class_type": "Grow", "inputs": {"a": [f"{own}hard", 0], "depth": depth - 1}},
        f"{own}some": {"class_type": "Some", "inputs": {"a": [f"{own}grow", 0]}},
    }
    return Expansion(nodes, (Link(f"{own}some", depth % 2),))


@node("Map", category="test")
def over_all(ctx: Context, *, items: list[int], b: int) -> list[int] | Each:
    """Work on each item by itself."""

    def expansions() -> Iterator[Expansion]:
        for place, item in enumerate(items):
            own = f"{ctx.prefix}{place}."
            nodes = {
                f"{own}hard": {"class_type": "Brittle", "inputs": {"a": item}},
                f"{own}gate": {"class_type": "Gate", "inputs": {"a": [f"{own}hard", 0]}},
                f"{own}grow": {"class_type": "Grow", "inputs": {"a": [f"{own}gate", 0], "depth": b % 2}},
            }
            yield Expansion(nodes, (Link(f"{own}grow", 0),))

    return Each(expansions(), len(items))


@node("Show", category="test", output=True)
def show(*, value: int) -> Ui:
    """Show a number."""
    return Ui({"value": [value]})


TABLE = NodeTable.collect(sys.modules[__name__])
Held = tuple[list[Any], ...]


def evaluate(flow: dict[str, Any], name: str) -> Held:
    """Return what each output of a node holds: what a graph means, without keys, order, threads or memory."""
    kind, inputs = TABLE[flow[name]["class_type"]], flow[name]["inputs"]
    late = [key for key in kind.lazy_inputs if isinstance(inputs[key], list)]
    held = {key: look(flow, inputs[key]) for key in inputs if key not in late}
    if kind.needs is not None:
        asked = {key for one in zipped(held) if not blocked(one) for key in _needed(one["which"])}
        held |= {key: look(flow, inputs[key]) if key in asked else [None] for key in late}
    if kind.is_input_list:
        plain = [key for key in held if not kind.inputs[key].is_list]
        calls = [held | {key: held[key][0] for key in plain}] if all(held[key] for key in plain) else []
    else:
        calls = zipped(held)
    outputs: Held = tuple([] for _ in kind.outputs or "x")
    for place, arguments in enumerate(calls):
        given = (Context(folders=FOLDERS, node_id=name, call=place),) if kind.takes_context else ()
        found = (Blocked(),) * 9 if blocked(arguments) else kind.function(*given, **arguments)
        for slot, values in enumerate(meaning(flow, found, kind.outputs)):
            outputs[slot].extend(values)
    return outputs


def look(flow: dict[str, Any], given: Any) -> list[Any]:
    return evaluate(flow, given[0])[given[1]] if isinstance(given, list | Link) else [given]


def zipped(held: dict[str, list[Any]]) -> list[dict[str, Any]]:
    count = max(map(len, held.values())) if all(held.values()) else 0
    return [
        {key: values[min(place, len(values) - 1)] for key, values in held.items()} for place in range(count)
    ]


def blocked(arguments: dict[str, Any]) -> bool:
    return any(
        isinstance(one, Blocked)
        for value in arguments.values()
        for one in (value if isinstance(value, list) else [value])
    )


def meaning(flow: dict[str, Any], found: Any, outputs: Sequence[Any]) -> list[Any]:
    """Return the values that a call adds to each output."""
    match found:
        case Expansion(nodes=nodes, outputs=given):
            return [look({**flow, **nodes}, one) for one in given]
        case Each(items=items):
            results: list[Any] = [attempt(flow, item) for item in items]
            if results and None in results and all(result is None for result in results):
                raise ValueError("all items failed")
            return [[one for result in results for one in result or () if not isinstance(one, Blocked)]]
        case Ui(shown=shown):
            return [shown["value"]]
        case Blocked():
            return [[found] for _ in outputs]
        case _ if asyncio.iscoroutine(found):
            return [[asyncio.run(found)]]
        case _:
            values = found if isinstance(found, tuple) else (found,)
            return [value if isinstance(value, list) else [value] for value in values[: len(outputs) or 1]]


def attempt(flow: dict[str, Any], item: Expansion) -> list[Any] | None:
    try:
        [values] = meaning(flow, item, ())
    except ValueError:
        return None
    return [] if any(isinstance(one, Blocked) for one in values) and len(values) == 1 else values


FOLDERS = Folders(Path("nowhere"))
KINDS = [
    "Number",
    "Mix",
    "Slow",
    "Some",
    "Some",
    "Sum",
    "Brittle",
    "Gate",
    "Pick",
    "Pick",
    "Grow",
    "Map",
    "copy",
]


@st.composite
def flows(draw: st.DrawFn) -> dict[str, Any]:
    flow: dict[str, Any] = {}
    outputs: list[list[Any]] = []
    for place in range(draw(st.integers(1, 12))):
        number = st.integers(0, 7)
        source = st.sampled_from(outputs) | number if outputs else number
        kind = draw(st.sampled_from(KINDS))
        if kind == "copy":
            kind, inputs = "Number", {"value": draw(number)}
            if flow:
                copied = flow[draw(st.sampled_from(sorted(flow)))]
                kind, inputs = copied["class_type"], copied["inputs"]
        else:
            names = [name for name in TABLE[kind].inputs if name not in ("depth", "value")]
            inputs = {name: draw(source) for name in names}
            inputs |= {"value": draw(number)} if kind == "Number" else {}
            inputs |= {"depth": draw(st.integers(0, 3))} if kind == "Grow" else {}
        name = draw(st.sampled_from(["", "a", "z"])) + str(place)
        flow[name] = {"class_type": kind, "inputs": inputs}
        outputs += ([name, slot] for slot in range(len(TABLE[kind].outputs)))
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


def play(flow: dict[str, Any], cache: MemoryCache) -> tuple[dict[str, Any], str | None]:
    """Run a workflow; return what each output showed, and why the run failed."""
    *events, last = run(Graph.parse(flow), TABLE, FOLDERS, cache)
    shown = {
        event.node: event.ui["value"] if event.ui else []
        for event in events
        if isinstance(event, NodeFinished) and event.node.startswith("out")
    }
    calls = Counter(event.node for event in events if isinstance(event, NodeStarted))
    assert set(calls.values()) <= {1}
    assert isinstance(last, RunDone | RunFailed)
    return shown, last.message if isinstance(last, RunFailed) else None


def expected(flow: dict[str, Any]) -> tuple[dict[str, Any], bool]:
    shown: dict[str, Any] = {}
    failed = False
    for name in flow:
        if name.startswith("out"):
            try:
                shown[name] = [one for one in evaluate(flow, name)[0] if not isinstance(one, Blocked)]
            except ValueError:
                failed = True
    return shown, failed


@settings(deadline=None, max_examples=300)
@given(flows())
def test_as_the_reference(flow: dict[str, Any]) -> None:
    shown, failed = expected(flow)
    cache = Recorded(2**30)
    found, failure = play(flow, cache)
    assert (failure is not None) == failed
    assert found.items() <= shown.items() if failed else found == shown
    assert len(cache.computed) == len(set(cache.computed))

    again, failure = play(flow, cache)
    assert (failure is not None) == failed
    assert again.items() <= shown.items() if failed else again == shown
    assert len(cache.computed) == len(set(cache.computed))


@settings(deadline=None, max_examples=60)
@given(flows(), st.sampled_from([0, 2_000]))
def test_a_small_cache_changes_nothing_but_time(flow: dict[str, Any], budget: int) -> None:
    shown, failed = expected(flow)
    found, failure = play(flow, MemoryCache(budget))
    assert (failure is not None) == failed
    assert found.items() <= shown.items() if failed else found == shown
