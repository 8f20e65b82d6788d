"""Loops: the nodes between a start and an end, copied once for each turn.

A loop is no special case of the engine. Its end expands into copies of its body, each linked to the one
before, so every turn has a content key of its own: a loop that was stopped goes on where it was, and two
loops that begin alike compute their common turns once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, NamedTuple

from ..executor import (
    Advanced,
    Blocked,
    Context,
    Expansion,
    Hidden,
    Link,
    Node,
    Optional,
    Port,
    Range,
    RawLink,
    RunningGraph,
    node,
)
from .loop_bodies import Turn, body_after, body_between, start_of
from .ports import Any_, Loop

MOST_TURNS = 100_000

Raw = Annotated[Any, Port("*"), RawLink()]
Running = Annotated[RunningGraph, Hidden("DYNPROMPT")]
Id = Annotated[str, Hidden("UNIQUE_ID")]
WhileLoop = Annotated[None, Port("WHILE_LOOP")]
EachLoop = Annotated[Sequence[Any], Port("EACH_LOOP")]
"""The items of a loop over a list; links its end to its start."""


class LoopTurn(NamedTuple):
    """What the body of a loop sees."""

    value: Any_
    turn: int
    loop: Loop
    value_2: Any_
    value_3: Any_


class Carried(NamedTuple):
    """What a loop carries from turn to turn."""

    value: Any_
    value_2: Any_
    value_3: Any_


@node("LoopStart", category="logic/loop", display_name="Loop Start")
def loop_start(
    *,
    initial: Any_,
    count: Annotated[int, Range(0, MOST_TURNS)] = 10,
    initial_2: Any_ | None = None,
    initial_3: Any_ | None = None,
) -> LoopTurn:
    """Begin a loop: `value` is `initial` in the first turn, later what LoopEnd got in the turn before.

    Two more values may be carried along.
    """
    return LoopTurn(initial, 0, count, initial_2, initial_3)


@node("LoopEnd", category="logic/loop", display_name="Loop End")
def loop_end(
    ctx: Context,
    *,
    loop: Loop,
    value: Raw,
    value_2: Raw | None = None,
    value_3: Raw | None = None,
    graph: Running,
    node_id: Id,
) -> Carried | Expansion:
    """End a loop: gives the values of the last turn, or the initial ones when there is no turn."""
    start = start_of(graph, node_id, "LoopStart")
    values = (value, value_2, value_3)
    lasts = [link.node for link in values if isinstance(link, Link)]
    body = frozenset(body_between(graph, start, lasts))
    carried = _initial(graph.nodes[start])
    copies: dict[str, Node] = {}
    for index in range(loop):
        ctx.check_cancelled()
        given = (carried[0], index, loop, *carried[1:])
        turn = Turn(graph, body, start, given, f"{ctx.prefix}{index}.")
        copies |= turn.copies()
        carried = _carried(turn, values, carried)
    return Expansion(copies, carried)


class EachTurn(NamedTuple):
    """What the body of a loop over a list sees."""

    item: Any_ | Blocked
    value: Any_ | Blocked
    number: int | Blocked
    loop: EachLoop


@node("ForEachStart", category="logic/loop", display_name="For Each Start")
def for_each_start(*, items: list[Any_], initial: Any_ | None = None) -> EachTurn:
    """Begin a loop over a list: each turn sees one `item`, and as `value` what the turn before ended with.

    `initial` is the first `value`. To treat items apart from each other, use MapStart.
    """
    return EachTurn(Blocked(), Blocked(), Blocked(), tuple(items))


@node("ForEachEnd", category="logic/loop", display_name="For Each End", output=True)
def for_each_end(
    ctx: Context, *, loop: EachLoop, value: Raw, graph: Running, node_id: Id
) -> Any_ | Expansion:
    """End a loop over a list: gives `value` of the last turn, or `initial` when there are no items."""
    start = start_of(graph, node_id, "ForEachStart")
    body = frozenset(body_after(graph, start, node_id))
    carried = graph.nodes[start].inputs.get("initial")
    copies: dict[str, Node] = {}
    for index, item in enumerate(loop):
        ctx.check_cancelled()
        made, seen = item_node(f"{ctx.prefix}{index}", graph.nodes[start].inputs["items"], index, item)
        turn = Turn(graph, body, start, (seen, carried, index, Blocked()), f"{ctx.prefix}{index}.")
        copies |= made | turn.copies()
        carried = turn.seen(value)
    return Expansion(copies, (carried,))


def item_node(name: str, items: object, index: int, item: object) -> tuple[dict[str, Node], object]:
    """Return how a turn sees an item of a list: as a value where JSON has it, else by a node that picks it.

    A value decides what is cached by itself, whatever list it stands in.
    """
    if item is None or isinstance(item, bool | int | float | str):
        return {}, item
    return {name: Node(name, "ListItem", {"items": items, "index": index})}, Link(name, 0)


class WhileTurn(NamedTuple):
    """What the body of a loop with a condition sees."""

    value: Any_
    turn: int
    loop: WhileLoop
    value_2: Any_
    value_3: Any_


@node("WhileStart", category="logic/loop", display_name="While Start")
def while_start(
    *,
    initial: Any_,
    initial_2: Any_ | None = None,
    initial_3: Any_ | None = None,
    turn: Annotated[int, Range(0, MOST_TURNS), Advanced(), Optional()] = 0,
) -> WhileTurn:
    """Begin a loop with a condition: `value` is what WhileEnd got in the turn before, at first `initial`.

    `turn` is counted up by the loop itself.
    """
    return WhileTurn(initial, turn, None, initial_2, initial_3)


class Ended(NamedTuple):
    """What a loop with a condition carried to its end, and how many turns that took."""

    value: Any_
    turns: int
    value_2: Any_
    value_3: Any_


@node("WhileEnd", category="logic/loop", display_name="While End", output=True)
def while_end(
    ctx: Context,
    *,
    loop: WhileLoop,
    condition: bool,
    most: Annotated[int, Range(0, MOST_TURNS)] = 100,
    value: Raw,
    value_2: Raw | None = None,
    value_3: Raw | None = None,
    graph: Running,
    node_id: Id,
) -> Ended | Expansion:
    """End a loop with a condition: as long as `condition` is true for what a turn begins with, it is made.

    Gives the values for which the condition is not true, or after `most` turns those that there are then, and
    the number of turns.
    """
    start = start_of(graph, node_id, "WhileStart")
    begun = graph.nodes[start]
    turn = begun.inputs.get("turn", 0)
    if not isinstance(turn, int):
        raise ValueError("WhileEnd wants `turn` of its WhileStart as a number, not linked")
    before = _initial(begun)
    if not condition or turn >= most:
        return Expansion({}, (before[0], turn, *before[1:]))
    carried = [
        old if new is None else new for new, old in zip((value, value_2, value_3), before, strict=True)
    ]

    root = ctx.prefix.removesuffix(f"{turn}.") if turn else ctx.prefix
    there, here = f"{root}{turn}." if turn else "", f"{root}{turn + 1}."
    first = here + start.removeprefix(there)
    links = tuple(Link(first, slot) for slot in range(len(WhileTurn._fields)))
    body = frozenset(body_after(graph, start, node_id))
    following = Turn(graph, body, start, links, here, there)
    initial = dict(zip(INITIAL, carried, strict=True))
    inputs = {name: following.seen(given) for name, given in graph.nodes[node_id].inputs.items()}
    last = f"{root}{turn + 1}"
    shown = {"override_display_id": graph.shown.get(node_id, node_id)}
    copies = {
        first: Node(first, "WhileStart", {**initial, "turn": turn + 1}),
        **following.copies(),
        last: Node(last, "WhileEnd", inputs, extra=shown),
    }
    return Expansion(copies, tuple(Link(last, slot) for slot in range(len(Ended._fields))))


INITIAL = ("initial", "initial_2", "initial_3")


def _initial(start: Node) -> tuple[object, ...]:
    return tuple(start.inputs.get(name) for name in INITIAL)


def _carried(turn: Turn, values: Sequence[object], before: Sequence[object]) -> tuple[object, ...]:
    """Return what a turn hands on; a value that is not linked stays as it is."""
    return tuple(
        old if given is None else turn.seen(given) for given, old in zip(values, before, strict=True)
    )
