"""Workflows by name: those that come with inkloom, and those that a user has saved, which win."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, cast

from ...executor import Graph, NodeTable, UnsafeNameError, WorkflowError, exposed_inputs, nearest
from ...executor.files.names import below
from ...executor.problems import listing
from ...executor.ui_format import read_graph
from ..body import read_json
from ..catalogue.templates import WORKFLOWS, about
from ..limits import Limits
from ..users.userdata import walk

FOLDER = "workflows"
"""Where a user's files have the workflows that they saved."""

SUFFIX = ".json"


class NoWorkflowError(Exception):
    """There is no workflow of a name, or its file holds none; the message says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A workflow by name, and what people read about it."""

    name: str
    path: Path
    origin: Literal["shipped", "saved"]
    title: str
    description: str = ""


def entries(home: Path) -> dict[str, Entry]:
    """Return every workflow by its name; `home` is the folder of the user's files."""
    shipped = {
        name: Entry(
            name=name,
            path=WORKFLOWS / (name + SUFFIX),
            origin="shipped",
            title=said.title,
            description=said.description,
        )
        for name, said in about().items()
    }
    found = sorted(item.name for item in walk(home / FOLDER, deep=True) if not item.folder)
    saved = [name.removesuffix(SUFFIX) for name in found if name.endswith(SUFFIX)]
    return {**shipped, **{name: _saved(name, home / FOLDER / (name + SUFFIX)) for name in saved}}


def entry_of(name: str, home: Path) -> Entry:
    """Return a workflow by its name; raises NoWorkflowError."""
    try:
        path = below(home / FOLDER, name + SUFFIX)
        if path.is_file():
            return _saved(name, path)
    except (UnsafeNameError, OSError, ValueError):
        pass  # no file can be called so, and no workflow either
    known = entries(home)
    if name in known:
        return known[name]
    closest = nearest(name.removesuffix(SUFFIX), known)
    hint = f"did you mean {closest!r}? " if closest else ""
    raise NoWorkflowError(f"no workflow is called {name!r}; {hint}known: {listing(known, closest)}")


def workflow_of(entry: Entry, limits: Limits) -> tuple[dict[str, Any], int]:
    """Return what a workflow's file says, in whichever format, and its bytes; raises NoWorkflowError."""
    try:
        size = entry.path.stat().st_size
        if size > limits.json_bytes:
            raise NoWorkflowError(
                f"the file of {entry.name!r} has {size} bytes; {limits.json_bytes} are the most"
            )
        read = read_json(entry.path.read_bytes())
    except OSError as error:
        raise NoWorkflowError(
            f"the file of {entry.name!r} can't be read: {error.strerror or error}"
        ) from error
    except ValueError as error:
        raise NoWorkflowError(f"the file of {entry.name!r} is not JSON: {error}") from error
    if not isinstance(read, dict):
        raise NoWorkflowError(f"the file of {entry.name!r} holds no workflow: it must be a JSON object")
    return cast("dict[str, Any]", read), size


def function_of(
    entry: Entry, workflow: Mapping[str, Any], table: NodeTable, limits: Limits
) -> tuple[Graph, list[str]]:
    """Return the graph of a workflow and the names of its inputs; raises NoWorkflowError."""
    try:
        graph = read_graph(workflow, table, now=datetime.now(), choose=secrets.randbelow, most=limits.nodes)
        return graph, list(exposed_inputs(graph))
    except WorkflowError as error:
        raise NoWorkflowError(f"the file of {entry.name!r} holds no workflow: {error}") from error


def _saved(name: str, path: Path) -> Entry:
    return Entry(name=name, path=path, origin="saved", title=name.rpartition("/")[2])
