"""A workflow as a node type of its own, with nodes in it that stand for its inputs and outputs."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from ..graphs.graph import Graph, Link, Node
from ..problems import listing
from .context import Context
from .convert import converted
from .node_type import SCALARS, Helper, Input, NodeType, Output
from .results import Expansion

INPUT, OUTPUT = "SubgraphInput", "SubgraphOutput"
"""The classes of the nodes that stand for an input and an output; each has a `name`."""


class SubgraphError(ValueError):
    """A workflow that can't be a node type; the message says why and what to do."""


def subgraph_type(
    name: str,
    graph: Graph,
    table: Mapping[str, NodeType],
    *,
    category: str = "subgraph",
    description: str = "",
) -> NodeType:
    """Return the node type that a workflow is, as `name`.

    Its inputs and outputs are those of the nodes `SubgraphInput` (with `name`, `type`, and maybe `default`)
    and `SubgraphOutput` (with `name` and `value`), in their order. Raises `SubgraphError`.
    """
    if unknown := sorted({node.class_type for node in graph.nodes.values()} - table.keys()):
        raise SubgraphError(f"uses node types that do not exist: {listing(unknown)}")
    inputs = _inputs(graph)
    outputs = _outputs(graph, inputs, table)
    inside = [node for node in graph.nodes.values() if node.class_type not in (INPUT, OUTPUT)]
    shows = any(table[node.class_type].output_node for node in inside)
    if not outputs and not shows:
        raise SubgraphError(f"gives nothing: it has no {OUTPUT} and no output node")
    values = {place: node.inputs["value"] for place, node in _standing(graph, OUTPUT)}

    def expand(ctx: Context, **given: object) -> Expansion:
        prefix = ctx.prefix

        def seen(one: object) -> object:
            if not isinstance(one, Link):
                return one
            return given[inputs[one.node].name] if one.node in inputs else Link(prefix + one.node, one.slot)

        copies = {
            prefix + node.id: Node(
                prefix + node.id,
                node.class_type,
                {
                    key: value
                    for key, one in node.inputs.items()
                    if (value := seen(one)) is not None or one is None
                },
                node.title,
            )
            for node in inside
        }
        return Expansion(copies, tuple(seen(value) for value in values.values()))

    # What it is made of decides what it gives, whatever it is called.
    text = json.dumps(graph.to_api(), sort_keys=True, ensure_ascii=True)
    digest = hashlib.blake2b(text.encode("ascii"), digest_size=20).hexdigest()
    return NodeType(
        name=name,
        display_name=name,
        category=category,
        description=description or f"The workflow {name}, as a node.",
        version=1,
        function=expand,
        inputs=MappingProxyType({spec.name: spec for spec in inputs.values()}),
        outputs=outputs,
        output_node=shows,
        takes_context=True,
        expands=True,
        returns_tuple=True,
        fingerprint=Helper(lambda: digest, ()),
    )


def _standing(graph: Graph, kind: str) -> Iterator[tuple[str, Node]]:
    return ((name, node) for name, node in graph.nodes.items() if node.class_type == kind)


def _name(place: str, node: Node, taken: set[str]) -> str:
    name = node.inputs.get("name")
    if not isinstance(name, str) or not name:
        raise SubgraphError(f"node {place!r}, {node.class_type}: needs a `name`")
    if name in taken:
        raise SubgraphError(f"node {place!r}, {node.class_type}: the name {name!r} is used twice")
    taken.add(name)
    return name


def _inputs(graph: Graph) -> dict[str, Input]:
    """Read the inputs, by the node that stands for each."""
    taken: set[str] = set()
    found: dict[str, Input] = {}
    for place, node in _standing(graph, INPUT):
        name, wire = _name(place, node, taken), node.inputs.get("type", "*")
        if not isinstance(wire, str) or not wire:
            raise SubgraphError(
                f"node {place!r}, {INPUT} {name!r}: `type` is a wire type such as IMAGE or INT"
            )
        default = node.inputs.get("default")
        spec = Input(name=name, type=wire, required=default is None, raw_link=True)
        if default is not None:
            if wire not in SCALARS.values():
                raise SubgraphError(f"node {place!r}, {INPUT} {name!r}: a {wire} has no `default`; link it")
            try:
                default = converted(spec, default)
            except (TypeError, ValueError, OverflowError) as error:
                raise SubgraphError(
                    f"node {place!r}, {INPUT} {name!r}: `default` is no {wire}: {error}"
                ) from error
            spec = Input(name=name, type=wire, required=False, default=default, raw_link=True)
        found[place] = spec
    return found


def _outputs(graph: Graph, inputs: Mapping[str, Input], table: Mapping[str, NodeType]) -> tuple[Output, ...]:
    taken: set[str] = set()
    found: list[Output] = []
    for place, node in _standing(graph, OUTPUT):
        name, link = _name(place, node, taken), node.inputs.get("value")
        if not isinstance(link, Link) or link.node not in graph.nodes:
            raise SubgraphError(f"node {place!r}, {OUTPUT} {name!r}: link `value` to what it gives")
        if link.node in inputs:
            found.append(Output(name=name, type=inputs[link.node].type))
            continue
        source = table[graph.nodes[link.node].class_type]
        if not 0 <= link.slot < len(source.outputs):
            raise SubgraphError(f"node {place!r}, {OUTPUT} {name!r}: {source.name} has no output {link.slot}")
        # Lists pass as they are: each value of one is a value of the other.
        found.append(Output(name=name, type=source.outputs[link.slot].type))
    return tuple(found)
