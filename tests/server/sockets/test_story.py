"""The executor's events as wire messages: fields and order."""

import json
from typing import Any

import pytest

from inkloom.executor import (
    Event,
    NodeBlocked,
    NodeFailed,
    NodeFinished,
    NodeStarted,
    Progress,
    RunCancelled,
    RunDone,
    RunFailed,
    RunStarted,
)
from inkloom.server.jobs import wire
from inkloom.server.jobs.job import Job
from inkloom.server.sockets.story import Story
from inkloom.server.store import Ended
from inkloom.server.store import Job as Row


def entry_of(story: Story) -> Any:
    """Return what the history shows of a run."""
    row = Row(
        ticket=1,
        id="j",
        number=0,
        client=None,
        user="",
        created=0,
        prompt="{}",
        extra_data="{}",
        targets="[]",
    )
    ended = Ended(job=row, outcome=story.record().outcome(), attempt=1, started=0, ended=0)
    return json.loads(wire.entry(ended))


JOB = Job(id="j", number=0, prompt="{}", extra_data={}, outputs=("9",))


def started(cached: tuple[str, ...] = ()) -> RunStarted:
    return RunStarted(nodes=("3", "9"), cached=cached, outputs=("9",))


def running(node: str, display: str | None = None, parent: str | None = None) -> NodeStarted:
    return NodeStarted(node=node, class_type="K", display_node=display or node, parent=parent)


def finished(node: str, ui: dict[str, Any] | None = None, *, cached: bool = False) -> NodeFinished:
    return NodeFinished(node=node, class_type="K", display_node=node, ui=ui, cached=cached)


def step(done: int, total: int) -> Progress:
    return Progress(node="3", display_node="3", done=done, total=total)


def told(*events: Event) -> tuple[Story, list[tuple[str, Any]]]:
    story = Story(JOB, clock=lambda: 7)
    return story, [(one.type, one.data) for event in events for one in story.tell(event)]


def state(value: float, most: float, how: str, node: str = "3") -> dict[str, object]:
    return {
        "value": value,
        "max": most,
        "state": how,
        "node_id": node,
        "prompt_id": "j",
        "display_node_id": node,
        "parent_node_id": None,
        "real_node_id": node,
    }


def test_start() -> None:
    assert told(started(cached=("3",)))[1] == [
        ("execution_start", {"prompt_id": "j", "timestamp": 7}),
        ("execution_cached", {"nodes": ["3"], "prompt_id": "j", "timestamp": 7}),
    ]


def test_a_node_with_steps() -> None:
    _, messages = told(running("3"), step(1, 2), step(2, 2), finished("3"))
    assert messages == [
        ("progress_state", {"prompt_id": "j", "nodes": {"3": state(0.0, 1.0, "running")}}),
        ("executing", {"node": "3", "display_node": "3", "prompt_id": "j"}),
        ("progress_state", {"prompt_id": "j", "nodes": {"3": state(1, 2, "running")}}),
        ("progress", {"value": 1, "max": 2, "prompt_id": "j", "node": "3"}),
        ("progress_state", {"prompt_id": "j", "nodes": {"3": state(2, 2, "running")}}),
        ("progress", {"value": 2, "max": 2, "prompt_id": "j", "node": "3"}),
        ("progress_state", {"prompt_id": "j", "nodes": {"3": state(2, 2, "finished")}}),
    ]


def test_a_preview_comes_in_two_forms_around_its_progress() -> None:
    story = Story(JOB, clock=lambda: 7)
    shown = Progress(node="3.1", display_node="3", parent="3", done=1, total=2, preview=b"JPEG")
    messages = story.tell(shown)
    assert [one.type for one in messages] == ["progress_state", "preview", "progress", "preview"]
    assert messages[3].to_bytes() == bytes([0, 0, 0, 1, 0, 0, 0, 1]) + b"JPEG"
    frame = messages[1].to_bytes()
    length = int.from_bytes(frame[4:8])
    assert frame[:4] == bytes([0, 0, 0, 4])
    assert json.loads(frame[8 : 8 + length]) == {
        "node_id": "3.1",
        "prompt_id": "j",
        "display_node_id": "3",
        "parent_node_id": "3",
        "real_node_id": "3",
        "image_type": "image/jpeg",
    }
    assert frame[8 + length :] == b"JPEG"


def test_a_state_that_was_told_never_changes() -> None:
    story = Story(JOB)
    first = story.tell(running("3"))[0]
    before = repr(first.data)
    story.tell(finished("3"))
    story.tell(running("9"))
    assert repr(first.data) == before


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (finished("9", {"images": []}), ["executed", "progress_state"]),
        (finished("9", {"images": []}, cached=True), ["executed", "progress_state"]),
        (finished("3"), ["progress_state"]),
        (finished("3", cached=True), []),  # announced by execution_cached
        (finished("4", cached=True), ["executed", "progress_state"]),  # equal to one that ran in this run
    ],
)
def test_what_a_finished_node_tells(event: NodeFinished, expected: list[str]) -> None:
    _, messages = told(started(cached=("3", "9")), event)
    assert [kind for kind, _ in messages[2:]] == expected


