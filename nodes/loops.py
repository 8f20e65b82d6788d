"""Loops: the nodes between a LoopStart and a LoopEnd, copied once for each turn.

A loop is no special case of the engine. LoopEnd expands into copies of its body, each linked to the one
before, so every turn has a content key of its own: a loop that was stopped goes on where it was, and two
loops that begin alike compute their common turns once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, NamedTuple

from ..executor import Context, Expansion, Graph, Hidden, Link, Node, Port, Range, RawLink, node
from .ports import Any_, Loop


class LoopTurn(NamedTuple):
    """What the body of a loop sees."""

    value: Any_
    turn: int
    loop: Loop


@node("LoopStart", category="logic/loop", display_name="Loop Start")
def loop_start(*, initial: Any_, count: Annotated[int, Range(0, 100_000)] = 10) -> LoopTurn:
    """Begin a loop: `value` is `initial` in the first turn, later what LoopEnd got in the turn before."""
    return LoopTurn(initial, 0, count)


@node("LoopEnd", category="logic/loop", display_name="Loop End")
def loop_end(
    ctx: Context,
    *,
    loop: Loop,
    value: Annotated[Any, Port("*"), RawLink()],
    graph: Annotated[Graph, Hidden("DYNPROMPT")],
    node_id: Annotated[str, Hidden("UNIQUE_ID")],
) -> Any_ | Expansion:
    """End a loop: gives `value` of the last turn, or `initial` when there is no turn."""
    start = graph.nodes[node_id].inputs["loop"]
    if not isinstance(value, Link) or not isinstance(start, Link):
        raise ValueError("LoopEnd wants links: `loop` from a LoopStart, `value` from the loop's body")
    kind = graph.nodes[start.node].class_type
    if kind != "LoopStart":
        raise ValueError(f"LoopEnd wants its `loop` from a LoopStart, not from {kind}")
    body = _body(graph, start.node, value.node)
    carried = graph.nodes[start.node].inputs["initial"]
    copies: dict[str, Node] = {}
    for index in range(loop):
        ctx.check_cancelled()
        turn = _Turn(f"{node_id}.{index}.", start.node, (carried, index, loop), frozenset(body))
        copies |= {turn.prefix + name: turn.copy(graph.nodes[name]) for name in body}
        carried = turn.seen(value)
    return Expansion(copies, (carried,))


@dataclass(frozen=True)
class _Turn:
    """One turn of a loop: how its copies are called, and what its LoopStart gives."""

    prefix: str
    start: str
    given: Sequence[object]
    body: frozenset[str]

    def copy(self, node: Node) -> Node:
        inputs = {name: self.seen(given) for name, given in node.inputs.items()}
        return Node(self.prefix + node.id, node.class_type, inputs, node.title)

    def seen(self, given: object) -> object:
        """Return an input as this turn sees it: links into the loop lead to this turn's copies."""
        if not isinstance(given, Link):
            return given
        if given.node == self.start:
            return self.given[given.slot]
        return Link(self.prefix + given.node, given.slot) if given.node in self.body else given


def _body(graph: Graph, start: str, last: str) -> list[str]:
    """Name the nodes on the ways from the loop's start to `last`, in the graph's own order."""
    after = _reached(graph.dag.successors, start)
    before = {last, *_reached(graph.dag.predecessors, last)}
    return [name for name in graph.nodes if name in after and name in before]


def _reached(neighbours: Callable[[str], Iterable[str]], start: str) -> set[str]:
    """Collect everything that can be reached from `start`."""
    reached: set[str] = set()
    waiting = [start]
    while waiting:
        new = set(neighbours(waiting.pop())) - reached
        reached |= new
        waiting += new
    return reached
