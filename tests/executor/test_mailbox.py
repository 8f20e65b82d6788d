"""Events arrive in order, progress only in its newest state, and a fault at the end."""

from __future__ import annotations

from functools import partial

import pytest

from inkloom.executor import Progress, RunDone
from inkloom.executor.runs.mailbox import Mailbox


def test_newer_progress_takes_the_place_of_older_and_order_stays() -> None:
    box = Mailbox()
    step = partial(box.put, Progress, display_node="", total=9)
    step(node="a", done=1)
    step(node="b", done=1)
    step(node="a", done=2)
    box.put(RunDone, seconds=1.0)
    box.close()
    seen = list(box)
    assert [event.seq for event in seen] == [1, 2, 3]
    assert [(event.node, event.done) for event in seen if isinstance(event, Progress)] == [("b", 1), ("a", 2)]


def test_a_preview_outlives_the_progress_it_came_with() -> None:
    box = Mailbox()
    step = partial(box.put, Progress, node="a", display_node="", total=9)
    for done, preview in ((1, b"one"), (2, b"two"), (3, None)):
        step(done=done, preview=preview)
    box.close()
    assert [(event.done, event.preview) for event in box if isinstance(event, Progress)] == [(3, b"two")]


def test_what_was_fetched_is_not_taken_back() -> None:
    box = Mailbox()
    step = partial(box.put, Progress, node="a", display_node="", total=9)
    step(done=1)
    events = iter(box)
    first = next(events)
    step(done=2)
    box.close()
    assert [event.done for event in (first, *events) if isinstance(event, Progress)] == [1, 2]


def test_a_fault_comes_after_what_was_told() -> None:
    box = Mailbox()
    box.put(RunDone, seconds=1.0)
    box.close(ZeroDivisionError("fault"))
    events = iter(box)
    assert isinstance(next(events), RunDone)
    with pytest.raises(ZeroDivisionError, match="fault"):
        next(events)


def test_a_pause_is_told_before_it_is_waited_for_more() -> None:
    told: list[str] = []

    def pausing() -> None:
        told.append("pause")
        box.put(RunDone, seconds=1.0)  # the wait ends only with this
        box.close()

    box = Mailbox(pausing)
    box.put(Progress, node="a", display_node="", done=1, total=2)
    told.extend(event.type for event in box)
    assert told == ["progress", "pause", "run_done"]
