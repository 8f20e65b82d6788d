"""Collections worked through item by item: what is kept, what is told, and what failing items leave."""

from __future__ import annotations

import gc
import sys
import threading
import weakref
from collections.abc import Iterator
from typing import Annotated, Any, NamedTuple

import pytest

from inkloom.executor import (
    Blocked,
    CancelToken,
    Context,
    Each,
    Expansion,
    Hidden,
    Link,
    MemoryCache,
    Port,
    Progress,
    RunCancelled,
    RunDone,
    RunFailed,
    RunningGraph,
    Ui,
    node,
)

Any_ = Annotated[Any, Port("*")]
MADE: list[str] = []


@node("Number", category="test")
def number(*, value: int) -> int:
    """Give a number."""
    return value


@node("Several", category="test")
def several(*, count: int) -> list[int]:
    """Give several numbers."""
    return list(range(count))


@node("Brittle", category="test")
def brittle(*, value: int) -> int:
    """Fail for numbers that end in 3."""
    MADE.append(f"brittle {value}")
    if value % 10 == 3:
        raise ValueError(f"{value} is brittle")
    return value


@node("Skip", category="test")
def skip(*, value: int) -> int | Blocked:
    """Keep multiples of four back."""
    return value if value % 4 else Blocked(f"no {value}")


@node("Nested", category="test")
def nested(ctx: Context, *, value: int) -> int | Expansion:
    """Expand into something brittle and something shown."""
    own = ctx.prefix
    nodes = {
        f"{own}b": {"class_type": "Brittle", "inputs": {"value": value}},
        f"{own}s": {"class_type": "Show", "inputs": {"value": [f"{own}b", 0]}},
    }
    return Expansion(nodes, (Link(f"{own}b", 0),))


@node("Map", category="test")
def over_all(ctx: Context, *, items: list[int], kind: str, together: int = 2) -> list[int] | Each:
    """Put each item through a node of some kind."""

    def expansions() -> Iterator[Expansion]:
        for place, item in enumerate(items):
            name = f"{ctx.prefix}{place}"
            MADE.append(f"draw {item}")
            if item == 99:
                raise RuntimeError("no more items")
            inputs = {"value": "seven" if item == 7 else item}
            yield Expansion({name: {"class_type": kind, "inputs": inputs}}, (Link(name, 0),))

    MADE.clear()
    return Each(expansions(), len(items), together)


class Pair(NamedTuple):
    """Two lists."""

    low: list[int]
    high: list[int]


@node("Pairs", category="test")
def pairs(*, items: list[int]) -> Pair | Each:
    """Give two outputs for each item."""
    return Each((Expansion({}, (item, 100 + item)) for item in items), len(items))


@node("Sum", category="test")
def total(*, items: list[int]) -> int:
    """Add up."""
    return sum(items)


@node("OneOutput", category="test")
def one_output(*, value: int) -> int | Each:
    """Give a collection where one number is declared."""
    return Each([], 0)


@node("Show", category="test", output=True)
def show(*, value: Any_) -> Ui:
    """Show a value."""
    return Ui({"value": [value]})


NODES = sys.modules[__name__]


def flow(count: int, kind: str, together: int = 2) -> dict[str, Any]:
    return {
        "several": {"class_type": "Several", "inputs": {"count": count}},
        "map": {
            "class_type": "Map",
            "inputs": {"items": ["several", 0], "kind": kind, "together": together},
        },
        "out": {"class_type": "Show", "inputs": {"value": ["map", 0]}},
    }


@pytest.mark.parametrize("together", [1, 2, 5])
@pytest.mark.parametrize(
    ("count", "kind", "value", "failed"),
    [
        (0, "Number", None, {}),
        (1, "Number", [0], {}),
        (6, "Number", [0, 1, 2, 3, 4, 5], {}),
        (6, "Brittle", [0, 1, 2, 4, 5], {"map.3": "3 is brittle"}),
        (6, "Nested", [0, 1, 2, 4, 5], {"map.3.b": "3 is brittle"}),
        (6, "Skip", [1, 2, 3, 5], {}),
    ],
)
def test_what_comes_of_it(
    count: int, kind: str, value: list[int] | None, failed: dict[str, str], together: int, play: Any
) -> None:
    played = play(flow(count, kind, together), NODES)
    assert isinstance(played.last, RunDone)
    assert played.last.failed == len(failed)
    assert played.shown.get("out") == value
    assert played.failed == failed


def test_the_same_again_tries_only_what_failed(play: Any) -> None:
    first = play(flow(15, "Brittle"), NODES)
    again = play(flow(15, "Brittle"), NODES)
    assert [name for name in MADE if "brittle" in name] == ["brittle 3", "brittle 13"]
    assert sorted(again.failed) == ["map.13", "map.3", "map[7]"]
    assert again.shown == first.shown
    assert again.started == ["map", "map.3", "map.13", "out"], "what came of too few items is not kept either"
    assert play(flow(2, "Number"), NODES).started == ["several", "map", "map.0", "map.1", "out"]
    assert play(flow(2, "Number"), NODES).started == []


