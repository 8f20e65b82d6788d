"""Events cross process borders as JSON and come back equal."""

from __future__ import annotations

import json

import pytest

from inkloom.executor import (
    EVENTS,
    Event,
    Mark,
    NodeBlocked,
    NodeFailed,
    NodeFinished,
    NodeStarted,
    Progress,
    Recap,
    RunCancelled,
    RunDone,
    RunFailed,
    RunStarted,
    Span,
    from_json,
    to_json,
)

EXAMPLES: list[Event] = [
    RunStarted(nodes=("1", "2"), cached=(), outputs=("2",)),
    NodeStarted(seq=1, at=0.5, node="1", class_type="X", display_node="1"),
    Progress(seq=2, node="1.a", display_node="1", parent="1", done=3, total=4),
    Progress(seq=2, node="1", display_node="1", done=3, total=4, preview=b"\xff\xd8\x00"),
    NodeFinished(
        seq=3, node="1", class_type="X", display_node="1", ui={"images": [{"filename": "a"}]}, seconds=0.1
    ),
    NodeFinished(seq=3, node="1", class_type="X", display_node="1", cached=True, key="ab", peak_bytes=7),
    NodeFinished(seq=3, node="1", class_type="X", display_node="1", steps=(13, 20, 20)),
    Span(seq=4, at=2.0, name="U-Net", category="load", start=1.5, seconds=0.5, node="1", args={"bytes": 3}),
    Recap(seq=5, spans=({"name": "U-Net", "start": 0.5, "seconds": 1.5},), marks=({"at": 0.5},), left_out=2),
    Mark(seq=4, name="full", category="memory", lane="gpu"),
    NodeBlocked(seq=4, node="1", class_type="X", display_node="1", message="closed"),
    NodeFailed(
        seq=4,
        node="1.a",
        class_type="X",
        display_node="1",
        parent="1",
        exception_type="ValueError",
        message="no",
        inputs={"a": "b"},
    ),
    RunFailed(
        seq=4,
        node="1",
        class_type="X",
        display_node="1",
        exception_type="ValueError",
        message="no",
        traceback=("line",),
        inputs={"a": 1, "b": None},
        pending=("1",),
    ),
    RunCancelled(seq=5, pending=("1", "2")),
    RunCancelled(seq=5, node="1", class_type="X", display_node="1", done=1, total=2),
    RunDone(seq=6, seconds=1.5, failed=2),
]


@pytest.mark.parametrize("event", EXAMPLES, ids=lambda event: event.type)
def test_there_and_back(event: Event) -> None:
    assert from_json(json.loads(json.dumps(to_json(event)))) == event


def test_every_event_has_an_example() -> None:
    assert {type(event) for event in EXAMPLES} == set(EVENTS.values())
    assert all(EVENTS[event.type] is type(event) for event in EXAMPLES)


@pytest.mark.parametrize(
    ("told", "says"),
    [
        ({"type": "run_stared"}, "known: run_started"),
        ({}, "unknown event type None"),
        ({"type": "run_done"}, "seconds"),
        ({"type": "run_done", "seconds": 1, "colour": 2}, "colour"),
        ({"type": "progress", "preview": "no base64!"}, "not a progress event"),
    ],
)
def test_refuses(told: dict[str, object], says: str) -> None:
    with pytest.raises(ValueError, match="event") as caught:
        from_json(told)
    assert says in str(caught.value)
