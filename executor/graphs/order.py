"""Orders and cycles among named things that wait for each other; no recursion, however long the chain."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence


def sources_first(wanted: Iterable[str], sources: Callable[[str], Iterable[str]]) -> tuple[list[str], bool]:
    """Return all nodes that `wanted` ones need, each after its sources, and whether a cycle was met."""
    order: list[str] = []
    finished: dict[str, bool] = {}
    cyclic = False
    for first in wanted:
        if first in finished:
            continue
        finished[first] = False
        path = [(first, iter(sources(first)))]
        while path:
            name, rest = path[-1]
            for source in rest:
                if source not in finished:
                    finished[source] = False
                    path.append((source, iter(sources(source))))
                    break
                cyclic = cyclic or not finished[source]
            else:
                finished[name] = True
                order.append(name)
                path.pop()
    return order, cyclic


def knots(sources: Mapping[str, list[str]]) -> list[tuple[list[str], set[str]]]:
    """Return each knot of nodes that wait for each other: one cycle in it, along the links, and all members.

    `sources` names for each node those it waits for. A cycle begins with its least name.
    """
    import networkx as nx  # 130 ms that only a broken workflow pays

    users: nx.DiGraph[str] = nx.DiGraph(
        [(source, name) for name, found in sources.items() for source in found]
    )
    return [
        (_cycle_in(members, sources), members)
        for members in nx.strongly_connected_components(users)
        if len(members) > 1 or users.has_edge(*members, *members)
    ]


NAMED = 1000
"""Of so many marked nodes it is kept who needs them: of more, the answer could be as large as n squared."""


def marked_sources(
    wanted: Iterable[str],
    order: Sequence[str],
    sources: Callable[[str], Iterable[str]],
    marked: Collection[str],
    knots: Iterable[Collection[str]],
) -> dict[str, tuple[str, ...]]:
    """Return those of `wanted` that need a marked node or one in a knot, each with the marked ones it needs.

    `order` is what `sources_first` gives; of the marked nodes the first `NAMED` in it are named. Each node
    has a number whose bits stand for the marked nodes above it, so that one walk does it.
    """
    bits = dict(zip((name for name in order if name in marked), (2 << n for n in range(NAMED)), strict=False))
    knot_of = {name: knot for knot in map(frozenset, knots) for name in knot}
    left = {knot: len(knot) for knot in knot_of.values()}
    above: dict[str, int] = {}
    for name in order:
        found = bits.get(name, 0) | (name in marked or name in knot_of)
        for source in sources(name):
            found |= above.get(source, 0)
        above[name] = found
        if knot := knot_of.get(name):
            # Its members all need each other; whoever else needs one of them comes after the last of them.
            left[knot] -= 1
            if not left[knot]:
                for member in knot:
                    found |= above[member]
                above.update(dict.fromkeys(knot, found))
    return {
        name: tuple(source for source, bit in bits.items() if above[name] & bit)
        for name in wanted
        if above[name]
    }


def way_around(cycle: Sequence[str], limit: int = 10) -> str:
    """Write a cycle for a message: "a -> b -> a", without its middle when it is long."""
    more = [f"({len(cycle) - limit} more)"] if len(cycle) > limit else []
    return " -> ".join([*cycle[:limit], *more, cycle[0]])


def _cycle_in(knot: set[str], sources: Mapping[str, list[str]]) -> list[str]:
    """Go from source to source inside a knot until a node comes up again."""
    name = min(knot)
    places: dict[str, int] = {}
    while name not in places:
        places[name] = len(places)
        name = next(source for source in sources[name] if source in knot)
    cycle = list(places)[places[name] :][::-1]
    first = cycle.index(min(cycle))
    return cycle[first:] + cycle[:first]
