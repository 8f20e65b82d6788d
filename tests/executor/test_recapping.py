"""What is told in passing is told once more at the end of a run, so that who keeps little has it."""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path
from typing import Annotated, Any

import pytest

from inkloom.executor import (
    CancelToken,
    Context,
    Event,
    Folders,
    Graph,
    Mark,
    MemoryCache,
    NodeFinished,
    NodeTable,
    Port,
    Progress,
    Recap,
    RunCancelled,
    RunDone,
    RunFailed,
    Span,
    Ui,
    node,
    run,
    to_json,
)
from inkloom.executor.runs.recapping import MOST_MARKS, MOST_SPANS, Recollection

Any_ = Annotated[Any, Port("*")]


@node("Load", category="test")
def load(ctx: Context, *, value: int, then: str = "") -> int:
    """Load, tell of it, and end in some way."""
    with ctx.span("weights", "load", bytes=7):
        ctx.mark("full", "memory", lane="gpu", used=9)
    if then == "fail":
        raise ValueError("no")
    while then == "cancel":
        ctx.check_cancelled()
    return value


@node("Work", category="test")
def work(ctx: Context, *, value: int, first: int, steps: int) -> int:
    """Work in steps, from one on."""
    for step in range(first, steps + 1):
        ctx.progress(step, steps)
    return value


@node("Show", category="test", output=True)
def show(*, value: Any_) -> Ui:
    """Show."""
    return Ui({"text": [str(value)]})


TABLE = NodeTable.collect(sys.modules[__name__])


def told_of(
    tmp_path: Path, class_type: str, token: CancelToken | None = None, **inputs: object
) -> list[Event]:
    graph = {
        "l": {"class_type": class_type, "inputs": inputs},
        "s": {"class_type": "Show", "inputs": {"value": ["l", 0]}},
    }
    events: list[Event] = []
    for event in run(Graph.parse(graph), TABLE, Folders(tmp_path), cache=MemoryCache(2**20), cancel=token):
        events.append(event)
        if token is not None and isinstance(event, Mark):
            token.cancel()
    return events


@pytest.mark.parametrize(("then", "kind"), [("", RunDone), ("fail", RunFailed)])
def test_a_run_ends_with_what_was_told_in_passing(tmp_path: Path, then: str, kind: type[Event]) -> None:
    *before, recap, end = told_of(tmp_path, "Load", value=1, then=then)
    assert isinstance(end, kind)
    assert isinstance(recap, Recap)
    [span] = [event for event in before if isinstance(event, Span)]
    [mark] = [event for event in before if isinstance(event, Mark)]
    [again], [point] = recap.spans, recap.marks
    assert again == {
        "name": "weights",
        "category": "load",
        "node": "l",
        "args": {"bytes": 7},
        "start": pytest.approx(span.start, abs=1e-4),
        "seconds": pytest.approx(span.seconds, abs=1e-4),
    }
    facts = {"name": "full", "category": "memory", "lane": "gpu", "node": "l", "args": {"used": 9}}
    assert point == {**facts, "at": pytest.approx(mark.at, abs=1e-2)}
    assert recap.left_out == 0
    for short, long in ((again, to_json(span)), (point, to_json(mark))):
        assert short.keys() <= long.keys()


def test_a_cancelled_run_does_too(tmp_path: Path) -> None:
    *_, recap, end = told_of(tmp_path, "Load", CancelToken(), value=1, then="cancel")
    assert isinstance(end, RunCancelled)
    assert isinstance(recap, Recap)
    assert [span["name"] for span in recap.spans] == ["weights"]


def test_a_run_without_any_has_no_such_event(tmp_path: Path) -> None:
    assert not [
        event for event in told_of(tmp_path, "Work", value=1, first=1, steps=3) if isinstance(event, Recap)
    ]


@pytest.mark.parametrize(
    ("first", "steps", "told"), [(1, 4, (1, 4, 4)), (13, 20, (13, 20, 20)), (2, 1, None)]
)
def test_a_node_says_at_its_end_which_steps_it_took(
    tmp_path: Path, first: int, steps: int, told: tuple[int, int, int] | None
) -> None:
    events = told_of(tmp_path, "Work", value=1, first=first, steps=steps)
    [finished] = [event for event in events if isinstance(event, NodeFinished) and event.node == "l"]
    assert finished.steps == told
    heard = [event.done for event in events if isinstance(event, Progress)]
    assert heard[-1:] == ([] if told is None else [told[1]])


def test_of_very_many_the_longest_are_told_and_little_is_kept() -> None:
    chance, lasted = random.Random(5), {}
    recollection = Recollection()
    for number in range(10_000):
        name, seconds = f"layer {number}", chance.random()
        lasted[name] = round(seconds, 4)
        facts = {
            "name": name,
            "category": "copy",
            "start": 0.5 * number,
            "seconds": seconds,
            "lane": "",
            "args": {},
        }
        recollection.note("n", 0.5 * number + seconds, Span, facts)
        recollection.note(
            "n", 0.5 * number, Mark, {"name": name, "category": "evict", "lane": "", "args": {}}
        )
    facts = recollection.facts()
    assert facts is not None
    assert facts["left_out"] == 20_000 - MOST_SPANS - MOST_MARKS
    told = [span["name"] for span in facts["spans"]]
    assert set(told) == set(sorted(lasted, key=lasted.__getitem__, reverse=True)[:MOST_SPANS])
    assert [span["start"] for span in facts["spans"]] == sorted(span["start"] for span in facts["spans"])
    assert [mark["name"] for mark in facts["marks"]] == [f"layer {number}" for number in range(MOST_MARKS)]
    assert len(json.dumps(to_json(Recap(**facts)))) < 40_000
