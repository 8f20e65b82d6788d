"""`--set node.input=value`: a workflow with some of its values replaced."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence

from ...executor import Graph, Link, Node, NodeTable, NodeType
from ...executor.graphs.graph import link_or_value
from ...executor.problems import nearest
from ..shown.plain import plain
from ..usage import UsageError


def overridden(graph: Graph, settings: Sequence[str], table: NodeTable) -> Graph:
    """Return the graph with each `node.input=value` applied in turn.

    The node is named by its id, or by its title or class where that is unique. A value `["id", 0]` is a link.
    Any other is taken as it stands by an input that takes text; elsewhere it is JSON where it reads as JSON,
    else text.
    Raises UsageError for a setting that means nothing here.
    """
    nodes = dict(graph.nodes)
    for setting in settings:
        place, text = parted(setting)
        name, _, key = place.rpartition(".")
        node = nodes[_find(name, nodes, table)]
        takes_text = _type(node, key, table) in ("STRING", "COMBO")
        value = _value(place, text, takes_text=takes_text)
        nodes[node.id] = node._replace(inputs={**node.inputs, key: value})
    return Graph(nodes)


def parted(setting: str) -> tuple[str, str]:
    """Return the place and the text of a setting; raises UsageError when it is not of that form."""
    place, equals, text = setting.partition("=")
    name, dot, key = place.rpartition(".")
    if not equals or not dot or not name or not key:
        raise UsageError(
            f"--set {setting} is not of the form node.input=value", advice="such as --set 3.seed=42"
        )
    return place, text


def value_of(place: str, text: str) -> object:
    """Return the value that a text is where nothing says what is wanted: JSON, or else the text itself."""
    value = _value(place, text, takes_text=False)
    return [*value] if isinstance(value, Link) else value


def _find(name: str, nodes: Mapping[str, Node], table: NodeTable) -> str:
    if name in nodes:
        return name
    names = {node.id: _names(node, table) for node in nodes.values()}
    for spelled in (str, str.casefold):  # as it is; else whatever the case of its letters
        found = [node for node, known in names.items() if spelled(name) in map(spelled, known)]
        if len(found) == 1:
            return found[0]
        if found:
            raise UsageError(
                f"--set {name}: {len(found)} nodes are called so",
                advice=f"say which by its id: {', '.join(found)}",
            )
    known = [*nodes, *dict.fromkeys(one for group in names.values() for one in group)]
    raise UsageError(
        f"--set {name}: the workflow has no such node",
        known=("its nodes:", *(plain(f"  {node}  {', '.join(group)}") for node, group in names.items())),
        nearest=nearest(name, known),
    )


def _names(node: Node, table: NodeTable) -> list[str]:
    """Return what a node is called besides its id: its title, its class, the class's display name."""
    shown = [table[node.class_type].display_name] if node.class_type in table else []
    return list(dict.fromkeys(name for name in (node.title, node.class_type, *shown) if name))


def _type(node: Node, key: str, table: NodeTable) -> str:
    """Return the wire type of a node's input."""
    if node.class_type not in table:  # validation will say so, with the nearest class
        return "*"
    node_type: NodeType = table[node.class_type]
    if key not in node_type.inputs:
        raise UsageError(
            f"--set {node.id}.{key}: {node.class_type} has no input {key}",
            known=(f"its inputs: {', '.join(node_type.inputs)}",),
            nearest=nearest(key, node_type.inputs),
        )
    return node_type.inputs[key].type


def _value(place: str, text: str, *, takes_text: bool) -> object:
    try:
        value = link_or_value(json.loads(text, parse_constant=_refuse, parse_float=_finite))
    except ValueError:
        return text
    except RecursionError:
        if takes_text:
            return text
        raise UsageError(f"--set {place}: the value is nested too deeply to be read") from None
    return text if takes_text and not isinstance(value, Link) else value


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _refuse(text)


def _refuse(text: str) -> float:
    raise ValueError(f"{text} is not a JSON number")
