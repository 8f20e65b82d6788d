"""A user's own workflows as nodes: each file of the folder `subgraphs` is a node type of the file's name."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path

from ..executor import Graph, NodeTable, NodeType, Ui, WorkflowError, node
from ..executor.node_types.subgraph import INPUT, OUTPUT, SubgraphError, subgraph_type
from .ports import Any_

FOLDER = "subgraphs"

log = logging.getLogger(__name__)


@node(INPUT, category="subgraph", display_name="Subgraph Input")
def subgraph_input(*, name: str = "image", type: str = "*", default: Any_ | None = None) -> Any_:
    """Stand for an input of a workflow that is saved as a node; run by itself, give the default.

    `type` is what may be linked: IMAGE, MODEL, INT and so on, or * for anything.
    """
    if default is None:
        raise ValueError(f"the input {name!r} of this subgraph has no default, so it can't run by itself")
    return default


@node(OUTPUT, category="subgraph", display_name="Subgraph Output", output=True)
def subgraph_output(*, name: str = "image", value: Any_) -> Ui:
    """Stand for an output of a workflow that is saved as a node."""
    return Ui({})


def with_subgraphs(table: NodeTable, base: Path) -> NodeTable:
    """Return a table that also has the workflows `subgraphs/*.json` of a data folder, by the files' names.

    Subgraphs may use each other, but not in a circle. A file that can't be a node is left out, which is
    logged as a warning.
    """
    waiting = {file.stem: file for file in sorted((base / FOLDER).glob("*.json"))}
    graphs: dict[str, Graph] = {}
    for name, file in waiting.items():
        try:
            if name in table:
                raise SubgraphError(f"there is a node type {name!r} already; call the file something else")
            graphs[name] = Graph.parse(file.read_bytes())
        except (OSError, WorkflowError, SubgraphError) as error:
            log.warning("left out the subgraph %s: %s", file, error)
    known: dict[str, NodeType] = dict(table)
    while ready := [name for name in graphs if _used(graphs[name], graphs).isdisjoint(graphs)]:
        for name in ready:
            try:
                known[name] = subgraph_type(name, graphs.pop(name), known)
            except SubgraphError as error:
                log.warning("left out the subgraph %s: %s", waiting[name], error)
    for name in graphs:
        log.warning("left out the subgraph %s: it uses itself, maybe by way of others", waiting[name])
    return NodeTable(known)


def _used(graph: Graph, subgraphs: Mapping[str, Graph]) -> set[str]:
    return {node.class_type for node in graph.nodes.values() if node.class_type in subgraphs}