def test_an_item_that_is_wrong_in_itself_is_left_out(play: Any) -> None:
    played = play(flow(9, "Number"), NODES)
    assert isinstance(played.last, RunDone)
    assert played.shown == {"out": [0, 1, 2, 3, 4, 5, 6, 8]}
    assert list(played.failed) == ["map[7]"]
    assert '"seven" is not a whole number' in played.failed["map[7]"]


def test_when_all_items_fail_so_does_the_node(play: Any) -> None:
    api = flow(1, "Brittle")
    api["several"] = {"class_type": "Number", "inputs": {"value": 13}}
    failed = play(api, NODES).last
    assert isinstance(failed, RunFailed)
    assert (failed.node, failed.message) == ("map", "all 1 items failed, the first with: 13 is brittle")


def test_a_collection_that_breaks_fails_the_node(play: Any) -> None:
    failed = play(flow(120, "Number"), NODES).last
    assert isinstance(failed, RunFailed)
    assert (failed.node, failed.exception_type, failed.message) == ("map", "RuntimeError", "no more items")


def test_several_outputs(play: Any) -> None:
    api = flow(3, "Number")
    api["map"] = {"class_type": "Pairs", "inputs": {"items": ["several", 0]}}
    api["other"] = {"class_type": "Show", "inputs": {"value": ["map", 1]}}
    assert play(api, NODES).shown == {"out": [0, 1, 2], "other": [100, 101, 102]}


def test_outputs_of_a_collection_must_be_lists(play: Any) -> None:
    api = flow(1, "Number") | {"map": {"class_type": "OneOutput", "inputs": {"value": 1}}}
    failed = play(api, NODES).last
    assert isinstance(failed, RunFailed)
    assert failed.message == "OneOutput gave an Each; then all of its outputs must be lists"


def test_items_are_drawn_when_there_is_room_for_them(play: Any) -> None:
    play(flow(6, "Brittle", together=2), NODES)
    # Item 2 is drawn once an item is done, and so on: never are there three at once.
    open_items = 0
    for told in MADE:
        open_items += 1 if told.startswith("draw") else -1
        assert open_items <= 2


def test_progress_counts_items(play: Any) -> None:
    events = play(flow(5, "Brittle"), NODES).events
    told = [
        (event.done, event.total) for event in events if isinstance(event, Progress) and event.node == "map"
    ]
    assert told[-1] == (5, 5)
    assert told == sorted(told)


def test_collections_nest_and_failures_stay_inside(play: Any) -> None:
    @node("Outer", category="test")
    def outer(ctx: Context, *, items: list[int]) -> list[int] | Each:
        """Put each item through a collection of its own."""

        def expansions() -> Iterator[Expansion]:
            for place, item in enumerate(items):
                name = f"{ctx.prefix}{place}"
                nodes = {
                    f"{name}.n": {"class_type": "Tens", "inputs": {"value": item}},
                    f"{name}.m": {
                        "class_type": "Map",
                        "inputs": {"items": [f"{name}.n", 0], "kind": "Brittle", "together": 2},
                    },
                    f"{name}.s": {"class_type": "Sum", "inputs": {"items": [f"{name}.m", 0]}},
                }
                yield Expansion(nodes, (Link(f"{name}.s", 0),))

        return Each(expansions(), len(items))

    @node("Tens", category="test")
    def tens(*, value: int) -> list[int]:
        """Give numbers that end alike; of 3 all fail."""
        return [value, 10 + value] if value == 3 else [value, 10 + value, 13]

    api = flow(5, "Number") | {"map": {"class_type": "Outer", "inputs": {"items": ["several", 0]}}}
    played = play(api, [several, outer, tens, over_all, brittle, total, show])
    assert isinstance(played.last, RunDone), played.last
    assert played.shown == {"out": [10, 12, 14, 18]}
    messages = sorted(played.failed.values())
    assert messages.count("all 2 items failed, the first with: 3 is brittle") == 1


def test_equal_nodes_outside_fail_the_run(play: Any) -> None:
    """A failure inside of an item is none of the whole run's; an equal node outside of it fails by itself."""
    api = flow(4, "Brittle")
    api["same"] = {"class_type": "Brittle", "inputs": {"value": 3}}
    api["shown"] = {"class_type": "Show", "inputs": {"value": ["same", 0]}}
    failed = play(api, NODES).last
    assert isinstance(failed, RunFailed)
    assert (failed.node, failed.message) == ("same", "3 is brittle")


