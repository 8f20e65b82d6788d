"""Node types as clients read them: the answers of GET /object_info."""

from collections.abc import Mapping

from ... import nodes
from ...executor import Folders, NodeType
from ...executor import object_info as declaration_of


def object_info(table: Mapping[str, NodeType], folders: Folders) -> dict[str, dict[str, object]]:
    """Return the declaration of every node; lists of files are read anew each time."""
    return {name: object_info_of(node_type, folders) for name, node_type in table.items()}


def object_info_of(node_type: NodeType, folders: Folders) -> dict[str, object]:
    """Return one node's declaration."""
    declaration = declaration_of(node_type, folders)
    # Clients tell the program's own nodes from those of packs by this name.
    if node_type.function.__module__.startswith(nodes.__name__):
        declaration["python_module"] = "nodes"
    return declaration
