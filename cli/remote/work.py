"""What a command sends to a server: a workflow of this machine, or the name of one that the server has."""

from __future__ import annotations

import os
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from ...executor import WorkflowError
from ...executor.ui_format import load_whole, read_graph
from ...nodes import NODES
from ..shown.plain import plain
from ..sources.overrides import overridden, parted, value_of
from ..sources.workflow_source import read_workflow
from ..usage import UsageError


@dataclass(frozen=True, slots=True)
class Work:
    """A workflow or a name, and the values that are given to it."""

    workflow: Mapping[str, Any] | str
    inputs: Mapping[str, Any]


def work_of(argument: str, settings: Sequence[str], inputs: Sequence[str]) -> Work:
    """Return what the command line means: a file where there is one, else a name.

    A workflow is sent as it is, in either format; only one with settings is read here and sent in API format,
    since a setting may name a node by its title. Raises UsageError for what can't be read, or means nothing.
    """
    named = dict(_named(one) for one in inputs)
    if argument != "-" and (os.path.isdir(argument) or not os.path.exists(argument)):
        return Work(argument, {**dict(_unread(one) for one in settings), **named})
    source = read_workflow(argument)
    try:
        loaded = load_whole(source.text)
        if settings:
            graph = read_graph(loaded, NODES, now=datetime.now(), choose=random.Random().randrange)
            loaded = overridden(graph, settings, NODES).to_api()
    except WorkflowError as error:
        problems = tuple(plain(problem.message) for problem in error.problems)
        raise UsageError(f"{source.name} can't be read as a workflow", known=problems) from error
    if not isinstance(loaded, dict):
        raise UsageError(f"{source.name} is no workflow: it must hold a JSON object")
    return Work(cast("dict[str, Any]", loaded), named)


def _named(text: str) -> tuple[str, object]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise UsageError(f"--input {text} is not of the form name=value", advice="such as --input seed=42")
    return name, value_of(name, value)


def _unread(setting: str) -> tuple[str, object]:
    """Return a setting of a workflow that only the server knows."""
    place, text = parted(setting)
    return place, value_of(place, text)
