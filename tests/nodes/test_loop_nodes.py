"""Loops over lists, loops with a condition, maps, and nodes that choose: what they compute, and what not."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import pytest

from inkloom.executor import (
    Event,
    Folders,
    Graph,
    MemoryCache,
    NodeBlocked,
    NodeFailed,
    NodeFinished,
    NodeStarted,
    NodeTable,
    Optional,
    Port,
    RunDone,
    RunFailed,
    Ui,
    node,
    run,
)
from inkloom.nodes import lists, logic, loops, maps, numbers

Any_ = Annotated[Any, Port("*")]


@node("Add", category="test")
def add(*, a: int, b: Annotated[int, Optional()] = 1) -> int:
    """Add two numbers."""
    return a + b


@node("Heavy", category="test")
def heavy(*, value: int) -> Any_:
    """Make something that JSON can't hold."""
    return {"of": value}


@node("Light", category="test")
def light(*, heavy: Any_) -> int:
    """Take the number out again."""
    return heavy["of"]


@node("Refuse", category="test")
def refuse(*, value: int, bad: int) -> int:
    """Fail for one number."""
    if value == bad:
        raise ValueError(f"not {value}")
    return value


@node("Show", category="test", output=True)
def show(*, value: Any_) -> Ui:
    """Show a value."""
    return Ui({"value": [value]})


TABLE = NodeTable.collect(sys.modules[__name__], loops, maps, logic, lists, numbers)


@dataclass
class Played:
    events: list[Event]

    @property
    def shown(self) -> dict[str, Any]:
        finished = [event for event in self.events if isinstance(event, NodeFinished)]
        return {event.node: event.ui["value"] for event in finished if event.ui}

    @property
    def calls(self) -> Counter[str]:
        return Counter(event.class_type for event in self.events if isinstance(event, NodeStarted))

    def of(self, kind: type[Any]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]


def play(flow: dict[str, Any], cache: MemoryCache | None = None) -> Played:
    folders = Folders(Path("nowhere"))
    return Played(list(run(Graph.parse(flow), TABLE, folders, cache or MemoryCache(2**24))))


def n(class_type: str, **inputs: Any) -> dict[str, Any]:
    return {"class_type": class_type, "inputs": inputs}


def while_below(limit: int, most: int = 100, start: int = 1) -> dict[str, Any]:
    """Double a number and count the turns as long as it is below a limit."""
    return {
        "start": n("WhileStart", initial=["one", 0], initial_2=["zero", 0]),
        "one": n("Add", a=start, b=0),
        "zero": n("Add", a=0, b=0),
        "double": n("Add", a=["start", 0], b=["start", 0]),
        "count": n("Add", a=["start", 3]),
        "small": n("CompareNumbers", a=["start", 0], b=["limit", 0], comparison="a < b"),
        "limit": n("Add", a=limit, b=0),
        "end": n(
            "WhileEnd",
            loop=["start", 2],
            condition=["small", 0],
            most=most,
            value=["double", 0],
            value_2=["count", 0],
        ),
        "value": n("Show", value=["end", 0]),
        "turns": n("Show", value=["end", 1]),
        "counted": n("Show", value=["end", 2]),
    }


@pytest.mark.parametrize(
    ("limit", "most", "value", "turns"), [(100, 100, 128, 7), (1, 100, 1, 0), (100, 3, 8, 3), (2, 100, 2, 1)]
)
def test_while(limit: int, most: int, value: int, turns: int) -> None:
    played = play(while_below(limit, most))
    assert isinstance(played.events[-1], RunDone), played.events[-1]
    assert played.shown == {"value": [value], "turns": [turns], "counted": [turns]}


def test_turns_of_a_while_are_cached_one_by_one() -> None:
    cache = MemoryCache(2**24)
    play(while_below(100), cache)
    longer = play(while_below(400), cache)
    assert longer.shown["value"] == [512]
    assert longer.calls["Add"] == 2 * 2 + 1, "two new turns, and the limit"


def test_a_long_while() -> None:
    flow = while_below(10**9, most=300)
    flow["double"] = n("Add", a=["start", 0], b=2)
    played = play(flow)
    assert played.shown == {"value": [601], "turns": [300], "counted": [300]}
    names = [event.node for event in played.of(NodeStarted)]
    assert max(map(len, names)) == len("end.300.double"), "ids do not grow with the turns"