def test_an_equal_node_that_comes_later_fails_by_itself_too(play: Any) -> None:
    """Also while what the failed one has left is still held by its item."""
    has_failed = threading.Event()

    @node("Brittle", category="test")
    def breaks(*, value: int) -> int:
        """Fail."""
        raise ValueError("brittle")

    @node("After", category="test")
    def after(*, value: int) -> int:
        """Come after that, in the same lane."""
        has_failed.set()
        return value

    @node("Hold", category="test", lane="worker")
    def hold(ctx: Context, *, value: int) -> int:
        """Keep the item in hand until the run ends, or some seconds if it should not."""
        for _ in range(1000):
            ctx.check_cancelled()
            threading.Event().wait(0.005)
        return value

    @node("Late", category="test", lane="worker")
    def late(*, value: int) -> int | Expansion:
        """Expand, once the node in the item has failed, into its equal."""
        assert has_failed.wait(60)
        return Expansion(
            {"late.b": {"class_type": "Brittle", "inputs": {"value": value}}}, (Link("late.b", 0),)
        )

    @node("Add", category="test")
    def add(*, a: int, b: int, c: int) -> int:
        """Add."""
        return a + b + c

    @node("Map", category="test")
    def items(*, items: list[int]) -> list[int] | Each:
        """Need what failed together with what is held; another item is right."""
        nodes = {
            "m.b": {"class_type": "Brittle", "inputs": {"value": 3}},
            "m.h": {"class_type": "Hold", "inputs": {"value": 1}},
            "m.a": {"class_type": "After", "inputs": {"value": 1}},
            "m.s": {"class_type": "Add", "inputs": {"c": ["m.a", 0], "a": ["m.b", 0], "b": ["m.h", 0]}},
        }
        return Each([Expansion(nodes, (Link("m.s", 0),)), Expansion({}, (5,))], 2)

    api = {
        "map": {"class_type": "Map", "inputs": {"items": 1}},
        "out": {"class_type": "Show", "inputs": {"value": ["map", 0]}},
        "late": {"class_type": "Late", "inputs": {"value": 3}},
        "shown": {"class_type": "Show", "inputs": {"value": ["late", 0]}},
    }
    last = play(api, [breaks, after, hold, late, items, add, show]).last
    assert isinstance(last, RunFailed)
    assert last.node == "late.b"


def test_cancel_between_items(play: Any) -> None:
    cancel = CancelToken()

    @node("Stop", category="test")
    def stop(*, value: int) -> int:
        """Be cancelled at the third item."""
        if value == 2:
            cancel.cancel()
        return value

    played = play(flow(1000, "Stop"), [several, over_all, stop, show], cancel=cancel)
    assert isinstance(played.last, RunCancelled)
    assert len(MADE) < 10


class Heavy:
    """Stands for a tensor: can be watched going away."""


def test_ten_thousand_items_take_the_room_of_a_few(play: Any) -> None:
    alive: weakref.WeakSet[Heavy] = weakref.WeakSet()
    most_alive = most_nodes = 0

    @node("Make", category="test")
    def make(*, value: int) -> Any_:
        """Make something heavy."""
        heavy = Heavy()
        alive.add(heavy)
        return heavy

    @node("Measure", category="test")
    def measure(*, heavy: Any_, number: int, graph: Annotated[RunningGraph, Hidden("DYNPROMPT")]) -> int:
        """Look how much there is."""
        nonlocal most_alive, most_nodes
        most_alive, most_nodes = max(most_alive, len(alive)), max(most_nodes, len(graph.nodes))
        return number

    @node("Long", category="test")
    def long(ctx: Context, *, items: list[int]) -> list[int] | Each:
        """Give each item a body of two nodes."""

        def expansions() -> Iterator[Expansion]:
            for item in items:
                a, b = f"{ctx.prefix}{item}.a", f"{ctx.prefix}{item}.b"
                nodes = {
                    a: {"class_type": "Make", "inputs": {"value": item}},
                    b: {"class_type": "Measure", "inputs": {"heavy": [a, 0], "number": item}},
                }
                yield Expansion(nodes, (Link(b, 0),))

        return Each(expansions(), len(items))

    count = 10_000
    api = {
        "several": {"class_type": "Several", "inputs": {"count": count}},
        "map": {"class_type": "Long", "inputs": {"items": ["several", 0]}},
        "sum": {"class_type": "Sum", "inputs": {"items": ["map", 0]}},
        "out": {"class_type": "Show", "inputs": {"value": ["sum", 0]}},
    }
    gc.collect()
    played = play(api, [several, make, measure, long, total, show], cache=MemoryCache(0))
    assert played.shown == {"out": [sum(range(count))]}
    assert most_alive <= 3
    assert most_nodes <= 4 + 3 * 3
    assert not alive
