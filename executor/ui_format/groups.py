"""Legacy group nodes made into subgraphs: what of its inner nodes a group shows, and under which names."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from ..node_types.declaration import NodeTable
from .document import VIRTUAL, Definition, Group, Item, Sheet, Slot, Wire
from .fields import fields_of

ENTRY, EXIT = "-10", "-20"


def opened(group: Group, table: NodeTable) -> Definition:
    """Return a group as a subgraph.

    It shows, node by node, each input that no inner link leads to, and each output that none leaves from.
    """
    linked = {(wire.target, wire.target_slot): name for name, wire in group.sheet.wires.items()}
    used = {(wire.origin, wire.slot) for wire in group.sheet.wires.values()}
    wires = dict(group.sheet.wires)
    inner: dict[str, Item] = {}
    shown: list[Slot] = []
    taken: set[str] = set()
    outputs = 0
    for item in group.sheet.items.values():
        slots: list[Slot] = []
        for number, slot in enumerate(_all_slots(item, table)):
            link = linked.get((item.id, number))
            if link is None and (item.id, slot.name) not in group.hidden_inputs:
                link = f"to {item.id} {number}"
                wires[link] = Wire(ENTRY, len(shown), item.id, number)
                name = _unique(group.renamed.get((item.id, slot.name), slot.name), item, taken)
                shown.append(replace(slot, name=name))
            slots.append(replace(slot, link=link))
        inner[item.id] = replace(item, inputs=tuple(slots))
        for number in range(len(item.outputs)):
            place = (item.id, number)
            if place not in group.hidden_outputs and (place not in used or place in group.outside):
                wires[f"from {item.id} {number}"] = Wire(item.id, number, EXIT, outputs)
                outputs += 1
    return Definition(group.name, Sheet(inner, wires), tuple(shown), ENTRY, EXIT, group=True)


def _all_slots(item: Item, table: NodeTable) -> Iterator[Slot]:
    """Yield the inputs of a node, after them the fields that its file had no inputs for."""
    fields = {field.name for field in fields_of(table[item.type])} if item.type in table else set[str]()
    for slot in item.inputs:
        yield replace(slot, widget=slot.widget or slot.name in fields, link=None)
    if item.type in table and item.type not in VIRTUAL:
        present = {slot.name for slot in item.inputs}
        for spec in table[item.type].inputs.values():
            if spec.name in fields and spec.name not in present:
                yield Slot(spec.name, spec.type, widget=True)


def _unique(name: str, item: Item, taken: set[str]) -> str:
    """Return a name that no other input of the group has: a second one says whose it is."""
    found = name
    number = 1
    while found in taken:
        found = f"{item.title or item.type} {name}" + (f" {number}" if number > 1 else "")
        number += 1
    taken.add(found)
    return found
