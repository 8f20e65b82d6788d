"""The page that documents a table of nodes, made from their declarations alone."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping

from .node_type import UNSET, Input, NodeType


def reference(table: Mapping[str, NodeType]) -> str:
    """Return a Markdown page that lists every node by category, with its inputs and outputs."""
    categories: dict[str, list[NodeType]] = {}
    for node_type in table.values():
        categories.setdefault(node_type.category, []).append(node_type)
    lines = [
        "# Nodes",
        "",
        f"{len(table)} nodes, by category. This page is made from their declarations: "
        "`python -m inkloom.nodes.page`.",
    ]
    for category, members in sorted(categories.items()):
        lines += ["", f"## {category}"]
        for node_type in sorted(members, key=lambda one: one.name):
            lines += ["", *_section(node_type)]
    return "\n".join(lines) + "\n"


def _section(node_type: NodeType) -> Iterator[str]:
    shown = "" if node_type.display_name == node_type.name else f" — {node_type.display_name}"
    yield f"### {node_type.name}{shown}"
    yield ""
    yield from node_type.description.splitlines()
    if node_type.inputs:
        yield ""
        yield from _table(
            ("input", "type", "what may be given"),
            ((f"`{spec.name}`", spec.type, _facts(spec)) for spec in node_type.inputs.values()),
        )
    if node_type.outputs:
        outputs = ", ".join(
            ("a list of " if output.is_list else "")
            + (output.type if output.name == output.type else f"`{output.name}` {output.type}")
            for output in node_type.outputs
        )
        yield ""
        yield f"Gives {outputs}."


def _facts(spec: Input) -> str:
    facts: list[str] = [] if spec.widget else ["a link"]
    if spec.is_list:
        facts.append("all values of a list at once")
    if spec.lazy:
        facts.append("computed only where it is needed")
    if spec.choice is not None:
        facts.append(", ".join(f"`{option}`" for option in spec.choice.options))
    if spec.files is not None:
        facts.append(f"a file of `{spec.files.folder}`")
    if spec.range is not None:
        facts.append(str(spec.range))
    if spec.default is not UNSET and spec.default is not None:
        facts.append(f"at first `{json.dumps(spec.default)}`")
    if not spec.required:
        facts.append("may be left out")
    if spec.tooltip:
        facts.append(spec.tooltip)
    return "; ".join(facts)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield "| " + " | ".join(head) + " |"
    yield "|" + "---|" * len(head)
    for row in rows:
        yield "| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |"
