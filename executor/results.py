"""What a node function may return besides its plain outputs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from .problems import Json

if TYPE_CHECKING:
    from .graph import Node


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
