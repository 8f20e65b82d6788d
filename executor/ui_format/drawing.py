"""A `Graph` as a file of the editor, version 0.4, with its nodes laid out in columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from ..graphs.graph import BadLink, Graph, Link, Node
from ..node_types.declaration import NodeTable
from ..node_types.node_type import UNSET, NodeType
from ..problems import Problem, WorkflowError, pointer
from .document import VIRTUAL
from .exposing import exposed_for_editor
from .fields import fields_of, initial
from .layout import laid_out
from .reading import GROUPS, UUID
from .texts import kept

MOST_OUTPUTS = 256
"""Outputs that a node of unknown type may be linked from."""

EXACT = 2**53
"""Numbers up to this are the same in a browser."""

SHOWN = 300
"""Points below its fields in which a node shows the file that it loads, or what it has made."""

OPTIONAL_SHAPE = 7
"""How the editor marks an input that may be left out."""


def to_ui(graph: Graph, table: NodeTable) -> dict[str, Any]:
    """Return a file that the editor opens, for a graph in which every link leads to an output.

    `convert` makes the same graph of it, but that inputs left out are then given with their defaults and
    every node has a title. What the format has no place for is lost: values of inputs that a node does not
    have, and what `Node.extra` holds besides the title and what is exposed. Raises `WorkflowError` when
    links lead nowhere.
    """
    problems = [problem for node in graph.nodes.values() for problem in _undrawable(node, graph, table)]
    if problems:
        raise WorkflowError(problems)
    ids = {name: _ui_id(name) for name in graph.nodes}
    drawn = {node.id: _Drawn(node, _type_of(node, table)) for node in graph.nodes.values()}
    links: list[list[object]] = []
    going: dict[tuple[str, int], list[int]] = {}
    coming: dict[tuple[str, str], int] = {}
    for one in drawn.values():
        for number, (name, kind, _) in enumerate(one.slots):
            given = one.node.inputs.get(name)
            if isinstance(given, Link):
                link = len(links) + 1
                links.append([link, ids[given.node], given.slot, ids[one.node.id], number, kind])
                going.setdefault((given.node, given.slot), []).append(link)
                coming[one.node.id, name] = link
    sizes = {name: one.size for name, one in drawn.items()}
    sources = {name: [link.node for _, link in node.links()] for name, node in graph.nodes.items()}
    places = laid_out(sizes, sources)
    nodes: list[dict[str, object]] = []
    for name, one in drawn.items():
        place = places[name]
        nodes.append(
            {
                "id": ids[name],
                "type": one.node.class_type,
                "pos": [place.x, place.y],
                "size": list(one.size),
                "flags": {},
                "order": place.order,
                "mode": 0,
                "inputs": [
                    {"name": slot, "type": kind, **more, "link": coming.get((name, slot))}
                    for slot, kind, more in one.slots
                ],
                "outputs": [
                    {"name": title, "type": kind, "links": going.get((name, slot), []), "slot_index": slot}
                    for slot, (title, kind) in enumerate(one.outputs(going))
                ],
                **({"title": one.node.title} if one.node.title else {}),
                "properties": {"Node name for S&R": one.node.class_type},
                "widgets_values": one.values(),
            }
        )
    return {
        "last_node_id": max((number for number in ids.values() if isinstance(number, int)), default=0),
        "last_link_id": len(links),
        "nodes": nodes,
        "links": links,
        "groups": [],
        "config": {},
        "extra": exposed_for_editor(graph, ids),
        "version": 0.4,
    }


@dataclass(frozen=True)
class _Drawn:
    """A node with its type, None where that is not known: then its inputs tell what it has."""

    node: Node
    type: NodeType | None

    @cached_property
    def slots(self) -> list[tuple[str, str, Mapping[str, object]]]:
        """Inputs as name, type and what else the file says: first those for links, then fields."""
        found: list[tuple[str, str, Mapping[str, object]]] = []
        specs = list(self.type.inputs.values()) if self.type is not None else []
        for spec in sorted(specs, key=lambda spec: (spec.widget, not spec.required)):
            field = {"widget": {"name": spec.name}} if spec.widget else {}
            shape = {} if spec.required else {"shape": OPTIONAL_SHAPE}
            found.append((spec.name, spec.type, {**shape, **field}))
        known = {spec.name for spec in specs}
        return found + [(name, "*", {}) for name, _ in self.node.links() if name not in known]

    def outputs(self, going: Mapping[tuple[str, int], list[int]]) -> list[tuple[str, str]]:
        """Return outputs as name and type."""
        if self.type is not None:
            return [(output.name, output.type) for output in self.type.outputs]
        used = [slot for slot in range(MOST_OUTPUTS) if (self.node.id, slot) in going]
        return [("*", "*")] * (max(used, default=-1) + 1)

    def values(self) -> list[object] | dict[str, object]:
        """Return the values of the fields: in their order, or by name where one is no field."""
        literals = {name: given for name, given in self.node.inputs.items() if not isinstance(given, Link)}
        if self.type is None:
            return literals
        fields = fields_of(self.type)
        spec_of = self.type.inputs
        for name, given in literals.items():
            spec = spec_of.get(name)
            if isinstance(given, str) and spec is not None and spec.text is not None:
                literals[name] = kept(given) if spec.text.dynamic_prompts else given
        if not literals.keys() & spec_of.keys() <= {field.name for field in fields}:
            return {name: given for name, given in literals.items() if name in spec_of}
        extra = {"control": "fixed", "button": "image"}
        found: list[object] = []
        for field in fields:
            if field.kind != "value" or field.spec is None:
                found.append(extra[field.kind])
                continue
            value = literals[field.name] if field.name in literals else initial(field.spec)
            found.append(None if value is UNSET else value)
        return found

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in the editor's points, about what it would make them itself."""
        fields = [spec for spec in self.type.inputs.values() if spec.widget] if self.type is not None else []
        tall = sum(spec.text is not None and spec.text.multiline for spec in fields)
        outputs = len(self.type.outputs) if self.type is not None else 1
        rows = max(len(self.slots) - len(fields), outputs)
        shows = any(spec.files is not None and spec.files.upload for spec in fields) or (
            self.type is not None and self.type.output_node
        )
        height = 30 + 20 * rows + 24 * len(fields) + 80 * tall
        return (400 if tall else 315, height + (SHOWN if shows else 0))


