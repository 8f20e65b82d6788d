"""Output nodes that write elsewhere than into the data folder."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ..executor import NodeTable
from ..executor.node_types.node_type import Helper, NodeType


def writing_to(table: NodeTable, folder: Path) -> NodeTable:
    """Return the table with output nodes whose results belong to a folder.

    It enters their content keys: a picture that was written into one folder is not one in another.
    """
    return NodeTable({name: _bound(found, str(folder)) for name, found in table.types.items()})


def _bound(node_type: NodeType, folder: str) -> NodeType:
    if not node_type.output_node or node_type.fingerprint is not None:
        return node_type
    return replace(node_type, fingerprint=Helper(lambda: folder, takes=()))
