"""Runs noted in the history as they go: stopped, failed, killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any

import pytest

from inkloom.executor import (
    Context,
    Event,
    Expansion,
    Folders,
    Graph,
    History,
    Link,
    MemoryCache,
    Node,
    NodeFinished,
    NodeStarted,
    NodeTable,
    Port,
    Ui,
    node,
    recorded,
    run,
)
from inkloom.executor.explaining.history import Shape

Any_ = Annotated[Any, Port("*")]


@node("Number", category="test")
def number(*, value: int) -> int:
    """Give a number."""
    return value


@node("Twice", category="test")
def twice(ctx: Context, *, value: int) -> int | Expansion:
    """Expand into a number."""
    made = Node(f"{ctx.node_id}.n", "Number", {"value": 2 * value})
    return Expansion({made.id: made}, (Link(made.id, 0),))


@node("Wait", category="test")
def wait(*, value: int) -> int:
    """Wait until somebody writes a line; say so before."""
    print("waiting", flush=True)
    return value + len(sys.stdin.readline())


@node("Fail", category="test")
def fail(*, value: int) -> int:
    """Raise."""
    raise ValueError(str(value))


@node("Show", category="test", output=True)
def show(*, value: Any_) -> Ui:
    """Show."""
    return Ui({"text": [str(value)]})


TABLE = NodeTable.collect(sys.modules[__name__])


def graph_of(kind: str) -> Graph:
    return Graph.parse(
        {
            "n": {"class_type": "Number", "inputs": {"value": 1}},
            "m": {"class_type": kind, "inputs": {"value": ["n", 0]}},
            "out": {"class_type": "Show", "inputs": {"value": ["m", 0]}},
        }
    )


def play(root: Path, graph: Graph, cache: MemoryCache | None = None, pause: float = 1.0) -> list[Event]:
    folders, digests = Folders(root), dict[str, str]()
    events = run(graph, TABLE, folders, cache or MemoryCache(2**20), digests=digests)
    history = History(root / "cache" / "history")
    return list(recorded(events, history, graph, TABLE, folders, digests, pause))


def kept(root: Path, graph: Graph) -> dict[str, str]:
    return History(root / "cache" / "history").keys(Shape.of(graph))


def keys_told(events: list[Event]) -> dict[str, str]:
    return {event.node: event.key for event in events if isinstance(event, NodeFinished)}


def test_every_result_has_its_cost_and_its_place(tmp_path: Path) -> None:
    graph = graph_of("Twice")
    events = play(tmp_path, graph)
    told = keys_told(events)
    assert set(told) == {"n", "m", "m.n", "out"}
    assert kept(tmp_path, graph) == {name: key for name, key in told.items() if name in graph.nodes}
    began = next(event.at for event in events if isinstance(event, NodeStarted) and event.node == "m")
    took = {event.key: event.seconds for event in events if isinstance(event, NodeFinished)}
    took[told["m"]] = next(
        event.at - began for event in events if isinstance(event, NodeFinished) and event.node == "m"
    )
    costs = History(tmp_path / "cache" / "history").costs(told.values())
    assert {key: cost.seconds for key, cost in costs.items()} == took, "one that expanded with what it made"


def test_what_is_cached_has_its_place_too(tmp_path: Path) -> None:
    graph, cache = graph_of("Twice"), MemoryCache(2**20)
    told = keys_told(list(run(graph, TABLE, Folders(tmp_path), cache)))
    play(tmp_path, graph, cache)
    assert kept(tmp_path, graph) == {name: told[name] for name in graph.nodes}


def test_what_lies_behind_a_cached_result_has_its_place_too(tmp_path: Path) -> None:
    graph, cache = graph_of("Twice"), MemoryCache(2**20)
    told = keys_told(list(run(graph, TABLE, Folders(tmp_path), cache)))
    found = cache.get(told["m"])
    assert found is not None
    cache.clear()
    cache.put(told["m"], found)
    play(tmp_path, graph, cache)
    assert kept(tmp_path, graph) == {name: told[name] for name in graph.nodes}


def test_a_run_that_brings_nothing_new_writes_nothing(tmp_path: Path) -> None:
    graph, cache = graph_of("Twice"), MemoryCache(2**20)
    play(tmp_path, graph, cache)
    files = {path: path.stat().st_mtime_ns for path in (tmp_path / "cache").iterdir()}
    play(tmp_path, graph, cache)
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "cache").iterdir()} == files


def test_a_failed_run_keeps_what_was_finished(tmp_path: Path) -> None:
    graph = graph_of("Fail")
    told = keys_told(play(tmp_path, graph))
    assert kept(tmp_path, graph) == told
    assert set(told) == {"n"}


def test_a_listener_that_goes_away(tmp_path: Path) -> None:
    graph, digests = graph_of("Twice"), dict[str, str]()
    events = run(graph, TABLE, Folders(tmp_path), MemoryCache(2**20), digests=digests)
    history = History(tmp_path / "cache" / "history")
    listening = recorded(events, history, graph, TABLE, Folders(tmp_path), digests)
    for event in listening:
        if isinstance(event, NodeFinished):
            break
    listening.close()
    assert set(kept(tmp_path, graph)) == {"n"}
    assert next(events, None) is None, "the run is closed with it"


CHILD = """
import importlib.util, sys
from pathlib import Path
spec = importlib.util.spec_from_file_location("nodes_of_the_test", sys.argv[1])
tested = importlib.util.module_from_spec(spec)
sys.modules[spec.name] = tested
spec.loader.exec_module(tested)
tested.play(Path(sys.argv[2]), tested.graph_of("Wait"), pause=0.0)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGKILL")
def test_a_killed_run_keeps_what_was_finished(tmp_path: Path) -> None:
    argv = [sys.executable, "-c", CHILD, __file__, str(tmp_path)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "waiting\n"
        while "n" not in kept(tmp_path, graph_of("Wait")) and process.poll() is None:
            pass  # the event of the first node is on its way to the listener
        os.kill(process.pid, signal.SIGKILL)
    assert set(kept(tmp_path, graph_of("Wait"))) == {"n"}
    [key] = kept(tmp_path, graph_of("Wait")).values()
    assert History(tmp_path / "cache" / "history").costs([key])


def test_a_graph_of_many_nodes(tmp_path: Path) -> None:
    """Nothing here goes deeper with a longer chain."""
    flow: dict[str, Any] = {"0": {"class_type": "Number", "inputs": {"value": 1}}}
    for place in range(1, 3000):
        flow[str(place)] = {"class_type": "Number", "inputs": {"value": [str(place - 1), 0]}}
    flow["out"] = {"class_type": "Show", "inputs": {"value": ["2999", 0]}}
    graph = Graph.parse(json.dumps(flow))
    play(tmp_path, graph)
    assert len(kept(tmp_path, graph)) == 3001