def _type_of(node: Node, table: NodeTable) -> NodeType | None:
    if node.class_type not in table:
        return None
    return table[node.class_type]


def _ui_id(name: str) -> int | str:
    """Return an id as the number it is, if it is one that reads the same again."""
    plain = name.isascii() and name.isdecimal() and len(name) <= 16 and str(int(name)) == name
    return int(name) if plain and int(name) < EXACT else name


def _undrawable(node: Node, graph: Graph, table: NodeTable) -> Iterator[Problem]:
    """Yield what keeps a node from being drawn."""
    kind = node.class_type
    if kind in VIRTUAL or kind.startswith(GROUPS) or UUID.fullmatch(kind):
        message = f"node {node.id!r} is a {kind!r}, which the editor would take for something of its own"
        place = pointer(node.id, "class_type")
        yield Problem(code="unknown_node_class", message=message, node=node.id, pointer=place, given=kind)
    for name, given in node.inputs.items():
        place = pointer(node.id, "inputs", name)
        where = f"input {name!r} of node {node.id!r}"
        if isinstance(given, BadLink):
            message = f"{where} is a list that is no link [node id, output]"
            yield Problem(code="bad_linked_input", message=message, node=node.id, input=name, pointer=place)
        elif isinstance(given, Link):
            source = graph.nodes.get(given.node)
            found = None if source is None else _type_of(source, table)
            if source is None:
                message = f"{where} is linked to node {given.node!r}, which the workflow does not have"
                yield Problem(
                    code="link_to_missing_node", message=message, node=node.id, input=name, pointer=place
                )
            elif not 0 <= given.slot < (MOST_OUTPUTS if found is None else len(found.outputs)):
                message = f"{where} is linked to output {given.slot}, which node {given.node!r} does not have"
                yield Problem(
                    code="bad_output_slot", message=message, node=node.id, input=name, pointer=place
                )
