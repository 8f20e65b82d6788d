"""What `run` and `explain` begin with: the engine that the arguments ask for, and a workflow that can run."""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

from ..executor import Graph, Json, Validation
from ..nodes import (
    NODES,
    Device,
    DeviceError,
    Engine,
    chosen_precision,
    open_cache,
    open_device,
    open_history,
    open_memory,
    told_device,
    with_precision,
    with_subgraphs,
    writing_to,
)
from .data_folders import data_folders
from .shown.report import answer_json, tell_problems, tell_warnings
from .sources.checked import check
from .usage import UsageError


@dataclass(frozen=True, slots=True)
class Runnable:
    """A workflow of which something can run, and what its pictures carry besides."""

    name: str
    graph: Graph
    validation: Validation
    extra_pnginfo: Json


def open_engine(
    given: argparse.Namespace, output: Path | None = None, memory: int | None = None, *, computes: bool
) -> Engine:
    """Return the engine of a command's folders, with what it remembers; raises UsageError.

    Pictures go to `output` where it is given; `memory` are the bytes to compute in. One that never computes
    asks torch nothing.
    """
    folders = data_folders(given, output)
    device, precision = _device_and_precision(given, memory, computes=computes)
    # Results lie in the machine's memory, wherever models compute.
    cache = open_cache(folders, given.cache_size, memory if device.kind == "cpu" else None)
    table = with_subgraphs(with_precision(NODES, precision), folders.base)
    if output:
        table = writing_to(table, output)
    room = open_memory(folders, memory, device)
    return Engine(table, folders, cache, open_history(folders, cache), room, device)


def _device_and_precision(
    given: argparse.Namespace, memory: int | None, *, computes: bool
) -> tuple[Device, str]:
    try:
        device = (open_device if computes else told_device)(given.device, memory)
        return device, chosen_precision(given.precision, card=device.capability)
    except (DeviceError, ValueError) as error:
        raise UsageError(str(error)) from error


def runnable(given: argparse.Namespace, engine: Engine) -> Runnable | None:
    """Return the workflow that a command is about; None once it is told why nothing of it can run.

    Raises UsageError when it can't be read.
    """
    checked = check(given.workflow, given.set, engine)
    if checked.problems or checked.graph is None or checked.validation is None:
        if given.json:
            print(json.dumps(answer_json(checked)))
        else:
            tell_problems(checked)
        return None
    tell_warnings(checked)
    return Runnable(checked.name, checked.graph, checked.validation, checked.extra_pnginfo)
