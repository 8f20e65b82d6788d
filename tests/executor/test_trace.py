"""Traces: what Perfetto and Chrome want of the format holds for any stream of events."""

from __future__ import annotations

import json
import random
import sys
from collections import defaultdict
from pathlib import Path
from typing import Annotated, Any

import pytest

from inkloom.executor import (
    Context,
    Event,
    Expansion,
    Folders,
    Graph,
    Link,
    Mark,
    MemoryCache,
    Node,
    NodeFinished,
    NodeStarted,
    NodeTable,
    Port,
    Progress,
    RunCancelled,
    RunDone,
    RunFailed,
    RunStarted,
    Span,
    Ui,
    node,
    run,
)
from inkloom.executor.explaining.trace import trace

Any_ = Annotated[Any, Port("*")]


@node("Work", category="test")
def work(ctx: Context, *, value: int, steps: int = 0) -> int:
    """Work in steps."""
    for step in range(steps):
        ctx.progress(step + 1, steps)
    return value


@node("Twice", category="test")
def twice(ctx: Context, *, value: int) -> int | Expansion:
    """Expand into two nodes."""
    made = [Node(f"{ctx.node_id}.{turn}", "Work", {"value": value + turn, "steps": 2}) for turn in range(2)]
    return Expansion({one.id: one for one in made}, (Link(made[-1].id, 0),))


@node("Load", category="test")
def load(ctx: Context, *, value: int) -> int:
    """Load, and tell of it."""
    with ctx.span("weights", "load", bytes=7):
        ctx.mark("full", "memory", lane="gpu", used=9)
    return value


@node("Fail", category="test")
def fail(ctx: Context, *, value: int) -> int:
    """Fail in the middle."""
    ctx.progress(1, 3)
    raise ValueError(f"no {value}")


@node("Show", category="test", output=True)
def show(*, value: Any_) -> Ui:
    """Show."""
    return Ui({"text": [str(value)]})


TABLE = NodeTable.collect(sys.modules[__name__])


def played(root: Path, flow: dict[str, Any], cache: MemoryCache | None = None) -> list[Event]:
    given = {name: {"class_type": kind, "inputs": inputs} for name, (kind, inputs) in flow.items()}
    return list(run(Graph.parse(json.dumps(given)), TABLE, Folders(root), cache or MemoryCache(2**20)))


def checked(events: list[Event], **options: Any) -> list[dict[str, Any]]:
    """Return the entries of a trace that keeps the rules of its format."""
    told = json.loads(json.dumps(trace(events, **options)))
    assert set(told) == {"traceEvents", "displayTimeUnit"}
    named = {entry["tid"] for entry in told["traceEvents"] if entry["ph"] == "M"}
    rows: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for entry in told["traceEvents"]:
        assert {"name", "ph", "pid", "tid", "args"} <= set(entry)
        assert entry["tid"] in named
        match entry["ph"]:
            case "M":
                assert entry["name"] == "thread_name"
                assert entry["args"]["name"]
            case "X":
                assert entry["ts"] >= 0
                assert entry["dur"] >= 0
                rows[entry["tid"]].append(entry)
            case "i":
                assert entry["s"] == "t"
                assert entry["ts"] >= 0
            case other:
                raise AssertionError(other)
    for row in rows.values():  # in the order of the file, as readers take them
        stack: list[dict[str, Any]] = []
        starts = [entry["ts"] for entry in row]
        assert starts == sorted(starts)
        for entry in row:
            while stack and end_of(stack[-1]) <= entry["ts"]:
                stack.pop()
            assert not stack or end_of(entry) <= end_of(stack[-1]), "bars of a row cross"
            stack.append(entry)
    return told["traceEvents"]


def end_of(entry: dict[str, Any]) -> int:
    return entry["ts"] + entry["dur"]


def bars(entries: list[dict[str, Any]], category: str) -> dict[str, dict[str, Any]]:
    return {entry["name"]: entry for entry in entries if entry["ph"] == "X" and entry["cat"] == category}


def test_a_run(tmp_path: Path) -> None:
    flow = {"a": ("Work", {"value": 1, "steps": 4}), "b": ("Show", {"value": ["a", 0]})}
    cache = MemoryCache(2**20)
    entries = checked(played(tmp_path, flow, cache))
    nodes = bars(entries, "node")
    assert set(nodes) == {"Work (a)", "Show (b)"}
    assert end_of(nodes["Work (a)"]) <= nodes["Show (b)"]["ts"]
    steps = bars(entries, "step")
    assert steps
    for step in steps.values():
        assert step["tid"] == nodes["Work (a)"]["tid"]
        assert nodes["Work (a)"]["ts"] <= step["ts"] <= end_of(step) <= end_of(nodes["Work (a)"])
    [whole] = bars(entries, "run").values()
    assert whole["args"] == {"nodes": 2, "cached": 0, "ended": "done"}
    assert all(end_of(entry) <= end_of(whole) for entry in nodes.values())
    again = checked(played(tmp_path, flow, cache))
    assert not bars(again, "node")
    assert [entry["name"] for entry in again if entry["ph"] == "i"] == ["Show (b)"]


def test_what_a_node_expands_into_lies_inside_of_it(tmp_path: Path) -> None:
    entries = checked(played(tmp_path, {"t": ("Twice", {"value": 1}), "b": ("Show", {"value": ["t", 0]})}))
    nodes = bars(entries, "node")
    outer = nodes["Twice (t)"]
    inner = nodes["Work (t.1)"]
    assert inner["tid"] == outer["tid"]
    assert outer["ts"] <= inner["ts"] <= end_of(inner) <= end_of(outer)


