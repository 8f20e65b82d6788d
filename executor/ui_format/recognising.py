"""A workflow in whichever format it comes: told apart by its shape, made into a graph."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, cast

from ..graphs.graph import Graph
from ..graphs.json_text import load
from ..node_types.declaration import NodeTable
from ..problems import Problem, WorkflowError, pointer
from .limits import MOST_NODES

if TYPE_CHECKING:
    from .texts import Choose


def read_graph(
    loaded: object, table: NodeTable, *, now: datetime, choose: Choose, most: int = MOST_NODES
) -> Graph:
    """Read a workflow in API format or in the editor's from a JSON value, which is not changed.

    `now` and `choose` are for texts in the editor's format, see `convert`; it may have `most` nodes. Raises
    `WorkflowError` with all problems of form; what the nodes mean is `validate`'s to judge.
    """
    if is_ui_format(loaded):
        from .converting import convert  # here, since it takes a while to load and is seldom needed

        return convert(cast("Mapping[str, object]", loaded), table, now=now, choose=choose, most=most)
    _require_api_format(loaded)
    if isinstance(loaded, Mapping) and (size := len(cast("Mapping[str, object]", loaded))) > most:
        raise WorkflowError(
            [Problem(code="not_api_format", message=f"it has {size} nodes; at most {most} can be run")]
        )
    return Graph.parse(cast("Mapping[str, object]", loaded))


def load_whole(text: str | bytes) -> object:
    """Return what JSON text says; raises `WorkflowError` with all that is wrong with it."""
    loaded, problems = load(text)
    if problems:
        raise WorkflowError(problems)
    return loaded


def is_ui_format(loaded: object) -> bool:
    """Tell whether a JSON value has the shape of the editor's format, whatever else may be wrong with it."""
    return isinstance(loaded, Mapping) and isinstance(cast("Mapping[str, object]", loaded).get("nodes"), list)


def _require_api_format(loaded: object) -> None:
    """Refuse in one sentence what is neither format; single nodes that are wrong are not looked at."""
    if not isinstance(loaded, Mapping) or _has_nodes(cast(object, loaded)):
        return
    entries = cast("Mapping[str, object]", loaded)
    for key in ("workflow", "prompt"):
        if is_ui_format(entries.get(key)) or _has_nodes(entries.get(key)):
            message = f"this holds a workflow under its key {key!r}; give that alone"
            raise WorkflowError([Problem(code="not_api_format", message=message, pointer=pointer(key))])
    if not all(isinstance(entry, Mapping) for entry in entries.values()):
        message = (
            'this is no workflow: neither API format, {id: {"class_type", "inputs"}}, '
            'nor the editor\'s own, {"nodes": [...], "links": [...]}'
        )
        raise WorkflowError([Problem(code="not_api_format", message=message)])


def _has_nodes(loaded: object) -> bool:
    entries = cast("Mapping[str, object]", loaded).values() if isinstance(loaded, Mapping) else ()
    return any(isinstance(entry, Mapping) and "class_type" in entry for entry in entries)
