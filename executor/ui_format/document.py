"""The editor's file in one typed form, whatever version it was saved in. Ids are text: 5 and "5" are one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

MUTED, BYPASSED = 2, 4
"""The modes that keep a node from running; 0, 1 and 3 run."""

REROUTE, PRIMITIVE = "Reroute", "PrimitiveNode"
VIRTUAL = frozenset({REROUTE, PRIMITIVE, "Note", "MarkdownNote"})
"""Nodes that only the editor knows."""

RENAMED: Mapping[str, str] = {"ConditioningAverage ": "ConditioningAverage"}
"""Names of types that old files have, and what they became."""

Values = Sequence[object] | Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Slot:
    """An input or output of a node: its name, its type ("*" is anything), for inputs the id of its link.

    `widget` tells that the editor shows a field for it.
    """

    name: str
    type: str = "*"
    link: str | None = None
    widget: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A node as the editor saved it.

    `values` are what its fields hold, in their order or by name. `proxies` are the fields of inner nodes that
    a subgraph shows, as (inner id, name); the inner id "-1" is the subgraph's own input. `called` is the
    name that texts refer to it by.
    """

    id: str
    type: str
    mode: int = 0
    title: str = ""
    called: str = ""
    inputs: tuple[Slot, ...] = ()
    outputs: tuple[Slot, ...] = ()
    values: Values = ()
    proxies: tuple[tuple[str, str], ...] = ()

    @property
    def live(self) -> bool:
        """Whether the node runs, if it is one that can."""
        return self.mode not in (MUTED, BYPASSED)

    @property
    def first_value(self) -> object:
        """What the first of its fields holds; None without one. For a primitive that is its value."""
        return next(iter(self.values.values() if isinstance(self.values, Mapping) else self.values), None)

    def named(self, prefix: str = "") -> str:
        """Return what to call the node in a message; `prefix` says which subgraph it lies in, "12:"."""
        return f"node {prefix}{self.id}" + (f' "{self.title}"' if self.title else f" ({self.type})")


@dataclass(frozen=True, slots=True)
class Wire:
    """A link: from output `slot` of node `origin` to input `target_slot` of node `target`."""

    origin: str
    slot: int
    target: str
    target_slot: int


@dataclass(frozen=True)
class Sheet:
    """Nodes and links that lie side by side, by their ids."""

    items: Mapping[str, Item]
    wires: Mapping[str, Wire]


@dataclass(frozen=True)
class Definition:
    """What is inside of a subgraph, and its inputs.

    Links from the node `entry` come from outside; those to the node `exit` lead there. A `group` was a legacy
    group node: the values of its instances are those of all its inner nodes in turn.
    """

    name: str
    sheet: Sheet
    inputs: tuple[Slot, ...]
    entry: str = "-10"
    exit: str = "-20"
    group: bool = False

    @cached_property
    def exits(self) -> Mapping[int, str]:
        """The link that leads to each output."""
        found: dict[int, str] = {}
        for name, wire in self.sheet.wires.items():
            if wire.target == self.exit:
                found.setdefault(wire.target_slot, name)
        return found

    @cached_property
    def entries(self) -> Mapping[int, tuple[str, str]]:
        """The first inner node that each input leads to, with the name of that node's input."""
        found: dict[int, tuple[str, str]] = {}
        for item in self.sheet.items.values():
            for slot in item.inputs:
                wire = self.sheet.wires.get(slot.link) if slot.link is not None else None
                if wire is not None and wire.origin == self.entry:
                    found.setdefault(wire.slot, (item.id, slot.name))
        return found


@dataclass(frozen=True)
class Group:
    """What is inside of a legacy group node; what it shows of that follows from the types of its nodes.

    `outside` are outputs, as (inner id, number), that are shown although inner nodes use them. `hidden` are
    inputs and outputs that are not shown, `renamed` names of inputs.
    """

    name: str
    sheet: Sheet
    outside: frozenset[tuple[str, int]] = frozenset()
    hidden_inputs: frozenset[tuple[str, str]] = frozenset()
    hidden_outputs: frozenset[tuple[str, int]] = frozenset()
    renamed: Mapping[tuple[str, str], str] = field(default_factory=dict[tuple[str, str], str])


@dataclass(frozen=True)
class Document:
    """A whole file: its nodes, and the subgraphs they use by the type that an instance has."""

    sheet: Sheet
    definitions: Mapping[str, Definition | Group] = field(default_factory=dict[str, "Definition | Group"])
