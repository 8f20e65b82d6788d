"""A workflow beside its past: the place that each node had, what became of it, and what it took."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal, cast

from ..caches.keys import Key
from ..graphs.graph import Graph
from ..node_types.node_type import Helper
from .history import Cost, History, Shape
from .places import Place, always, place_of
from .reasons import Reason, differences, runs_always

FORGOTTEN = Reason(code="forgotten", text="forgotten: it is in no cache any more")

UPDATED = Reason(code="updated", text="updated: inkloom or a library of it changed since it was computed")

NEVER_SEEN = Reason(code="never_seen", text="never seen")


@dataclass(frozen=True)
class Past:
    """The nodes of a graph with keys, sources first, their places in the last run, and costs by key.

    Ids in `places` are those of the graph; a place whose node is gone keeps its id. `stamp` stands for the
    present code.
    """

    graph: Graph
    keys: Mapping[str, Key]
    places: Mapping[str, Place]
    costs: Mapping[str, Cost]
    stamp: str = ""

    @classmethod
    def of(cls, graph: Graph, keys: Mapping[str, Key], history: History | None) -> Past:
        """Look up the past of a workflow."""
        if history is None:
            return cls(graph, keys, {}, {})
        before = history.places(Shape.of(graph))
        places = _under_present_ids(before, graph, keys)
        asked = {key.digest for key in keys.values()} | {place.key for place in places.values()}
        return cls(graph, keys, places, history.costs(asked), history.stamp)

    def names(self, node: str) -> str:
        """Return what to call a node in a sentence."""
        if node in self.graph.nodes:
            return f"{self.graph.nodes[node].class_type} ({node})"
        place = self.places.get(node)
        return f"{place.class_type} ({node}), which is gone" if place else f"node {node}, which is gone"

    def why(self, node: str) -> list[Reason]:
        """Return why a node that is not cached has to run."""
        digest = self.keys[node].digest
        place, cost = self.places.get(node), self.costs.get(digest)
        if cost is not None and cost.stamp != self.stamp:
            return [UPDATED]
        if cost is not None or (place is not None and place.key == digest):
            return [FORGOTTEN]
        if place is not None:
            return self._changes[node]
        every_time = always(self.keys[node])
        return [NEVER_SEEN, *([] if every_time is None else [runs_always(every_time)])]

    def cost(
        self, node: str, work: Helper | None = None
    ) -> tuple[Cost | None, Literal["same", "other"] | None]:
        """Return what a node took last, and whether that was with the inputs it has now.

        Where it was with others, and `work` tells how much there was to do and is now, the time is adapted.
        """
        key, place = self.keys.get(node), self.places.get(node)
        if key and (cost := self.costs.get(key.digest)):
            return cost, "same"
        if place and (cost := self.costs.get(place.key)):
            return replace(cost, seconds=cost.seconds * _times(work, place, key)), "other"
        return None, None

    @cached_property
    def _changes(self) -> Mapping[str, list[Reason]]:
        """What differs from the last run, for every node; nothing for one that had no place then."""
        changes: dict[str, list[Reason]] = {}
        blamed: dict[str, Sequence[str]] = {}  # for a node that changed those to blame: itself, or some above
        for name, key in self.keys.items():
            place = self.places.get(name)
            changes[name] = []
            if place is None:
                blamed[name] = (name,)
            elif place.key != key.digest:
                now = place_of(self.graph.nodes[name], key)
                found = differences(place, now, self.names, lambda source: blamed.get(source, (source,)))
                changes[name] = found
                own = any(reason.code != "above" for reason in found)
                blamed[name] = (name,) if own else found[0].nodes
        return changes


def _times(work: Helper | None, before: Place, now: Key | None) -> float:
    """Return how many times as much there is to do now as before; 1 where that is not known."""
    if work is None or now is None:
        return 1.0
    was, will = (_amount(work, parts) for parts in (before.inputs, now.inputs))
    return will / was if was and will is not None else 1.0


def _amount(work: Helper, parts: Mapping[str, Sequence[object]]) -> float | None:
    """Return how much there is to do, from the parts of a key; None where not all numbers are written."""
    found = {name: parts[name][1] for name in work.takes or () if name in parts}
    numbers = {name: value for name, value in found.items() if isinstance(value, int | float)}
    return cast(float, work.ask(numbers)) if len(numbers) == len(work.takes or ()) else None


def _under_present_ids(
    before: Mapping[str, Place], graph: Graph, keys: Mapping[str, Key]
) -> dict[str, Place]:
    """Return places under the ids that their nodes have now.

    A node that had no place takes that of one which is gone, when both have the same key, or when they are
    the only ones of their class.
    """
    kept = {
        name: place
        for name, place in before.items()
        if name in graph.nodes and graph.nodes[name].class_type == place.class_type
    }
    gone = {name: place for name, place in before.items() if name not in kept}
    new = {name: key for name, key in keys.items() if name not in kept}
    moved = _pairs({n: p.key for n, p in gone.items()}, {n: k.digest for n, k in new.items()})
    moved |= _pairs(
        {name: place.class_type for name, place in gone.items() if name not in moved},
        {name: key.class_type for name, key in new.items() if name not in moved.values()},
    )
    told = [name for name in before if name in kept or name in moved or name not in graph.nodes]
    return {moved.get(name, name): _relinked(before[name], moved) for name in told}


def _pairs(gone: Mapping[str, str], new: Mapping[str, str]) -> dict[str, str]:
    """Pair ids that are gone with new ones where just one of each has a mark."""
    olds, news = _by_mark(gone), _by_mark(new)
    return {
        old[0]: news[mark][0] for mark, old in olds.items() if len(old) == 1 and len(news.get(mark, ())) == 1
    }


def _by_mark(marks: Mapping[str, str]) -> dict[str, list[str]]:
    ids: dict[str, list[str]] = {}
    for name, mark in marks.items():
        ids.setdefault(mark, []).append(name)
    return ids


def _relinked(place: Place, moved: Mapping[str, str]) -> Place:
    """Return a place with the ids in its links replaced."""
    if not moved:
        return place
    inputs = {
        name: [part[0], moved.get(str(part[1]), part[1]), *part[2:]] if part[0] == "link" else part
        for name, part in place.inputs.items()
    }
    return replace(place, inputs=inputs)
