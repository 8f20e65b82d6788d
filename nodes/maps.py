"""Work on a collection item by item: each goes through the whole body before the next few are begun."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, NamedTuple

from ..executor import Blocked, Context, Each, Expansion, Link, Port, Range, RawLink, node
from .loop_bodies import Turn, body_after, start_of
from .loops import Id, Running, item_node
from .ports import Any_

MapLoop = Annotated[Sequence[Any], Port("MAP")]
"""The items of a collection; links the end of a map to its start."""


class MapItem(NamedTuple):
    """What the body of a map sees."""

    item: Any_ | Blocked
    number: int | Blocked
    loop: MapLoop


@node("MapStart", category="logic/loop", display_name="Map Start")
def map_start(*, items: list[Any_]) -> MapItem:
    """Begin to work on a collection: what follows, up to MapEnd, is done for each `item` by itself."""
    return MapItem(Blocked(), Blocked(), tuple(items))


@node("MapEnd", category="logic/loop", display_name="Map End", output=True)
def map_end(
    ctx: Context,
    *,
    loop: MapLoop,
    value: Annotated[Any, Port("*"), RawLink()] | None = None,
    together: Annotated[int, Range(1, 16)] = 2,
    graph: Running,
    node_id: Id,
) -> list[Any_] | Each:
    """End the work on a collection: gives the list of what `value` was for each item.

    A few items are worked on `together`; of those that are done only `value` is kept. An item for which a
    node fails is told and left out, and so is one for which `value` is blocked. Nodes that save or show
    something need no link to this one. Without a link to `value` the list is that of the items themselves.
    """
    start = start_of(graph, node_id, "MapStart")
    body = frozenset(body_after(graph, start, node_id))
    items = graph.nodes[start].inputs["items"]
    last = Link(start, 0) if value is None else value

    def expansions() -> Iterator[Expansion]:
        for index, item in enumerate(loop):
            made, seen = item_node(f"{ctx.prefix}{index}", items, index, item)
            turn = Turn(graph, body, start, (seen, index, Blocked()), f"{ctx.prefix}{index}.")
            yield Expansion(made | turn.copies(), (turn.seen(last),))

    return Each(expansions(), len(loop), together)