def test_a_failed_run(tmp_path: Path) -> None:
    entries = checked(played(tmp_path, {"f": ("Fail", {"value": 1}), "b": ("Show", {"value": ["f", 0]})}))
    assert bars(entries, "node")["Fail (f)"]["args"]["failed"] == "no 1"
    assert bars(entries, "run")["run"]["args"]["ended"] == "failed"


def test_what_a_node_tells_besides(tmp_path: Path) -> None:
    entries = checked(played(tmp_path, {"l": ("Load", {"value": 1}), "b": ("Show", {"value": ["l", 0]})}))
    loaded = bars(entries, "load")["weights"]
    assert loaded["args"] == {"bytes": 7, "node": "l"}
    whole = bars(entries, "node")["Load (l)"]
    assert whole["ts"] <= loaded["ts"] <= end_of(loaded) <= end_of(whole)
    [mark] = [entry for entry in entries if entry["ph"] == "i"]
    assert (mark["name"], mark["args"]) == ("full", {"used": 9, "node": "l"})
    assert loaded["ts"] <= mark["ts"] <= end_of(loaded)


def started(name: str, at: float, parent: str | None = None) -> NodeStarted:
    return NodeStarted(node=name, class_type="Work", display_node=name, parent=parent, at=at)


def finished(name: str, at: float) -> NodeFinished:
    return NodeFinished(node=name, class_type="Work", display_node=name, at=at)


BEGIN = RunStarted(nodes=("a", "b"), cached=(), outputs=("b",))


@pytest.mark.parametrize(
    ("end", "says"),
    [
        ([RunCancelled(at=3.0, node="a", class_type="Work", display_node="a")], "cancelled"),
        ([Progress(at=3.0, node="a", display_node="a", done=1, total=2)], "broken off"),
    ],
)
def test_a_run_that_did_not_end_well(end: list[Event], says: str) -> None:
    entries = checked([BEGIN, started("a", 1.0), started("b", 2.0), *end])
    nodes = bars(entries, "node")
    assert {entry["args"]["ended"] for entry in nodes.values()} == {says}
    assert nodes["Work (a)"]["tid"] != nodes["Work (b)"]["tid"], "at the same time: a row each"
    assert end_of(nodes["Work (a)"]) == 3_000_000


def test_steps_that_were_not_told() -> None:
    def step(done: int, at: float) -> Progress:
        return Progress(node="a", display_node="a", done=done, total=9, at=at)

    steps = [step(1, 1.0), step(4, 2.0), step(4, 2.5)]
    told: list[Event] = [BEGIN, started("a", 0.0), *steps, finished("a", 3.0), RunDone(seconds=3.0, at=3.0)]
    assert list(bars(checked(told), "step")) == [
        "step 1",
        "steps 2-4",
        "step 4",
    ]


def test_spans_and_marks_have_rows_of_their_own() -> None:
    def span(name: str, start: float, seconds: float, **more: Any) -> Span:
        return Span(name=name, start=start, seconds=seconds, at=start + seconds, category="copy", **more)

    told: list[Event] = [
        BEGIN,
        started("a", 0.0),
        span("one", 0.5, 1.0, node="a", args={"bytes": 7}),
        span("two", 1.0, 1.0),
        span("other", 1.2, 1.0, lane="gpu"),
        Mark(name="full", category="memory", at=2.5, args={"used": 3}),
        span("late", 9.0, -1.0),
        finished("a", 10.0),
        RunDone(seconds=10.0, at=10.0),
    ]
    entries = checked(told, lane_of=lambda class_type: class_type.lower())
    copies = bars(entries, "copy")
    names = {entry["tid"]: entry["args"]["name"] for entry in entries if entry["ph"] == "M"}
    assert [names[copies[name]["tid"]] for name in ("one", "two", "other")] == ["copy", "copy 2", "gpu"]
    assert list(names.values()) == ["run", "work", "copy", "copy 2", "gpu", "memory"]
    assert copies["one"]["args"] == {"bytes": 7, "node": "a"}
    assert (copies["one"]["ts"], copies["one"]["dur"]) == (500_000, 1_000_000)
    [mark] = [entry for entry in entries if entry["ph"] == "i"]
    assert (mark["name"], names[mark["tid"]], mark["ts"]) == ("full", "memory", 2_500_000)


def test_any_stream() -> None:
    """Nodes at the same time, inside of each other, zero long, never ended: every row stays in order."""
    chance = random.Random(3)
    for _ in range(60):
        at, running = 0.0, dict[str, str | None]()
        told: list[Event] = [BEGIN]
        for turn in range(chance.randrange(60)):
            at += chance.choice([0.0, 1e-7, 0.01, 0.3])
            match chance.randrange(5):
                case 0 | 1:
                    parent = chance.choice([None, *running])
                    running[f"n{turn}"] = parent
                    told.append(started(f"n{turn}", at, parent))
                case 2 if running:
                    name = chance.choice([*running])
                    told.append(Progress(node=name, display_node=name, done=turn, total=99, at=at))
                case 3:
                    start, seconds = chance.uniform(-1, at + 1), chance.uniform(-1, 2)
                    told.append(Span(name="x", category="copy", start=start, seconds=seconds, at=at))
                case _ if running:
                    name = chance.choice([*running])
                    del running[name]
                    told.append(finished(name, at))
                case _:
                    pass
        if chance.random() < 0.5 and running:
            name = next(iter(running))
            told.append(
                RunFailed(
                    at=at,
                    node=name,
                    class_type="Work",
                    display_node=name,
                    exception_type="X",
                    message="m",
                    inputs={},
                )
            )
        entries = checked(told)
        assert len(bars(entries, "node")) == len({one.node for one in told if isinstance(one, NodeStarted)})
