"""`inkloom nodes`: what nodes there are, and what one of them takes and gives."""

from __future__ import annotations

import argparse
import json
import textwrap
from collections.abc import Mapping
from typing import TYPE_CHECKING

from .shown.columns import in_columns, styled, width

if TYPE_CHECKING:
    from ..executor import Folders, Input, NodeType

NAME = "nodes"
SUMMARY = "list the nodes, or tell everything about one"
DESCRIPTION = (
    "List all nodes, or tell everything about one: its inputs with types, ranges and defaults, its outputs."
)

LONG_LIST = 12
"""Choices that are named in a table; the rest are counted."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("name", metavar="NAME", nargs="?", help="a node's class or its name in the editor")
    parser.add_argument(
        "--json", action="store_true", help="print declarations as clients get them from /object_info"
    )


def command(given: argparse.Namespace) -> int:
    """Print the table of nodes, or one node."""
    from ..nodes import NODES
    from ..server.catalogue.object_info import object_info
    from .data_folders import data_folders

    folders = data_folders(given)
    chosen = list(NODES.values()) if given.name is None else [_find(NODES, given.name)]
    if given.json:
        print(json.dumps(object_info({one.name: one for one in chosen}, folders), indent=2))
        return 0

    if given.name is None:
        _print_all(NODES)
    else:
        _print_one(chosen[0], folders)
    return 0


def _find(table: Mapping[str, NodeType], name: str) -> NodeType:
    from .usage import UsageError

    if not name:
        raise UsageError("the name of the node is empty", advice="`inkloom nodes` lists them all")
    if name in table:
        return table[name]
    shown = {node_type.display_name.casefold(): node_type for node_type in table.values()}
    folded = {class_name.casefold(): node_type for class_name, node_type in table.items()}
    if found := folded.get(name.casefold()) or shown.get(name.casefold()):
        return found
    from ..executor import nearest

    known = [*table, *(node_type.display_name for node_type in table.values())]
    raise UsageError(
        f"there is no node {name}", nearest=nearest(name, known), advice="`inkloom nodes` lists them all"
    )


def _print_all(table: Mapping[str, NodeType]) -> None:
    categories: dict[str, list[NodeType]] = {}
    for node_type in table.values():
        categories.setdefault(node_type.category, []).append(node_type)
    longest = max(map(len, table))
    for category, members in sorted(categories.items()):
        print(styled(category, "bold"))
        members.sort(key=lambda one: one.name)
        rows = [(f"  {one.name:<{longest}}", _summary(one)) for one in members]
        print("\n".join(in_columns(rows, ["cyan"], width())), end="\n\n")
    print(f"{len(table)} nodes. `inkloom nodes NAME` tells everything about one.")


def _print_one(node_type: NodeType, folders: Folders) -> None:
    other_name = "" if node_type.display_name == node_type.name else f"{node_type.display_name}, "
    print(styled(node_type.name, "bold"), styled(f"({other_name}{node_type.category})", "dim"))
    print("\n".join(textwrap.wrap(node_type.description, width())), end="\n\n")
    inputs = [(f"  {spec.name}", spec.type, facts_of(spec, folders)) for spec in node_type.inputs.values()]
    outputs = [(f"  {output.name}", output.type, output.tooltip) for output in node_type.outputs]
    for title, rows in (("inputs", inputs), ("outputs", outputs)):
        print(styled(title, "bold"))
        print("\n".join(in_columns(rows, ["cyan", "green"], width()) if rows else ["  none"]))
        print()


def facts_of(spec: Input, folders: Folders) -> str:
    """Return what may be given for an input, as a phrase."""
    from ..executor import UNSET, options_of

    facts: list[str] = [] if spec.widget else ["a link"]
    if (options := options_of(spec, folders)) is not None:
        named = ", ".join(map(str, options[:LONG_LIST]))
        more = f" and {len(options) - LONG_LIST} more" if len(options) > LONG_LIST else ""
        facts.append(f"one of: {named}{more}" if options else "no file yet")
    if spec.range is not None:
        facts.append(str(spec.range))
    if spec.default is not UNSET and spec.default is not None:
        facts.append(f"default {json.dumps(spec.default)}")
    if not spec.required:
        facts.append("may be left out")
    if spec.files is not None:
        facts.append(f"files in {folders.root(spec.files.folder)}")
    return "; ".join([*facts, *([spec.tooltip] if spec.tooltip else [])])


def _summary(node_type: NodeType) -> str:
    """Return the first line of a node's description, or the name that the editor shows."""
    return node_type.description.partition("\n")[0] or node_type.display_name
