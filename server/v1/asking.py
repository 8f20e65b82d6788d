"""From what is asked about a workflow to a validated graph, or to all that is wrong with it."""

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, ParamSpec, Protocol, TypeVar, cast

from aiohttp import web

from ...client import values
from ...executor import Folders, NodeTable, Problem, Validation, WorkflowError, validate, with_inputs
from ...executor.problems import listing
from ...executor.ui_format import read_graph
from ..jobs.prompt import LARGE
from ..limits import Limits
from ..state import SERVER
from ..users.who import folders_of
from .routing import NotDoneError

P = ParamSpec("P")
Got = TypeVar("Got")


class Question(Protocol):
    """What is asked about a workflow."""

    @property
    def workflow(self) -> Mapping[str, Any]:
        """The workflow, in either format."""
        ...

    @property
    def inputs(self) -> Mapping[str, Any]:
        """Values that replace those of the workflow, by name."""
        ...

    @property
    def targets(self) -> Sequence[str] | None:
        """The output nodes that are meant; None for all."""
        ...


async def validation_of(request: web.Request, asked: Question, size: int | None = None) -> Validation:
    """Return what is wrong with the workflow that a request asks about, and what of it can run.

    `size` are the bytes of the workflow where it did not come with the request. Refuses what is no
    workflow, and values for inputs that it does not have (422).
    """
    server, folders = request.app[SERVER], folders_of(request)
    return await aside(size_of(request, size), validated, asked, server.table, folders, server.limits)


def size_of(request: web.Request, size: int | None = None) -> int:
    """Return how large a workflow is that came with a request, or has a `size` that is known."""
    return (request.content_length or LARGE) if size is None else size


async def aside(size: int, work: Callable[P, Got], *args: P.args, **kwargs: P.kwargs) -> Got:
    """Do some work on so many bytes: on a thread where it may take long, so that nobody else need wait."""
    return work(*args, **kwargs) if size < LARGE else await asyncio.to_thread(work, *args, **kwargs)


async def runnable(request: web.Request, asked: Question, size: int | None = None) -> Validation:
    """Return the same for a workflow of which something can run; refuses any other (422)."""
    validation = await validation_of(request, asked, size)
    if not validation.outputs_good:
        raise unfit(validation.problems)
    return validation


def validated(asked: Question, table: NodeTable, folders: Folders, limits: Limits) -> Validation:
    """Read and validate a workflow with its values; raises NotDoneError for what is none (422)."""
    try:
        choose = random.Random().randrange
        graph = read_graph(asked.workflow, table, now=datetime.now(), choose=choose, most=limits.nodes)
        graph = with_inputs(graph, asked.inputs, table)
    except WorkflowError as error:
        raise unfit(error.problems) from error
    return validate(graph, table, folders, asked.targets)


def unfit(problems: Sequence[Problem]) -> NotDoneError:
    """Return the refusal of a workflow."""
    first, *others = problems
    more = f" (and {len(others)} more)" if others else ""
    return NotDoneError(422, first.code, first.message + more, [problem_of(problem) for problem in problems])


def problem_of(problem: Problem) -> values.Problem:
    """Return a problem as it is told."""
    return values.Problem(
        code=problem.code,
        message=problem.message,
        node=problem.node,
        input=problem.input,
        pointer=problem.pointer,
        given=problem.given,
        expected=_expected(problem),
        nearest=problem.nearest,
    )


def _expected(problem: Problem) -> str | None:
    allowed = problem.allowed
    if isinstance(allowed, Mapping):
        bounds = cast("Mapping[str, object]", allowed)
        return ", ".join(f"{name} {value}" for name, value in bounds.items())
    if isinstance(allowed, list | tuple):
        return listing(map(str, cast("Sequence[object]", allowed)), problem.nearest)
    return None if allowed is None else str(allowed)