def test_nodes_of_an_expansion_name_who_stands_for_them() -> None:
    _, messages = told(running("3"), running("3.1", display="3", parent="3"))
    assert messages[3] == ("executing", {"node": "3.1", "display_node": "3", "prompt_id": "j"})
    inner = messages[2][1]["nodes"]["3.1"]
    assert (inner["display_node_id"], inner["parent_node_id"], inner["real_node_id"]) == ("3", "3", "3")


def test_what_goes_wrong_and_does_not_end_the_run() -> None:
    failed = NodeFailed(
        node="3.1",
        class_type="K",
        display_node="3",
        parent="3",
        exception_type="ValueError",
        message="no",
        inputs={"x": "y"},
    )
    silent = NodeBlocked(node="9", class_type="K", display_node="9")
    blocked = NodeBlocked(node="9", class_type="K", display_node="9", message="closed")
    story, messages = told(started(), running("1"), finished("1"), failed, silent, blocked, SUCCESS)
    errors = [data for kind, data in messages if kind == "execution_error"]
    assert errors == [
        {
            "prompt_id": "j",
            "node_id": "3",
            "node_type": "K",
            "executed": ["1"],
            "exception_message": "no\n",
            "exception_type": "ValueError",
            "traceback": [],
            "current_inputs": {"x": ["y"]},
            "current_outputs": ["3", "9"],
            "timestamp": 7,
        },
        {
            "prompt_id": "j",
            "node_id": "9",
            "node_type": "K",
            "executed": ["1"],
            "exception_message": "Execution Blocked: closed",
            "exception_type": "ExecutionBlocked",
            "traceback": [],
            "current_inputs": [],
            "current_outputs": [],
        },
    ]
    entry: Any = entry_of(story)
    assert entry["status"]["status_str"] == "success"
    assert [kind for kind, _ in entry["status"]["messages"]] == [
        "execution_start",
        "execution_cached",
        "execution_success",
    ]


SUCCESS = RunDone(seconds=1.0)
FAILURE = RunFailed(
    node="3",
    class_type="K",
    display_node="3",
    exception_type="ValueError",
    message="no",
    traceback=("a\n",),
    inputs={"x": 1},
)
CANCELLED = RunCancelled(node="3", class_type="K", display_node="3", done=1, total=2)


@pytest.mark.parametrize(
    ("last", "kind", "data"),
    [
        (SUCCESS, "execution_success", {}),
        (
            FAILURE,
            "execution_error",
            {
                "node_id": "3",
                "node_type": "K",
                "executed": ["1"],
                "exception_message": "no\n",
                "exception_type": "ValueError",
                "traceback": ["a\n"],
                "current_inputs": {"x": [1]},
                "current_outputs": ["3", "9"],
            },
        ),
        (CANCELLED, "execution_interrupted", {"node_id": "3", "node_type": "K", "executed": ["1"]}),
    ],
)
def test_endings(last: Event, kind: str, data: dict[str, Any]) -> None:
    story, messages = told(started(), running("1"), finished("1", {"text": ["x"]}), running("3"), last)
    ending = story.ending
    assert ending is not None
    assert (ending.type, ending.data) == (kind, {**data, "prompt_id": "j", "timestamp": 7})
    assert messages[-1][0] == "executing", "the last message is kept back until the record is stored"
    entry: Any = entry_of(story)
    assert entry["status"] == {
        "status_str": "success" if last is SUCCESS else "error",
        "completed": last is SUCCESS,
        "messages": [
            ["execution_start", {"prompt_id": "j", "timestamp": 7}],
            ["execution_cached", {"nodes": [], "prompt_id": "j", "timestamp": 7}],
            [kind, ending.data],
        ],
    }
    assert entry["outputs"] == {"1": {"text": ["x"]}}
    assert entry["meta"] == {
        "1": {"node_id": "1", "display_node": "1", "parent_node": None, "real_node_id": "1"}
    }


def test_a_cancelled_run_that_can_say_no_more_is_cancelled() -> None:
    story, _ = told(started(), running("3"))
    story.stop()
    assert story.ending is not None
    assert story.ending.type == "execution_interrupted"
    assert story.ending.data["node_id"] == "3"
    assert story.record().state == "cancelled"


def test_a_broken_off_run_names_the_node_that_ran() -> None:
    story, _ = told(started(), running("3"))
    story.break_off(RuntimeError("killed"))
    assert story.ending is not None
    assert story.ending.type == "execution_error"
    assert story.ending.data["node_id"] == "3"
    assert story.ending.data["exception_message"] == "killed\n"
    assert story.record().state == "failed"
