"""POST /prompt: from the body of a request to a job, or to the reasons why not."""

import asyncio
import json
import math
import random
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ParamSpec, Protocol, TypeVar

from ...executor import Folders, Json, NodeTable, Validation, WorkflowError, validate
from ...executor.ui_format import is_ui_format, read_graph
from .. import store
from ..body import LARGE, read_json
from ..json_text import json_of
from ..limits import LIMITS, Limits
from ..store import IdTaken, NewJob
from .reasons import Body, error_body, node_errors, of_form, refusal

P = ParamSpec("P")
Got = TypeVar("Got")

SECRETS = frozenset(("auth_token_comfy_org", "api_key_comfy_org"))
"""Extra data by which an editor pays for another service's nodes: kept nowhere, as nothing here needs it."""


class RefusedError(Exception):
    """A prompt that is not run; `answer` is the body of the 400.

    Where it `counts`, the next queue number is its own all the same.
    """

    def __init__(self, answer: Body, *, counts: bool = False) -> None:
        super().__init__(answer)
        self.answer = answer
        self.counts = counts


class Queue(Protocol):
    """Takes jobs, and counts the prompts that named no number of their own."""

    async def put(self, job: NewJob) -> store.Accepted | IdTaken: ...  # noqa: D102 -- see above
    async def skip_number(self) -> None: ...  # noqa: D102 -- see above


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A job that was queued, and what is wrong with those outputs of its workflow that will not run."""

    id: str
    number: float
    node_errors: Mapping[str, Body]

    def answer(self) -> Body:
        """Return the body of the 200."""
        return {"prompt_id": self.id, "number": self.number, "node_errors": self.node_errors}


async def accept(
    body: bytes, user: str, queue: Queue, table: NodeTable, folders: Folders, limits: Limits = LIMITS
) -> Accepted:
    """Read and validate a user's prompt, and queue it: it is on the disk then. Raises RefusedError."""
    try:
        job, validation = await _aside(body, _read, body, user, table, folders, limits)
    except RefusedError as error:
        if error.counts:
            await queue.skip_number()
        raise
    match await queue.put(job):
        case store.Accepted(number=given):
            bad = bool(validation.outputs_bad)  # as seldom: only then there is something to be told
            wrong = await _aside(body, node_errors, validation, table, folders) if bad else {}
            return Accepted(id=job.id, number=given, node_errors=wrong)
        case IdTaken():
            raise _wrong_id(f"a job with the id {job.id} waits or runs")


def _read(
    body: bytes, user: str, table: NodeTable, folders: Folders, limits: Limits
) -> tuple[NewJob, Validation]:
    """Return the job that a body asks for; raises RefusedError. All at once: a change of threads is dear."""
    fields = fields_of(body)
    name, number = _id(fields, limits.id_length), _number(fields)
    try:
        validation = validated(fields, table, folders, limits)
    except RefusedError as error:  # numbers count refused prompts too
        raise RefusedError(error.answer, counts=number is None) from error
    return new_job(name, number, user, fields, validation), validation


async def _aside(body: bytes, work: Callable[P, Got], *args: P.args, **kwargs: P.kwargs) -> Got:
    """Do some work on a request: on a thread where it may take long, so that others need not wait for it."""
    return work(*args, **kwargs) if len(body) < LARGE else await asyncio.to_thread(work, *args, **kwargs)


def new_job(
    name: str, number: float | None, user: str, fields: Mapping[str, Json], validation: Validation
) -> NewJob:
    """Return the job that a prompt asks for."""
    extra = _extra_data(fields)
    client = extra.get("client_id")
    return NewJob(
        id=name,
        prompt=json_of(validation.graph.to_api()).decode(),
        extra_data=json_of(extra).decode(),
        targets=json.dumps(validation.outputs_good),
        created=store.now(),
        number=number,
        front=bool(fields.get("front")),
        client=client if isinstance(client, str) else None,
        user=user,
    )


def validated(
    fields: Mapping[str, Json], table: NodeTable, folders: Folders, limits: Limits = LIMITS
) -> Validation:
    """Read and validate the workflow of a request; raises RefusedError when nothing of it can run."""
    if "prompt" not in fields:
        raise RefusedError(error_body("no_prompt", "No prompt provided", "No prompt provided"))
    try:
        choose = random.SystemRandom().randrange
        graph = read_graph(fields["prompt"], table, now=datetime.now(), choose=choose, most=limits.nodes)
    except WorkflowError as error:
        raise RefusedError(of_form(error.problems)) from error
    validation = validate(graph, table, folders, _targets(fields))
    if answer := refusal(validation, table, folders):
        raise RefusedError(answer)
    return validation


def fields_of(body: bytes) -> Mapping[str, Json]:
    """Return the JSON object that a request's body is; raises RefusedError for anything else."""
    try:
        read = read_json(body)
    except json.JSONDecodeError as error:
        where = f"{error.msg} at line {error.lineno}, column {error.colno}"
        raise RefusedError(error_body("not_json", "The request's body is not JSON", where)) from error
    except ValueError as error:
        raise RefusedError(error_body("not_json", "The request's body is not JSON", str(error))) from error
    if not isinstance(read, dict):
        raise RefusedError(
            error_body("not_json", "The request's body must be a JSON object", 'with the key "prompt"')
        )
    return read


def _id(fields: Mapping[str, Json], most: int) -> str:
    match fields.get("prompt_id"):
        case None:
            return str(uuid.uuid4())
        case str() | int() | float() as given:
            name = str(given)
        case _:
            raise _wrong_id("it must be text")
    if not name:
        raise _wrong_id("it is empty")
    if len(name) > most:
        raise _wrong_id(f"it has {len(name)} characters; {most} are the most")
    if not name.isprintable():  # also half of a surrogate pair, which no answer could carry
        raise _wrong_id(f"it has characters that can't be shown: {name!r}")
    return name


def _wrong_id(details: str) -> RefusedError:
    return RefusedError(error_body("invalid_prompt_id", "The prompt_id can't be used", details))


def _number(fields: Mapping[str, Json]) -> float | None:
    match fields.get("number"):
        case None:
            return None
        case bool() | int() | float() | str() as number if (finite := _as_float(number)) is not None:
            return finite
        case other:
            raise RefusedError(error_body("invalid_number", "The queue number must be a number", repr(other)))


def _as_float(number: float | str) -> float | None:
    try:
        found = float(number)
    except (OverflowError, ValueError):  # a whole number beyond what a float holds, or text that is none
        return None
    return found if math.isfinite(found) else None


def _targets(fields: Mapping[str, Json]) -> Sequence[str] | None:
    match fields.get("partial_execution_targets"):
        case None:
            return None
        case list() as targets:
            return [str(target) for target in targets]
        case other:
            details = f"got {other!r}"
            raise RefusedError(
                error_body("invalid_targets", "partial_execution_targets must be a list", details)
            )


def _extra_data(fields: Mapping[str, Json]) -> Mapping[str, Json]:
    found = fields.get("extra_data")
    given = found if isinstance(found, dict) else {}
    extra = {key: value for key, value in given.items() if key not in SECRETS}
    if is_ui_format(fields["prompt"]):  # as the browser does: pictures carry the workflow they are of
        held = extra.get("extra_pnginfo")
        extra["extra_pnginfo"] = {"workflow": fields["prompt"], **(held if isinstance(held, dict) else {})}
    return {**extra, "client_id": fields["client_id"]} if "client_id" in fields else extra
