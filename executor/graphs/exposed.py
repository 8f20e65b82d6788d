"""Which inputs of a workflow are meant to be set from outside, and by what names.

Nodes say so themselves: `"_meta": {"exposed": {"text": "prompt"}}` lets the input `text` be set as `prompt`.
One name may stand for inputs of several nodes, which then get the same value.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, cast

from ..problems import Problem, WorkflowError, pointer
from .graph import Graph, Node

META, EXPOSED = "_meta", "exposed"


class Place(NamedTuple):
    """An input of a node."""

    node: str
    input: str


def exposed_inputs(graph: Graph) -> dict[str, tuple[Place, ...]]:
    """Return the inputs that a workflow exposes, by name, in the order of its nodes.

    Raises WorkflowError with all nodes that don't say it as they should.
    """
    found: dict[str, tuple[Place, ...]] = {}
    problems: list[Problem] = []
    for node in graph.nodes.values():
        said = _said(node)
        if not _are_names(said):
            message = (
                f"node {node.id!r} must say what it exposes as an object of names by input, "
                f'{{"text": "prompt"}}, not {said!r}'
            )
            place = pointer(node.id, META, EXPOSED)
            problems.append(Problem(code="bad_exposed", message=message, node=node.id, pointer=place))
            continue
        for name, called in cast("Mapping[str, str]", said).items():
            found[called] = (*found.get(called, ()), Place(node.id, name))
    if problems:
        raise WorkflowError(problems)
    return found


def exposing(node: Node, names: Mapping[str, str]) -> Node:
    """Return a node that exposes inputs, by name, besides those that it exposes already."""
    meta, said = _meta(node), _said(node)
    held = cast("Mapping[str, str]", said) if _are_names(said) else dict[str, str]()
    return node._replace(extra={**node.extra, META: {**meta, EXPOSED: {**held, **names}}})


def _meta(node: Node) -> Mapping[str, object]:
    found = node.extra.get(META)
    return cast("Mapping[str, object]", found) if isinstance(found, Mapping) else {}


def _said(node: Node) -> object:
    return _meta(node).get(EXPOSED, {})


def _are_names(said: object) -> bool:
    return isinstance(said, Mapping) and all(
        isinstance(name, str) and name for name in cast("Mapping[str, object]", said).values()
    )