def for_each(items: list[Any], **body: Any) -> dict[str, Any]:
    return {
        "start": n("ForEachStart", items=items, initial=["first", 0]),
        "first": n("Add", a=100, b=0),
        "sum": n("Add", a=["start", 0], b=["start", 1]),
        "end": n("ForEachEnd", loop=["start", 3], value=["sum", 0]),
        "out": n("Show", value=["end", 0]),
        "numbers": n("ListOfNumbers", start=3, count=4, step=2),
        "none": n("ListOfNumbers", start=3, count=0, step=2),
        "heavy": n("Heavy", value=["numbers", 0]),
        **body,
    }


@pytest.mark.parametrize(
    ("flow", "value"),
    [
        (for_each(["numbers", 0]), 100 + 3 + 5 + 7 + 9),
        (for_each(["none", 0]), 100),
        (for_each(["first", 0]), 200),
        (
            for_each(
                ["heavy", 0],
                light=n("Light", heavy=["start", 0]),
                sum=n("Add", a=["light", 0], b=["start", 1]),
            ),
            100 + 3 + 5 + 7 + 9,
        ),
        (for_each(["numbers", 0], sum=n("Add", a=["start", 2], b=["start", 1])), 100 + 0 + 1 + 2 + 3),
    ],
)
def test_for_each(flow: dict[str, Any], value: int) -> None:
    played = play(flow)
    assert isinstance(played.events[-1], RunDone), played.events[-1]
    assert played.shown == {"out": [value]}


def test_what_a_loop_shows_on_the_way_is_shown_in_every_turn() -> None:
    played = play(for_each(["numbers", 0], on_the_way=n("Show", value=["sum", 0])))
    assert [value for name, value in played.shown.items() if name != "out"] == [[103], [108], [115], [124]]
    places = {event.display_node for event in played.of(NodeFinished) if event.node.endswith("on_the_way")}
    assert places == {"on_the_way"}, "the copies stand for the node that the user sees"


def mapped(items: list[Any], value: list[Any] | None = None, **body: Any) -> dict[str, Any]:
    flow = for_each(items, **body)
    del flow["first"], flow["sum"]
    value = value or ["more", 0]
    return flow | {
        "start": n("MapStart", items=items),
        "more": n("Add", a=["start", 0]),
        "end": n("MapEnd", loop=["start", 2], value=value, together=2),
        **body,
    }


@pytest.mark.parametrize(
    ("flow", "value"),
    [
        (mapped(["numbers", 0]), [4, 6, 8, 10]),
        (mapped(["none", 0]), None),
        (mapped(["numbers", 0], ["start", 0]), [3, 5, 7, 9]),
        (mapped(["numbers", 0], ["start", 1]), [0, 1, 2, 3]),
        (
            mapped(["heavy", 0], ["light", 0], light=n("Light", heavy=["start", 0]), more=n("Add", a=1)),
            [3, 5, 7, 9],
        ),
        (mapped(["numbers", 0], more=n("Refuse", value=["start", 0], bad=7)), [3, 5, 9]),
    ],
)
def test_map(flow: dict[str, Any], value: list[int] | None) -> None:
    played = play(flow)
    assert isinstance(played.events[-1], RunDone), played.events[-1]
    assert played.shown.get("out") == value


def test_a_map_without_a_value_gives_the_items_that_did_not_fail() -> None:
    flow = mapped(
        ["numbers", 0], more=n("Refuse", value=["start", 0], bad=7), seen=n("Show", value=["more", 0])
    )
    del flow["end"]["inputs"]["value"]
    played = play(flow)
    assert played.shown["out"] == [3, 5, 9]
    assert sorted(value for name, value in played.shown.items() if name != "out") == [[3], [5], [9]]
    [failed] = played.of(NodeFailed)
    assert (failed.message, failed.display_node) == ("not 7", "more")


def test_an_item_decides_its_result_whatever_list_it_stands_in() -> None:
    cache = MemoryCache(2**24)
    play(mapped(["numbers", 0]), cache)
    flow = mapped(["numbers", 0])
    flow["numbers"]["inputs"]["start"] = 5
    played = play(flow, cache)
    assert played.shown == {"out": [6, 8, 10, 12]}
    assert played.calls["Add"] == 1


def test_what_does_not_depend_on_the_item_is_computed_once() -> None:
    flow = mapped(["numbers", 0], more=n("Add", a=["start", 0], b=["same", 0]), same=n("Add", a=10))
    played = play(flow, MemoryCache(0))
    assert played.shown == {"out": [14, 16, 18, 20]}
    assert played.calls["Add"] == 1 + 4


