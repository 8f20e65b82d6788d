"""What a node function may return besides its plain outputs, and what a slot may hold besides one value."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ..problems import Json

if TYPE_CHECKING:
    from ..graphs.graph import Node
    from ..memory.manager import Way, Weights


@dataclass(frozen=True, slots=True)
class Ui:
    """What an output node shows, and the files it wrote.

    `shown` goes to clients as it is, e.g. {"images": [{"filename", "subfolder", "type"}]}. When one of
    `files` is gone, the node counts as not computed. `outputs` are the node's outputs, if it has any.
    """

    shown: Mapping[str, Json]
    files: tuple[Path, ...] = ()
    outputs: tuple[object, ...] = ()


@dataclass(frozen=True, slots=True)
class Expansion:
    """Nodes that take the place of the one that returns them, and what its outputs then are.

    Ids must be new in the running graph and the same on every run; begin them with the node's own id
    and a dot. A node is a `Node` or an API-format object, and may link to nodes of the
    running graph. `outputs` has a `Link` or a value for every output.
    """

    nodes: Mapping[str, Node | Mapping[str, object]] = field(
        default_factory=dict[str, "Node | Mapping[str, object]"]
    )
    outputs: Sequence[object] = ()


@dataclass(frozen=True, slots=True)
class Each:
    """Expansions that are worked through a few at a time, one for each item of a collection.

    Every output of the node is a list and gets what the items' outputs lead to, in the order of the items.
    The next item is drawn from `items` when one of the `together` items in hand is done, and nothing is kept
    of that but its outputs. An item in which a node fails is told and left out, as is one that gives
    `Blocked`; when all fail, so does the node. `count` is the number of items, for the progress told.
    """

    items: Iterable[Expansion]
    count: int
    together: int = 2


@dataclass(frozen=True, slots=True)
class Blocked:
    """A value that blocks its users: they are not called, and what they would give is blocked too.

    The first ones to get it tell the `message`; None blocks silently. The engine gives one that is `failed`
    in place of what a node would have given that failed for one item of a collection.
    """

    message: str | None = None
    failed: bool = field(default=False, kw_only=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreseen:
    """What a node will give and need, as far as sizes tell.

    `outputs` are values of the sizes that the node's outputs will have, in their order, as many as are known;
    other nodes' `foresees=` get them. Of `ways` to compute with `weights` one must fit.
    """

    outputs: tuple[object, ...] = ()
    ways: Sequence[Way] = ()
    weights: Sequence[Weights] = ()


@dataclass(frozen=True, slots=True)
class Many:
    """What an output slot holds that has not one value but a list of them, maybe empty; never one.

    Nodes neither get nor give it: the engine calls them for each value, or hands over a plain list.
    """

    values: tuple[object, ...]


def values_of(held: object) -> tuple[object, ...]:
    """Return the values that a slot holds."""
    return held.values if isinstance(held, Many) else (held,)


def held_as(values: Sequence[object]) -> object:
    """Return what a slot holds for these values."""
    return values[0] if len(values) == 1 else Many(tuple(values))
