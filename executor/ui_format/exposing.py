"""What a file of the editor exposes: `extra.inkloom.exposed`, a list of names with node and input."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from ..graphs.exposed import exposed_inputs, exposing
from ..graphs.graph import Graph, Node
from ..problems import Problem, WorkflowError, pointer

PLACE = ("extra", "inkloom", "exposed")

FORM = 'must be {"name": text, "node": id, "input": text}'


def with_exposed(nodes: Mapping[str, Node], saved: Mapping[str, Any]) -> dict[str, Node]:
    """Return the nodes of a file with what it exposes noted on each; nodes that do not run expose nothing.

    Raises WorkflowError when the list is none.
    """
    found: object = saved
    for part in PLACE:
        found = cast("Mapping[str, object]", found).get(part) if isinstance(found, Mapping) else None
    marked = dict(nodes)
    if found is None:
        return marked
    if not isinstance(found, list):
        raise WorkflowError([_wrong("must be a list", PLACE)])
    problems: list[Problem] = []
    for number, entry in enumerate(cast("list[object]", found)):
        match entry:
            case {"name": str() as name, "node": str() | int() as node, "input": str() as key} if name:
                if str(node) in marked:
                    marked[str(node)] = exposing(marked[str(node)], {key: name})
            case _:
                problems.append(_wrong(FORM, (*PLACE, number)))
    if problems:
        raise WorkflowError(problems)
    return marked


def exposed_for_editor(graph: Graph, ids: Mapping[str, object]) -> dict[str, Any]:
    """Return what `extra` of a file says of the inputs that a graph exposes; `ids` are those in the file."""
    rows = [
        {"name": name, "node": ids[place.node], "input": place.input}
        for name, places in exposed_inputs(graph).items()
        for place in places
    ]
    return {"inkloom": {"exposed": rows}} if rows else {}


def _wrong(message: str, place: tuple[object, ...]) -> Problem:
    where = ".".join(map(str, place))
    return Problem(code="not_ui_format", message=f"{where} {message}", pointer=pointer(*place))
