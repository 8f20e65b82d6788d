"""Where nodes stand: in columns from left to right, each right of its sources."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ..graphs.order import sources_first

GAP = 60
"""Points between columns."""

BELOW = 50
"""Points between the nodes of a column: the title bar stands above a node's place."""

TALLEST = 4000
"""Points after which a column goes on in another beside it."""


class Place(NamedTuple):
    """The upper left corner of a node, and its number in an order in which sources come first."""

    x: int
    y: int
    order: int


def laid_out(sizes: Mapping[str, tuple[int, int]], sources: Mapping[str, Sequence[str]]) -> dict[str, Place]:
    """Return the places of nodes by id, given their widths and heights, and what each is linked to.

    Nodes of a column stand in the order of their highest source. A cycle does no harm.
    """
    order, _ = sources_first(sizes, sources.__getitem__)
    depths: dict[str, int] = {}
    for name in order:
        depths[name] = 1 + max((depths.get(source, -1) for source in sources[name]), default=-1)
    columns: dict[int, list[str]] = {}
    for name in order:
        columns.setdefault(depths[name], []).append(name)
    numbers = {name: number for number, name in enumerate(order)}
    places: dict[str, Place] = {}
    x = 0
    for depth in sorted(columns):

        def height(name: str) -> tuple[int, int]:
            above = [places[source].y for source in sources[name] if source in places]
            return min(above, default=0), numbers[name]

        y = widest = 0
        for name in sorted(columns[depth], key=height):
            width, tall = sizes[name]
            if y > TALLEST:
                x, y, widest = x + widest + GAP, 0, 0
            places[name] = Place(x, y, numbers[name])
            y += tall + BELOW
            widest = max(widest, width)
        x += widest + GAP
    return places
