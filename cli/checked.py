"""A workflow of the command line, read and judged: what `run` and `validate` begin with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..executor import Graph, Problem, Validation, WorkflowError
from ..nodes import NODES, Engine
from .overrides import overridden
from .workflow_source import read_workflow


@dataclass(frozen=True, slots=True)
class Checked:
    """A workflow and all that is wrong with it; `graph` and `validation` are None if it is no graph."""

    name: str
    problems: tuple[Problem, ...]
    graph: Graph | None = None
    validation: Validation | None = None

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """What may be wrong, and keeps nothing from running."""
        return self.validation.warnings if self.validation else ()


def check(argument: str, settings: Sequence[str], engine: Engine) -> Checked:
    """Read a workflow, replace values in it, and validate it; raises UsageError when it can't be read."""
    source = read_workflow(argument)
    try:
        read = Graph.parse(source.text)
    except WorkflowError as error:
        return Checked(source.name, error.problems)
    graph = overridden(read, settings, NODES)
    validation = engine.validate(graph)
    return Checked(source.name, validation.problems, validation.graph, validation)
