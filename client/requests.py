"""Everything a server can be asked, as pure functions from arguments to calls."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, TypeAlias, TypedDict, TypeVar, cast
from urllib.parse import quote, urlencode

import msgspec

from .errors import LocalFileError, NotUnderstoodError
from .exchange import Answer, Call, Request, Upload
from .values import (
    Change,
    Estimate,
    EventPage,
    Explanation,
    File,
    Job,
    JobPage,
    Loader,
    NamedWorkflow,
    NewJob,
    Notation,
    PromptText,
    Question,
    Residency,
    RunWorkflow,
    State,
    TokenCount,
    Validity,
    WorkflowInfo,
    WorkflowList,
)

T = TypeVar("T")

Priority: TypeAlias = float | Literal["front"]
"""Lower runs first; front: before all others."""

Object: TypeAlias = dict[str, Any]
"""A JSON object whose shape is not declared here."""

EVENTS = "text/event-stream"

PAGE = 1000
"""The most jobs that one answer has."""


class Wanted(TypedDict, total=False):
    """What may be said with a workflow: values by name, and the output nodes to run instead of all."""

    inputs: Mapping[str, Any] | None
    targets: Sequence[str] | None


class Wishes(Wanted, total=False):
    """What may be said with a workflow that is to be run.

    `id` is chosen by the client, a new one by default; `client_id` is the websocket session that hears of
    the job, too; `metadata` becomes part of the pictures', and goes with a workflow, not with a name.
    """

    priority: Priority | None
    id: str | None
    client_id: str | None
    metadata: Mapping[str, Any] | None


def submit(workflow: Mapping[str, Any] | str, wishes: Wishes) -> Call[Job]:
    """Queue a workflow, or the one that the server has under a name.

    It has an id from the start, so that sending it twice makes one job. Raises ValueError for metadata with a
    name.
    """
    said = _given({"id": str(uuid.uuid4()), **_given(wishes)})
    if isinstance(workflow, str):
        if "metadata" in said:
            raise ValueError("a workflow that the server has brings its own metadata")
        path = f"/v1/workflows/{_escaped(workflow)}/run"
        return Call(_post(path, RunWorkflow(**said), repeatable=True), _reading(Job))
    return Call(_post("/v1/jobs", NewJob(workflow=dict(workflow), **said), repeatable=True), _reading(Job))


def job(id: str) -> Call[Job]:
    """Tell how a job is."""
    return Call(_get(_job(id)), _reading(Job))


def job_workflow(id: str) -> Call[Object]:
    """Give the workflow of a job, in API format."""
    return Call(_get(f"{_job(id)}/workflow"), _reading(dict[str, Any]))


def jobs(state: State | None = None, limit: int | None = None, before: str | None = None) -> Call[JobPage]:
    """List jobs, newest first."""
    return Call(_get("/v1/jobs", state=state, limit=limit, before=before), _reading(JobPage))


def cancel(id: str) -> Call[Job]:
    """Stop a job, whether it waits or runs; one that has ended stays as it is."""
    return Call(_post(f"{_job(id)}/cancel", repeatable=True), _reading(Job))


def retry(id: str) -> Call[Job]:
    """Queue the workflow of a job again."""
    return Call(_post(f"{_job(id)}/retry"), _reading(Job))


def prioritise(id: str, priority: Priority) -> Call[Job]:
    """Change when a waiting job comes up."""
    body = msgspec.json.encode(Change(priority=priority))
    return Call(Request(method="PATCH", path=_job(id), body=body, repeatable=True), _reading(Job))


def forget(id: str) -> Call[None]:
    """Delete a job that has ended from the history; its files stay."""
    return Call(Request(method="DELETE", path=_job(id)), _nothing)


def event_page(id: str, since: int = 0) -> Call[EventPage]:
    """Give the kept events of a job after a number."""
    return Call(_get(f"{_job(id)}/events", since=since), _reading(EventPage))


def event_stream(id: str, since: int = 0) -> Request:
    """Follow the events of a job after a number, until it has ended."""
    return Request(
        method="GET", path=_with(f"{_job(id)}/events", since=since), accept=EVENTS, repeatable=True
    )


def workflows() -> Call[list[WorkflowInfo]]:
    """List the workflows that can be run by name."""
    read = _reading(WorkflowList)
    return Call(_get("/v1/workflows"), lambda answer: read(answer).workflows)


def workflow(name: str) -> Call[NamedWorkflow]:
    """Tell what a workflow of the server takes, and give the workflow itself."""
    return Call(_get(f"/v1/workflows/{_escaped(name)}"), _reading(NamedWorkflow))


def workflow_schema(name: str) -> Call[Object]:
    """Give the JSON Schema of a workflow's inputs."""
    return Call(_get(f"/v1/workflows/{_escaped(name)}/schema"), _reading(dict[str, Any]))


