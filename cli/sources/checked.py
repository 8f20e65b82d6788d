"""A workflow of the command line, read and judged: what `run` and `validate` begin with."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import cast

from ...executor import Graph, Json, NodeTable, Problem, Validation, WorkflowError
from ...executor.ui_format import is_ui_format, load_whole, read_graph
from ...nodes import Engine
from .overrides import overridden
from .workflow_source import Source, read_workflow


@dataclass(frozen=True, slots=True)
class Checked:
    """A workflow and all that is wrong with it; `graph` and `validation` are None if it is no graph.

    `saved` is the editor's file that it came from, if it is as that says.
    """

    name: str
    problems: tuple[Problem, ...]
    graph: Graph | None = None
    validation: Validation | None = None
    saved: Json = None

    @property
    def extra_pnginfo(self) -> Json:
        """What its pictures carry besides, so that an editor opens them as they were laid out."""
        return None if self.saved is None else {"workflow": self.saved}

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """What may be wrong, and keeps nothing from running."""
        return self.validation.warnings if self.validation else ()


def read(source: Source, table: NodeTable) -> tuple[Graph, Json]:
    """Read a workflow in either format, and return the editor's file if it is one; raises WorkflowError."""
    loaded = load_whole(source.text)
    graph = read_graph(loaded, table, now=datetime.now(), choose=random.Random().randrange)
    return graph, cast(Json, loaded) if is_ui_format(loaded) else None


def check(argument: str, settings: Sequence[str], engine: Engine) -> Checked:
    """Read a workflow, replace values in it, and validate it; raises UsageError when it can't be read."""
    source = read_workflow(argument)
    try:
        graph, saved = read(source, engine.table)
    except WorkflowError as error:
        return Checked(source.name, error.problems)
    graph = overridden(graph, settings, engine.table)
    validation = engine.validate(graph)
    kept = None if settings else saved
    return Checked(source.name, validation.problems, validation.graph, validation, kept)
