"""The page that says which core nodes of ComfyUI are here and which are not, made from the tables alone."""

from __future__ import annotations

from collections.abc import Mapping

from ..executor import NodeType

HEAD = """# Compatibility

inkloom runs workflows saved for ComfyUI (the core nodes of version 0.3.64) where every node in them is in the
first list. Names, order, types, ranges and defaults of inputs and outputs are those of that version; a test
compares each. Choices for other families of models are left out of a few lists (`CLIPLoader.type`).
[nodes.md](nodes.md) documents every node; [server.md](server.md) says how the server differs.

This page is made from the tables of nodes: `python -m inkloom.nodes.page`.
"""


def compatibility(table: Mapping[str, NodeType], absent: Mapping[str, str]) -> str:
    """Return a Markdown page of what is here by category, and what is not by reason."""
    here: dict[str, list[str]] = {}
    for name, node_type in table.items():
        here.setdefault(node_type.category, []).append(name)
    missing: dict[str, list[str]] = {}
    for name, reason in absent.items():
        missing.setdefault(reason, []).append(name)
    lines = [HEAD, f"## Here: {len(table)} nodes", "", "| category | nodes |", "| --- | --- |"]
    lines += [f"| {category} | {_names(names)} |" for category, names in sorted(here.items())]
    lines += ["", f"## Not here: {len(absent)} nodes", "", "| why | nodes |", "| --- | --- |"]
    lines += [f"| {reason} | {_names(names)} |" for reason, names in missing.items()]
    return "\n".join(lines) + "\n"


def _names(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))
