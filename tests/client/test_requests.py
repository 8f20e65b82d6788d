"""What is sent for each thing that can be asked, and how answers are read: values in, values out."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from inkloom.client import (
    BusyError,
    ConflictError,
    InvalidError,
    LocalFileError,
    NotFoundError,
    NotUnderstoodError,
    RefusedError,
    UnauthorisedError,
    UnavailableError,
    WorkflowFileError,
    requests,
)
from inkloom.client.errors import refusal
from inkloom.client.exchange import Answer, Call
from inkloom.client.source import workflow_of
from inkloom.client.values import Job

GRAPH: dict[str, Any] = {"1": {"class_type": "Number", "inputs": {"value": 2}}}

ASKED: list[tuple[Call[Any], str, str, object]] = [
    (requests.job("a/b ?"), "GET", "/v1/jobs/a%2Fb%20%3F", None),
    (requests.job(".."), "GET", "/v1/jobs/%2E%2E", None),
    (requests.job_workflow("j"), "GET", "/v1/jobs/j/workflow", None),
    (requests.jobs(), "GET", "/v1/jobs", None),
    (requests.jobs("done", 5, "x&y"), "GET", "/v1/jobs?state=done&limit=5&before=x%26y", None),
    (requests.cancel("j"), "POST", "/v1/jobs/j/cancel", None),
    (requests.retry("j"), "POST", "/v1/jobs/j/retry", None),
    (requests.prioritise("j", "front"), "PATCH", "/v1/jobs/j", {"priority": "front"}),
    (requests.forget("j"), "DELETE", "/v1/jobs/j", None),
    (requests.event_page("j", 7), "GET", "/v1/jobs/j/events?since=7", None),
    (requests.workflows(), "GET", "/v1/workflows", None),
    (requests.workflow("a/b"), "GET", "/v1/workflows/a%2Fb", None),
    (requests.workflow_schema("w"), "GET", "/v1/workflows/w/schema", None),
    (requests.validate(GRAPH, {}), "POST", "/v1/validate", {"workflow": GRAPH}),
    (
        requests.explain(GRAPH, {"inputs": {"a": 1}}),
        "POST",
        "/v1/explain",
        {"workflow": GRAPH, "inputs": {"a": 1}},
    ),
    (
        requests.estimate(GRAPH, {"targets": ("1",)}),
        "POST",
        "/v1/estimate",
        {"workflow": GRAPH, "targets": ["1"]},
    ),
    (requests.tokens("a", "comfyui", None), "POST", "/v1/tokens", {"text": "a", "syntax": "comfyui"}),
    (
        requests.tokens("a", "a1111", GRAPH["1"]),
        "POST",
        "/v1/tokens",
        {"text": "a", "syntax": "a1111", "loader": GRAPH["1"]},
    ),
    (requests.residency(), "GET", "/v1/residency", None),
    (
        requests.submit(GRAPH, {"id": "j", "priority": "front", "metadata": {"a": 1}}),
        "POST",
        "/v1/jobs",
        {"workflow": GRAPH, "id": "j", "priority": "front", "metadata": {"a": 1}},
    ),
    (
        requests.submit("my/flow", {"id": "j", "inputs": {"seed": 3}, "targets": None}),
        "POST",
        "/v1/workflows/my%2Fflow/run",
        {"id": "j", "inputs": {"seed": 3}},
    ),
]

NOT_TWICE = {("POST", "/v1/jobs/j/retry"), ("DELETE", "/v1/jobs/j")}
"""What would do something else the second time."""

DEFAULTS = {"inputs": {}, "metadata": {}}
"""What may be said or left out."""


@pytest.mark.parametrize(("call", "method", "path", "body"), ASKED, ids=lambda one: str(one)[:40])
def test_what_is_sent(call: Call[Any], method: str, path: str, body: object) -> None:
    request = call.request
    sent = None if request.body is None else json.loads(request.body)
    if isinstance(sent, dict):
        sent = {
            name: value
            for name, value in sent.items()
            if value is not None and value != DEFAULTS.get(name, sent)
        }
    assert (request.method, request.path, sent) == (method, path, body)
    assert request.repeatable is ((method, path) not in NOT_TWICE)


def test_a_job_has_an_id_before_it_is_sent() -> None:
    ids = {json.loads(requests.submit(GRAPH, {}).request.body or b"")["id"] for _ in range(3)}
    assert len(ids) == 3
    assert all(ids)


def test_a_name_has_no_metadata() -> None:
    with pytest.raises(ValueError, match="its own metadata"):
        requests.submit("flow", {"metadata": {"a": 1}})


def test_answers_may_have_new_fields() -> None:
    told = {"id": "j", "state": "done", "priority": 0, "created": 1.5, "from the future": [1]}
    job = requests.job("j").read(Answer(status=200, content=json.dumps(told).encode()))
    assert job == Job(id="j", state="done", priority=0, created=1.5)


@pytest.mark.parametrize("content", [b"", b"<html>", b'{"id": 3}', b"\xff"])
def test_an_answer_of_something_else(content: bytes) -> None:
    with pytest.raises(NotUnderstoodError, match="not what was expected"):
        requests.job("j").read(Answer(status=200, content=content))


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, InvalidError),
        (401, UnauthorisedError),
        (404, NotFoundError),
        (409, ConflictError),
        (422, InvalidError),
        (429, BusyError),
        (503, UnavailableError),
        (500, RefusedError),
    ],
)
def test_refusals(status: int, kind: type[RefusedError]) -> None:
    told = {
        "code": "c",
        "message": "no input sede (and 1 more)",
        "problems": [
            {"code": "p", "message": "no input sede", "nearest": "seed"},
            {"code": "p", "message": "no node 9"},
        ],
    }
    error = refusal(Answer(status=status, content=json.dumps(told).encode()))
    assert type(error) is kind
    assert (error.status, error.code, error.message) == (status, "c", told["message"])
    assert str(error).splitlines()[:2] == ["no input sede (and 1 more)", "  no node 9"]
    assert [problem.nearest for problem in error.problems] == ["seed", None]


@pytest.mark.parametrize("content", [b"plain words\n", b'{"error": {"type": "other shape"}}', b"\xff\xfe"])
def test_refusals_of_other_shapes_are_told_as_they_are(content: bytes) -> None:
    error = refusal(Answer(status=404, content=content))
    assert isinstance(error, NotFoundError)
    assert error.message == content.decode(errors="replace").strip()


@pytest.mark.parametrize(
    ("subfolder", "name"), [("", "a.png"), ("sub", "sub/a.png"), ("/sub/deep/", "sub/deep/a.png")]
)
def test_uploads_are_known_by_folder_and_name(tmp_path: Path, subfolder: str, name: str) -> None:
    path = tmp_path / "a.png"
    path.write_bytes(b"x")
    call = requests.upload(path)
    told = {"name": "a.png", "subfolder": subfolder, "type": "input"}
    assert call.read(Answer(status=200, content=msgspec.json.encode(told))) == name


def test_what_is_no_file_is_not_sent(tmp_path: Path) -> None:
    with pytest.raises(LocalFileError, match="there is no file"):
        requests.upload(tmp_path)


@pytest.mark.parametrize(
    ("write", "says"),
    [
        (lambda path: None, "can't be read"),
        (lambda path: path.write_text("{"), "is not JSON"),
        (lambda path: path.write_text("[1]"), "must hold a JSON object"),
        (lambda path: path.write_bytes(b'{"a": "\xff"}'), "is not JSON"),
    ],
)
def test_files_that_are_no_workflow(tmp_path: Path, write: Callable[[Path], None], says: str) -> None:
    path = tmp_path / "w.json"
    write(path)
    with pytest.raises(WorkflowFileError, match=says):
        workflow_of(path)


def test_a_workflow_in_a_file_is_the_workflow(tmp_path: Path) -> None:
    path = tmp_path / "w.json"
    path.write_text(json.dumps(GRAPH))
    assert workflow_of(path) == workflow_of(GRAPH) == GRAPH
