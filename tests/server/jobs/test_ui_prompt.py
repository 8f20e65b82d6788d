"""POST /prompt with a workflow as an editor saved it."""

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from inkloom.executor import Folders
from inkloom.server.jobs.prompt import RefusedError, fields_of, new_job, validated
from inkloom.server.store import NewJob

SAVED: dict[str, Any] = {
    "nodes": [
        {"id": 1, "type": "Number", "widgets_values": [3]},
        {"id": 2, "type": "Count", "mode": 4, "inputs": [{"name": "start", "type": "INT", "link": 1}],
         "outputs": [{"name": "INT", "type": "INT"}]},
        {"id": 3, "type": "Show", "inputs": [{"name": "value", "type": "*", "link": 2}], "title": "end"},
    ],
    "links": [[1, 1, 0, 2, 0, "INT"], [2, 2, 0, 3, 0, "INT"]],
    "version": 0.4,
}  # fmt: skip


def posted(toy: ModuleType, prompt: Any, **given: Any) -> NewJob:
    fields = fields_of(json.dumps({"prompt": prompt, **given}).encode())
    return new_job("j", None, "me", fields, validated(fields, toy.TABLE, Folders(Path("nowhere"))))


def test_it_is_taken_as_what_it_stands_for(toy: ModuleType) -> None:
    job = posted(toy, SAVED)
    assert json.loads(job.targets) == ["3"]
    assert json.loads(job.prompt) == {
        "1": {"class_type": "Number", "inputs": {"value": 3}, "_meta": {"title": "Number"}},
        "3": {"class_type": "Show", "inputs": {"value": ["1", 0]}, "_meta": {"title": "end"}},
    }
    assert json.loads(job.extra_data) == {"extra_pnginfo": {"workflow": SAVED}}, (
        "what a browser sends beside it"
    )


def test_what_the_client_says_of_pictures_stays(toy: ModuleType) -> None:
    extra = {"extra_pnginfo": {"workflow": {"mine": 1}, "more": 2}, "other": 3}
    assert json.loads(posted(toy, SAVED, extra_data=extra).extra_data) == extra
    extra = {"extra_pnginfo": {"more": 2}}
    expected = {"extra_pnginfo": {"workflow": SAVED, "more": 2}}
    assert json.loads(posted(toy, SAVED, extra_data=extra).extra_data) == expected


@pytest.mark.parametrize(
    ("change", "kind", "message", "details"),
    [
        ({"type": "Shw"}, "invalid_prompt", "node Shw does not exist", "Node ID '#3'"),
        ({"mode": []}, "not_ui_format", 'the mode of node 3 "end" must be a number, not a list', ""),
        ({"mode": 2}, "prompt_no_outputs", "Prompt has no outputs", ""),
        ({"inputs": []}, "prompt_outputs_failed_validation", "failed validation", "input is missing: value"),
    ],
)
def test_refusals(toy: ModuleType, change: dict[str, Any], kind: str, message: str, details: str) -> None:
    nodes = [*SAVED["nodes"][:2], SAVED["nodes"][2] | change]
    with pytest.raises(RefusedError) as caught:
        posted(toy, SAVED | {"nodes": nodes})
    error: Any = caught.value.answer["error"]
    assert error["type"] == kind
    assert message in error["message"]
    assert details in error["details"]