def test_maps_nest_and_loops_run_inside_of_maps() -> None:
    flow = mapped(["numbers", 0], ["inner", 0], more=n("Add", a=0)) | {
        "count": n("ListOfNumbers", start=["start", 0], count=2, step=1),
        "inner_start": n("MapStart", items=["count", 0]),
        "loop": n("LoopStart", initial=["inner_start", 0], count=3),
        "step": n("Add", a=["loop", 0], b=["loop", 1]),
        "loop_end": n("LoopEnd", loop=["loop", 2], value=["step", 0]),
        "inner_end": n("MapEnd", loop=["inner_start", 2], value=["loop_end", 0], together=2),
        "inner": n("ListItem", items=["inner_end", 0], index=-1),
    }
    played = play(flow)
    assert isinstance(played.events[-1], RunDone), played.events[-1]
    assert played.shown == {"out": [value + 1 + 3 for value in (3, 5, 7, 9)]}


@pytest.mark.parametrize(
    ("flow", "message"),
    [
        (
            mapped(
                ["numbers", 0], both=n("Add", a=["start", 0], b=["end", 0]), seen=n("Show", value=["both", 0])
            ),
            "node 'both' uses a value of inside the loop and the result of its end, 'end'; it can be inside "
            "or after the loop, not both",
        ),
        (while_below(3) | {"start": n("WhileStart", initial=["one", 0], turn=["zero", 0])}, "not linked"),
    ],
)
def test_refuses(flow: dict[str, Any], message: str) -> None:
    failed = play(flow).events[-1]
    assert isinstance(failed, RunFailed)
    assert failed.node == "end"
    assert message in failed.message


def test_three_values_are_carried_along() -> None:
    flow = {
        "start": n("LoopStart", initial=["one", 0], count=5, initial_2=["one", 0], initial_3=["nine", 0]),
        "one": n("Add", a=1, b=0),
        "nine": n("Add", a=9, b=0),
        "next": n("Add", a=["start", 0], b=["start", 3]),
        "end": n("LoopEnd", loop=["start", 2], value=["start", 3], value_2=["next", 0]),
        **{f"out{slot}": n("Show", value=["end", slot]) for slot in range(3)},
    }
    assert play(flow).shown == {"out0": [8], "out1": [13], "out2": [9]}


def chosen(class_type: str, **inputs: Any) -> dict[str, Any]:
    return {
        "yes": n("Add", a=1),
        "no": n("Refuse", value=5, bad=5),
        "choice": n(class_type, **inputs),
        "out": n("Show", value=["choice", 0]),
    }


@pytest.mark.parametrize(
    ("flow", "shown", "blocked"),
    [
        (chosen("IfElse", condition=True, on_true=["yes", 0], on_false=["no", 0]), {"out": [2]}, {}),
        (chosen("IfElse", condition=False, on_false=["yes", 0], on_true=["no", 0]), {"out": [2]}, {}),
        (chosen("IfElse", condition=False, on_true=["no", 0]), {}, {"out": None}),
        (chosen("PickInput", index=3, input_3=["yes", 0], input_0=["no", 0]), {"out": [2]}, {}),
        (chosen("Gate", value=["yes", 0], is_open=True, message="no"), {"out": [2]}, {}),
        (chosen("Gate", value=["yes", 0], is_open=False, message="closed"), {}, {"out": "closed"}),
        (chosen("Gate", value=["yes", 0], is_open=False, message=""), {}, {"out": None}),
    ],
)
def test_choices(flow: dict[str, Any], shown: dict[str, Any], blocked: dict[str, Any]) -> None:
    played = play(flow)
    assert isinstance(played.events[-1], RunDone), played.events[-1]
    assert played.shown == shown
    assert {event.node: event.message for event in played.of(NodeBlocked)} == blocked


def test_an_input_that_is_not_linked_can_not_be_picked() -> None:
    failed = play(chosen("PickInput", index=2, input_0=["yes", 0])).events[-1]
    assert isinstance(failed, RunFailed)
    assert failed.message == "PickInput: input_2 is not linked"


@pytest.mark.parametrize(
    ("found", "values"),
    [
        (lists.list_of_lines(text=" a \n\nb", skip_empty=True), ["a", "b"]),
        (lists.list_of_lines(text="a\n\nb\n", skip_empty=False), ["a", "", "b"]),
        (lists.list_of_numbers(start=5, count=3, step=-2), [5, 3, 1]),
        ([lists.list_item(items=[4, 5, 6], index=-1)], [6]),
        ([lists.list_length(items=[4, 5, 6])], [3]),
        (lists.join_lists(first=[1], second=[2, 3], third=None), [1, 2, 3]),
    ],
)
def test_lists(found: Iterable[Any], values: list[Any]) -> None:
    assert list(found) == values


def test_an_item_that_is_not_there() -> None:
    with pytest.raises(ValueError, match="there is no item 3 in a list of 3"):
        lists.list_item(items=[1, 2, 3], index=3)
