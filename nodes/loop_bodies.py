"""The nodes between the start and the end of a loop, and their copies for each turn."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..executor import Link, Node, RunningGraph
from ..executor.graphs.order import sources_first


def start_of(graph: RunningGraph, end: str, kind: str) -> str:
    """Return the id of the node that begins the loop which `end` ends.

    Raises ValueError when the input `loop` of `end` does not come from a node of class `kind`.
    """
    ending = graph.nodes[end]
    link = ending.inputs["loop"]
    if not isinstance(link, Link):
        raise ValueError(f"{ending.class_type} wants its `loop` linked to a {kind}")
    found = graph.nodes[link.node].class_type
    if found != kind:
        raise ValueError(f"{ending.class_type} wants its `loop` from a {kind}, not from {found}")
    return link.node


def body_between(graph: RunningGraph, start: str, lasts: Iterable[str]) -> list[str]:
    """Name the nodes on the ways from a loop's start to `lasts`, each after its sources."""

    def sources(name: str) -> list[str]:
        return [] if name == start else [link.node for _, link in graph.nodes[name].links()]

    order, _ = sources_first(lasts, sources)
    inside = {start}
    for name in order:
        if not inside.isdisjoint(sources(name)):
            inside.add(name)
    return [name for name in order if name in inside and name != start]


def body_after(graph: RunningGraph, start: str, end: str) -> list[str]:
    """Name the nodes that what a loop's start gives leads to, up to its end, also those that only show it.

    Raises ValueError when one of them also needs what the end gives.
    """
    maker = graph.parents.get(end)
    users: dict[str, list[str]] = {}
    for name, node in tuple(graph.nodes.items()):
        if graph.parents.get(name) == maker:
            for _, link in node.links():
                users.setdefault(link.node, []).append(name)
    body = _reached(users, start, stop=end)
    if both := sorted(body & _reached(users, end, stop=start)):
        raise ValueError(
            f"node {both[0]!r} uses a value of inside the loop and the result of its end, {end!r}; it can be "
            "inside or after the loop, not both"
        )
    return [name for name in graph.nodes if name in body]


def _reached(users: dict[str, list[str]], first: str, stop: str) -> set[str]:
    reached: set[str] = set()
    waiting = [first]
    while waiting:
        new = {name for name in users.get(waiting.pop(), ()) if name != stop} - reached
        reached |= new
        waiting += new
    return reached


@dataclass(frozen=True)
class Turn:
    """One turn of a loop: the `body`, how the ids of its copies begin, and what its start gives by slot.

    A `prefix` that the body has already is taken off first: it is that of the turn before.
    """

    graph: RunningGraph
    body: frozenset[str]
    start: str
    given: Sequence[object]
    prefix: str
    before: str = ""

    def copies(self) -> dict[str, Node]:
        """Return the copies by their ids; each stands for the node that the user sees."""
        return {self.name(name): self._copy(name) for name in self.graph.nodes if name in self.body}

    def name(self, name: str) -> str:
        """Return the id of a node's copy."""
        return self.prefix + name.removeprefix(self.before)

    def seen(self, given: object) -> object:
        """Return an input as this turn sees it: links into the loop lead to this turn's copies."""
        if not isinstance(given, Link):
            return given
        if given.node == self.start:
            return self.given[given.slot]
        return Link(self.name(given.node), given.slot) if given.node in self.body else given

    def _copy(self, name: str) -> Node:
        node = self.graph.nodes[name]
        inputs = {key: self.seen(given) for key, given in node.inputs.items()}
        shown = {"override_display_id": self.graph.shown.get(name, name)}
        return Node(self.name(name), node.class_type, inputs, node.title, shown)
