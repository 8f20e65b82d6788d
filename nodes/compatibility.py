"""The page that says which core nodes of ComfyUI are here and which are not, made from the tables alone."""

from __future__ import annotations

from collections.abc import Mapping

from ..executor import NodeType

HEAD = """# Compatibility

inkloom runs workflows saved for ComfyUI (the core nodes of version 0.3.64) where every node in them is in the
first list. Names, order, types, ranges and defaults of inputs and outputs are those of that version; a test
compares each. Choices for other families of models are left out of a few lists (`CLIPLoader.type`).
[nodes.md](nodes.md) documents every node. How the server differs is listed [below](#the-server).

The lists of nodes are made from their tables: `python -m inkloom.nodes.page`.
"""

WRITTEN = "## The server\n"
"""Where the part of the page begins that is written by hand, and kept when the lists are made anew."""


def compatibility(table: Mapping[str, NodeType], absent: Mapping[str, str], page: str) -> str:
    """Return a Markdown page of what is here by category, what is not by reason, and the rest of `page`."""
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
    _, heading, written = page.partition(WRITTEN)
    return "\n".join([*lines, "", heading + written])


def _names(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))