def validate(workflow: Mapping[str, Any], wanted: Wanted) -> Call[Validity]:
    """Tell everything that is wrong with a workflow."""
    return Call(_question("/v1/validate", workflow, wanted), _reading(Validity))


def explain(workflow: Mapping[str, Any], wanted: Wanted) -> Call[Explanation]:
    """Tell what of a workflow would run now, and why."""
    return Call(_question("/v1/explain", workflow, wanted), _reading(Explanation))


def estimate(workflow: Mapping[str, Any], wanted: Wanted) -> Call[Estimate]:
    """Tell what time and memory a workflow would take now."""
    return Call(_question("/v1/estimate", workflow, wanted), _reading(Estimate))


def tokens(text: str, notation: Notation, loader: Mapping[str, Any] | None) -> Call[TokenCount]:
    """Count the tokens of a prompt; `loader` is the node whose text encoders read it, in API format.

    Raises ValueError for what is no node.
    """
    try:
        node = None if loader is None else msgspec.convert(loader, Loader)
    except msgspec.ValidationError as error:
        raise ValueError(f"the loader must be {{'class_type': …, 'inputs': …}}: {error}") from error
    body = PromptText(text=text, syntax=notation, loader=node)
    return Call(_post("/v1/tokens", body, repeatable=True), _reading(TokenCount))


def residency() -> Call[Residency]:
    """Tell what the server has in memory."""
    return Call(_get("/v1/residency"), _reading(Residency))


def nodes() -> Call[Object]:
    """Describe every node that the server knows, by class."""
    return Call(_get("/object_info"), _reading(dict[str, Any]))


def system() -> Call[Object]:
    """Tell of the server's machine, versions and devices."""
    return Call(_get("/system_stats"), _reading(dict[str, Any]))


def upload(path: Path, *, subfolder: str = "", overwrite: bool = False) -> Call[str]:
    """Send a file to the server's input folder; what comes back is its name there, for nodes that read files.

    Sending it twice keeps it once. Raises LocalFileError for what is no file.
    """
    if not path.is_file():
        raise LocalFileError(f"there is no file {path}")
    fields = {"type": "input", "subfolder": subfolder, "overwrite": "true" if overwrite else "false"}
    form = Upload(path=path, name=path.name, fields=fields)
    return Call(Request(method="POST", path="/upload/image", upload=form, repeatable=True), _uploaded)


def content(file: File) -> Request:
    """Ask for the bytes of a file that a job has written."""
    return Request(method="GET", path=file.url, accept="*/*", repeatable=True)


class _Uploaded(msgspec.Struct):
    """Where the server has put a file."""

    name: str
    subfolder: str


def _uploaded(answer: Answer) -> str:
    placed = _reading(_Uploaded)(answer)
    return f"{placed.subfolder.strip('/')}/{placed.name}" if placed.subfolder.strip("/") else placed.name


def _reading(kind: type[T]) -> Callable[[Answer], T]:
    """Return a reader of answers that hold a value; raises NotUnderstoodError for what does not."""

    def read(answer: Answer) -> T:
        try:
            return msgspec.json.decode(answer.content, type=kind)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise NotUnderstoodError(
                f"the server's answer {answer.status} is not what was expected: {error}\n"
                "  is it an inkloom server, and of the same version?"
            ) from error

    return read


def _nothing(_: Answer) -> None:
    """Read an answer that says no more than that it was done."""


def _job(id: str) -> str:
    return f"/v1/jobs/{_escaped(id)}"


def _question(path: str, workflow: Mapping[str, Any], wanted: Wanted) -> Request:
    return _post(path, Question(workflow=dict(workflow), **_given(wanted)), repeatable=True)


def _given(said: Mapping[str, Any]) -> dict[str, Any]:
    """Return what was said, as JSON has it; what was left open is left out."""
    return {
        name: dict(cast("Mapping[str, Any]", value))
        if isinstance(value, Mapping)
        else list(cast("Sequence[Any]", value))
        if name == "targets"
        else value
        for name, value in said.items()
        if value is not None
    }


def _get(path: str, **query: str | int | None) -> Request:
    return Request(method="GET", path=_with(path, **query), repeatable=True)


def _post(path: str, body: object = None, *, repeatable: bool = False) -> Request:
    return Request(
        method="POST",
        path=path,
        body=None if body is None else msgspec.json.encode(body),
        repeatable=repeatable,
    )


def _with(path: str, **query: str | int | None) -> str:
    given = {name: value for name, value in query.items() if value is not None}
    return f"{path}?{urlencode(given)}" if given else path


def _escaped(name: str) -> str:
    """Return a name as one part of a path; a dot alone would mean a folder."""
    return quote(name, safe="").replace(".", "%2E") if name in (".", "..") else quote(name, safe="")
