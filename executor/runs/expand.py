"""Nodes that a node expands into: joined to the running graph under the same rules as submitted ones."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from ..checks.node import NodeCheck
from ..checks.validate import declared_sources
from ..files.folders import Folders
from ..graphs.graph import Graph, Link, Node
from ..graphs.order import knots, sources_first, way_around
from ..node_types.declaration import NodeTable
from ..node_types.node_type import Input
from ..node_types.results import Expansion
from ..problems import Problem, WorkflowError, listing


class DuplicateNodeError(ValueError):
    """An expansion names a node that the running graph has already."""


class DependencyCycleError(ValueError):
    """Nodes of the running graph wait for each other; `nodes` are one cycle of them."""

    def __init__(self, nodes: Iterable[str]) -> None:
        self.nodes = tuple(nodes)
        super().__init__(f"Dependency cycle detected: {way_around(self.nodes)}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """What an expansion adds.

    `nodes` are the new nodes, and older ones that nothing needed so far, with converted values; each comes
    after those it links to. `made` are the ids of the new ones.
    """

    nodes: Mapping[str, Node]
    made: tuple[str, ...]


def growth(
    expander: Node,
    expansion: Expansion,
    running: Mapping[str, Node],
    keyed: Mapping[str, str],
    table: NodeTable,
    folders: Folders,
) -> Growth:
    """Read and check the nodes that `expander` expands into.

    `running` are the nodes so far, `keyed` those whose content key is known. Raises `DuplicateNodeError`,
    `DependencyCycleError`, or `WorkflowError` when a node or an output is wrong in itself.
    """
    if twice := sorted(name for name in expansion.nodes if name in running):
        raise DuplicateNodeError(
            f"{expander.class_type} expands into nodes that exist already: {listing(twice)}"
        )
    made = _read(expansion)
    nodes: Mapping[str, Node] = ChainMap(made, cast("dict[str, Node]", running))
    check = NodeCheck(nodes, table, folders)
    problems = [*_class_problems(made, table, check), *_output_problems(expander, expansion, table, check)]
    if problems:
        raise WorkflowError(problems)

    def unkeyed_sources(name: str) -> list[str]:
        return [source for source in declared_sources(nodes[name], nodes, table.types) if source not in keyed]

    links = [output.node for output in expansion.outputs if isinstance(output, Link)]
    order, cyclic = sources_first([*made, *(name for name in links if name not in keyed)], unkeyed_sources)
    if cyclic:
        raise DependencyCycleError(knots({name: unkeyed_sources(name) for name in order})[0][0])
    checked: dict[str, Node] = {}
    for name in order:
        found, values = check.inputs(nodes[name])
        problems += found
        node = nodes[name]
        checked[name] = node._replace(inputs={**node.inputs, **values}) if values else node
    if problems:
        raise WorkflowError(problems)
    return Growth(nodes=checked, made=tuple(made))


def _read(expansion: Expansion) -> dict[str, Node]:
    written = {name: given for name, given in expansion.nodes.items() if not isinstance(given, Node)}
    read = Graph.parse(written).nodes
    return {name: read[name] if name in read else cast(Any, given) for name, given in expansion.nodes.items()}


def _class_problems(made: Mapping[str, Node], table: NodeTable, check: NodeCheck) -> list[Problem]:
    return [check.unknown_class(node) for node in made.values() if node.class_type not in table.types]


def _output_problems(
    expander: Node, expansion: Expansion, table: NodeTable, check: NodeCheck
) -> list[Problem]:
    slots = zip(table[expander.class_type].outputs, expansion.outputs, strict=True)
    return [
        problem
        for declared, given in slots
        if isinstance(given, Link)
        for problem in check.link(
            expander, Input(name=declared.name, type=declared.type, required=True), given
        )
    ]
