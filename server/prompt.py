"""POST /prompt: from the body of a request to a job, or to the reasons why not."""

import json
import math
import random
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from ..executor import Folders, Json, NodeTable, Validation, WorkflowError, validate
from ..executor.ui_format import is_ui_format, read_graph
from .body import read_json
from .jobs import Job
from .reasons import Body, error_body, node_errors, of_form, refusal


class RefusedError(Exception):
    """A prompt that is not run; `answer` is the body of the 400."""

    def __init__(self, answer: Body) -> None:
        super().__init__(answer)
        self.answer = answer


class Numbering(Protocol):
    """Gives a prompt its place in the queue."""

    def __call__(self, *, front: bool) -> float:
        """Return the number; lower ones run first."""
        ...


@dataclass(frozen=True, slots=True)
class Accepted:
    """A job to queue, and what is wrong with those outputs of its workflow that will not run."""

    job: Job
    node_errors: Mapping[str, Body]

    def answer(self) -> Body:
        """Return the body of the 200."""
        return {"prompt_id": self.job.id, "number": self.job.number, "node_errors": self.node_errors}


def accept(
    body: bytes, numbering: Numbering, taken: Callable[[str], bool], table: NodeTable, folders: Folders
) -> Accepted:
    """Read and validate a prompt; `taken` says whether an id belongs to another job. Raises RefusedError."""
    fields = fields_of(body)
    name = _id(fields, taken)
    number = _number(fields, numbering)
    validation = validated(fields, table, folders)
    job = Job(
        id=name,
        number=number,
        prompt=validation.graph.to_api(),
        extra_data=_extra_data(fields),
        outputs=tuple(validation.outputs_good),
    )
    return Accepted(job, node_errors(validation, table, folders))


def validated(fields: Mapping[str, Json], table: NodeTable, folders: Folders) -> Validation:
    """Read and validate the workflow of a request; raises RefusedError when nothing of it can run."""
    if "prompt" not in fields:
        raise RefusedError(error_body("no_prompt", "No prompt provided", "No prompt provided"))
    try:
        graph = read_graph(fields["prompt"], table, now=datetime.now(), choose=random.Random().randrange)
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


def _id(fields: Mapping[str, Json], taken: Callable[[str], bool]) -> str:
    match fields.get("prompt_id"):
        case None:
            return str(uuid.uuid4())
        case str() | int() | float() as given:
            name = str(given)
        case _:
            raise _wrong_id("it must be text")
    if not name:
        raise _wrong_id("it is empty")
    if not name.isprintable():  # also half of a surrogate pair, which no answer could carry
        raise _wrong_id(f"it has characters that can't be shown: {name!r}")
    if taken(name):
        raise _wrong_id(f"a job with the id {name} waits or runs")
    return name


def _wrong_id(details: str) -> RefusedError:
    return RefusedError(error_body("invalid_prompt_id", "The prompt_id can't be used", details))


def _number(fields: Mapping[str, Json], numbering: Numbering) -> float:
    match fields.get("number"):
        case None:
            return numbering(front=bool(fields.get("front")))
        case bool() | int() | float() as number if (finite := _as_float(number)) is not None:
            return finite
        case other:
            raise RefusedError(error_body("invalid_number", "The queue number must be a number", repr(other)))


def _as_float(number: float) -> float | None:
    try:
        return float(number) if math.isfinite(number) else None
    except OverflowError:  # a whole number beyond what a float holds
        return None


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
    extra = dict(found) if isinstance(found, dict) else {}
    if is_ui_format(fields["prompt"]):  # as the browser does: pictures carry the workflow they are of
        held = extra.get("extra_pnginfo")
        extra["extra_pnginfo"] = {"workflow": fields["prompt"], **(held if isinstance(held, dict) else {})}
    return {**extra, "client_id": fields["client_id"]} if "client_id" in fields else extra
