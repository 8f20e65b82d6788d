"""Subgraphs unfolded: each instance with its own inner nodes, their execution ids, its values for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from ..graphs.order import knots, sources_first, way_around
from ..node_types.declaration import NodeTable
from ..problems import Problem, WorkflowError
from .document import Definition, Document, Item, Sheet, Slot
from .fields import Field, fields_of_item, known_type, matched
from .limits import MOST_NODES

DEEPEST = 500
"""How many subgraphs may lie inside of each other: every one makes the ids inside it longer."""

OWN = "-1"
"""In a subgraph's list of shown fields stands for the subgraph's own input, in place of an inner node."""

AFTER = "control_after_generate"
"""What such a list calls the word behind a seed."""


@dataclass(frozen=True, eq=False)
class Scope:
    """A sheet where it is used: the file's own, or the inside of one instance of a subgraph.

    `prefix` stands before the ids of its nodes. `fields` are values for fields of its nodes, by id, then by
    name, that replace the nodes' own; `literals` values for its inputs that are not linked, by name. `inside`
    are the scopes of its instances.
    """

    sheet: Sheet
    prefix: str = ""
    instance: Item | None = None
    definition: Definition | None = None
    outer: Scope | None = None
    fields: Mapping[str, Mapping[str, object]] = field(default_factory=dict[str, Mapping[str, object]])
    literals: Mapping[str, object] = field(default_factory=dict[str, object])
    inside: dict[str, Scope] = field(default_factory=dict[str, "Scope"])

    def id_of(self, item: Item) -> str:
        """Return the id that a node of this scope is run under."""
        return self.prefix + item.id

    @cached_property
    def outer_slots(self) -> tuple[Slot | None, ...]:
        """The instance's inputs, in the order of the definition's.

        They go by name; one whose name the definition does not have by its place.
        """
        if self.instance is None or self.definition is None:
            return ()
        inner, outer = self.definition.inputs, self.instance.inputs
        if self.definition.group:  # its fields are not always among the instance's inputs
            plain = iter([slot for slot in outer if not slot.widget])
            placed = [None if slot.widget else next(plain, None) for slot in inner]
        else:
            placed = [outer[number] if number < len(outer) else None for number in range(len(inner))]
        named = {slot.name: slot for slot in reversed(outer)}
        known = {slot.name for slot in inner}
        return tuple(
            named.get(slot.name, None if found is None or found.name in known else found)
            for slot, found in zip(inner, placed, strict=True)
        )


def unfolded(
    document: Document, definitions: Mapping[str, Definition], table: NodeTable, most: int = MOST_NODES
) -> Scope:
    """Return the scope of the file's own nodes, with those inside it, `most` in all.

    Raises `WorkflowError` when a subgraph contains itself, or unfolding takes too much.
    """
    _require_finite(document.sheet, definitions, most)
    root = Scope(document.sheet)
    waiting = [root]
    while waiting:
        scope = waiting.pop()
        for item in scope.sheet.items.values():
            definition = definitions.get(item.type)
            if definition is not None and item.live:
                fields, literals = _given(item, definition, scope, table)
                inner = Scope(
                    definition.sheet, f"{scope.id_of(item)}:", item, definition, scope, fields, literals
                )
                scope.inside[item.id] = inner
                waiting.append(inner)
    return root


def placed_items(root: Scope) -> Iterator[tuple[Scope, Item]]:
    """Yield each node with its scope, those inside of an instance where the instance stands."""
    waiting = [(root, iter(root.sheet.items.values()))]
    while waiting:
        scope, items = waiting[-1]
        for item in items:
            if (inner := scope.inside.get(item.id)) is not None:
                waiting.append((inner, iter(inner.sheet.items.values())))
                break
            yield scope, item
        else:
            waiting.pop()


def _require_finite(sheet: Sheet, definitions: Mapping[str, Definition], most: int) -> None:
    def instances(held: Sheet) -> list[str]:
        return [item.type for item in held.items.values() if item.type in definitions and item.live]

    inner = {name: instances(definition.sheet) for name, definition in definitions.items()}
    order, cyclic = sources_first(instances(sheet), inner.__getitem__)
    if cyclic:
        raise WorkflowError(
            Problem(
                code="bad_subgraph",
                message=f"a subgraph contains itself: {way_around(cycle)}",
                facts={"nodes": cycle},
            )
            for cycle in ([_title(definitions[name]) for name in found] for found, _ in knots(inner))
        )
    sizes: dict[str, int] = {}
    depths: dict[str, int] = {}
    for name in order:
        sizes[name] = len(definitions[name].sheet.items) + sum(sizes[one] for one in inner[name])
        depths[name] = 1 + max((depths[one] for one in inner[name]), default=0)
    size = len(sheet.items) + sum(sizes[name] for name in instances(sheet))
    if size > most:
        message = f"its subgraphs unfold to {size:.3g} nodes" if size < 1e300 else "its subgraphs never end"
        message = f"{message}; at most {most} can be run"
    elif (depth := max(depths.values(), default=0)) > DEEPEST:
        message = f"{depth} subgraphs lie inside of each other; at most {DEEPEST} can be run"
    else:
        return
    raise WorkflowError([Problem(code="bad_subgraph", message=message)])


def _title(definition: Definition) -> str:
    return repr(definition.name)


def _given(
    item: Item, definition: Definition, scope: Scope, table: NodeTable
) -> tuple[dict[str, dict[str, object]], dict[str, object]]:
    """Return the values that an instance has for fields of its inner nodes, and for its inputs."""
    shown = list(_shown(item, definition, table))
    stored = item.values
    given: list[tuple[str, str, object]] = []
    if isinstance(stored, Mapping):
        given += ((inner, one.name, stored[one.name]) for inner, one in shown if one.name in stored)
    else:
        own = [(inner, one) for inner, one in shown if inner == OWN]
        # Where the list is as long as the subgraph's own fields, inner nodes hold the values of the others.
        places = own if len(own) == len(stored) else shown
        numbered = [replace(one, name=str(number)) for number, (_, one) in enumerate(places)]
        for number, value in matched(numbered, stored).items():
            inner, one = places[int(number)]
            given.append((inner, one.name, value))
    if above := scope.fields.get(item.id):  # of two fields of one name the first is meant
        holders = {one.name: inner for inner, one in reversed(shown)}
        given += ((holders[name], name, value) for name, value in above.items() if name in holders)
    fields: dict[str, dict[str, object]] = {}
    for inner, name, value in given:
        fields.setdefault(inner, {})[name] = value
    return fields, fields.pop(OWN, {})


def _shown(item: Item, definition: Definition, table: NodeTable) -> Iterator[tuple[str, Field]]:
    """Yield the fields that an instance shows, in the order of its values, with the inner nodes of each."""
    inner = definition.sheet.items
    if definition.group:
        for one in inner.values():
            yield from ((one.id, found) for found in fields_of_item(one, table))
        return
    entries = definition.entries
    numbers = {slot.name: number for number, slot in enumerate(definition.inputs)}
    targets = {name: entries[number] for name, number in numbers.items() if number in entries}
    if item.proxies:
        for holder, name in item.proxies:
            node, input_name = (holder, name) if holder != OWN else targets.get(name, ("", ""))
            yield holder, _field(name, inner.get(node), input_name, table)
        return
    said = {slot.name for slot in item.inputs if slot.widget}
    for name, (node, input_name) in targets.items():
        found = _field(name, inner.get(node), input_name, table)
        widgets = {slot.name for slot in inner[node].inputs if slot.widget}
        known = found.spec.widget if found.spec is not None else input_name in widgets
        if name in said if said else known:
            yield OWN, found


def _field(name: str, inner: Item | None, input_name: str, table: NodeTable) -> Field:
    if name == AFTER:
        return Field(name, None, "control")
    known = known_type(inner, table) if inner is not None else None
    return Field(name, known.inputs.get(input_name) if known is not None else None)
