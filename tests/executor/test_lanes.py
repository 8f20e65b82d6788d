"""Nodes that run beside others: async ones, and those of other lanes than the device's."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Annotated, Any

import pytest

from inkloom.executor import (
    CancelToken,
    Context,
    MemoryCache,
    NodeStarted,
    Port,
    Progress,
    RunCancelled,
    RunDone,
    RunFailed,
    Ui,
    node,
)
from inkloom.executor.runs.crew import WORKERS

Any_ = Annotated[Any, Port("*")]
PATIENCE = 60  # seconds until a meeting that does not come about fails; never waited for otherwise


@node("Number", category="test")
def number(*, value: int) -> int:
    """Give a number."""
    return value


@node("Show", category="test", output=True)
def show(*, value: Any_, other: Any_ | None = None) -> Ui:
    """Show values."""
    return Ui({"value": [value, other]})


def both(first: str, second: str) -> dict[str, Any]:
    """Return a workflow of two nodes that don't need each other."""
    return {
        "a": {"class_type": first, "inputs": {"value": 1}},
        "b": {"class_type": second, "inputs": {"value": 2}},
        "out": {"class_type": "Show", "inputs": {"value": ["a", 0], "other": ["b", 0]}},
    }


def meeting(count: int) -> list[Callable[..., Any]]:
    """Return nodes of several kinds that only end when `count` of them run at the same time."""
    barrier = threading.Barrier(count, timeout=PATIENCE)

    def meet(*, value: int) -> int:
        """Wait for the others."""
        barrier.wait()
        return value

    async def meet_async(*, value: int) -> int:
        """Wait for the others."""
        await asyncio.to_thread(barrier.wait)
        return value

    return [
        node("Device", category="test")(meet),
        node("Worker", category="test", lane="worker")(_copy(meet)),
        node("Files", category="test", lane="files")(_copy(meet)),
        node("Async", category="test")(meet_async),
    ]


def _copy(function: Callable[..., Any]) -> Callable[..., Any]:
    def copied(*, value: int) -> int:
        """Do the same."""
        return function(value=value)

    return copied


@pytest.mark.parametrize(
    ("first", "second"),
    [
        *[("Device", kind) for kind in ("Worker", "Files", "Async")],
        *[("Worker", kind) for kind in ("Device", "Files", "Worker")],
        *[("Async", kind) for kind in ("Async", "Files", "Worker")],
    ],
)
def test_they_run_at_the_same_time(first: str, second: str, play: Any) -> None:
    played = play(both(first, second), [*meeting(2), show])
    assert isinstance(played.last, RunDone), played.last
    assert played.shown == {"out": [1, 2]}


def test_as_many_workers_as_there_are_threads(play: Any) -> None:
    api: dict[str, Any] = {}
    for place in range(2 * WORKERS):
        api[f"w{place}"] = {"class_type": "Worker", "inputs": {"value": place}}
        api[f"s{place}"] = {"class_type": "Show", "inputs": {"value": [f"w{place}", 0]}}
    assert isinstance(play(api, [*meeting(WORKERS), show]).last, RunDone)


@pytest.mark.parametrize("lane", ["device", "files"])
def test_in_these_lanes_one_runs_after_the_other_in_order(lane: Any, play: Any) -> None:
    running = threading.Lock()
    order: list[int] = []

    @node("Alone", category="test", lane=lane, output=True)
    def alone(*, value: int) -> Ui:
        """Be alone."""
        assert running.acquire(blocking=False)
        order.append(value)
        running.release()
        return Ui({})

    api: dict[str, Any] = {}
    for place in range(30):
        api[f"n{place}"] = {"class_type": "Number", "inputs": {"value": place}}
        api[f"a{place}"] = {"class_type": "Alone", "inputs": {"value": [f"n{place}", 0]}}
    assert isinstance(play(api, [alone, number]).last, RunDone)
    assert order == list(range(30))


def test_files_are_written_in_the_order_in_which_they_get_ready(play: Any) -> None:
    all_ready, running = threading.Event(), threading.Lock()
    order: list[str] = []

    @node("Save", category="test", lane="files", output=True)
    def save(*, value: int, name: str) -> Ui:
        """Note the order; the first waits until the others are ready."""
        assert running.acquire(blocking=False), "two at once"
        order.append(name)
        if name == "first":
            assert all_ready.wait(PATIENCE)
        running.release()
        return Ui({})

    @node("Last", category="test", output=True)
    def last(*, value: int) -> Ui:
        """Say that all are ready."""
        all_ready.set()
        return Ui({})

    @node("Next", category="test")
    def following(*, value: int) -> int:
        """Come after another."""
        return value

    def writing(name: str, source: str) -> dict[str, Any]:
        return {"class_type": "Save", "inputs": {"value": [source, 0], "name": name}}

    api = {
        "a": writing("first", "n1"),
        "c": writing("long way", "n4"),  # looked at before b, and ready after it
        "b": writing("short way", "n2"),
        "z": {"class_type": "Last", "inputs": {"value": ["n4", 0]}},
        "n1": {"class_type": "Number", "inputs": {"value": 1}},
        "n2": {"class_type": "Next", "inputs": {"value": ["n1", 0]}},
        "n3": {"class_type": "Next", "inputs": {"value": ["n2", 0]}},
        "n4": {"class_type": "Next", "inputs": {"value": ["n3", 0]}},
    }
    assert isinstance(play(api, [save, last, following, number]).last, RunDone)
    assert order == ["first", "short way", "long way"]


def test_what_a_worker_makes_ready_runs_beside_the_device(play: Any) -> None:
    gone_on = threading.Event()

    @node("Long", category="test")
    def long(*, value: int) -> int:
        """Take until the other branch is through."""
        assert gone_on.wait(PATIENCE)
        return value

    @node("Step", category="test", lane="worker")
    def step(*, value: int) -> int:
        """Do a part of the other branch."""
        if value == 3:
            gone_on.set()
        return value + 1

    api = both("Long", "Step")
    api["b"]["inputs"]["value"] = 0
    for place in range(1, 5):
        api[f"b{place}"] = {
            "class_type": "Step",
            "inputs": {"value": [f"b{place - 1}" if place > 1 else "b", 0]},
        }
    api["out"]["inputs"]["other"] = ["b4", 0]
    assert play(api, [long, step, show]).shown == {"out": [1, 5]}


def test_a_list_of_async_calls_runs_all_at_once(play: Any) -> None:
    arrived = 0
    all_there = asyncio.Event()

    @node("Together", category="test")
    async def together(ctx: Context, *, value: int) -> int:
        """Wait for all others of the same node."""
        nonlocal arrived
        arrived += 1
        if arrived == 5:
            all_there.set()
        await asyncio.wait_for(all_there.wait(), PATIENCE)
        ctx.progress(ctx.call, 5)
        return 10 * value + ctx.call

    @node("Several", category="test")
    def several(*, value: int) -> list[int]:
        """Give several numbers."""
        return list(range(value))

    api = both("Several", "Several")
    api["a"]["inputs"]["value"] = 5
    api["t"] = {"class_type": "Together", "inputs": {"value": ["a", 0]}}
    api["out"]["inputs"] = {"value": ["t", 0]}
    played = play(api, [together, several, show])
    assert played.shown == {"out": [value for n in range(5) for value in (11 * n, None)]}
    assert {event.node for event in played.events if isinstance(event, Progress)} == {"t"}


DEPTH: ContextVar[int] = ContextVar("depth", default=0)


def test_the_scope_holds_for_all_of_them(play: Any) -> None:
    state = threading.local()

    @contextmanager
    def scope() -> Iterator[None]:
        before = getattr(state, "inside", False)
        state.inside = True
        yield
        state.inside = before

    def is_inside() -> bool:
        return getattr(state, "inside", False)

    @node("Async", category="test")
    async def inside_async(*, value: int) -> bool:
        """Tell whether it runs inside of the scope, from beginning to end."""
        found = is_inside()
        for _ in range(value):
            await asyncio.sleep(0)
            found = found and is_inside()
        return found

    @node("Worker", category="test", lane="worker")
    def inside(*, value: int) -> bool:
        """Tell whether it runs inside of the scope."""
        return is_inside()

    api = both("Async", "Async")
    api["w"] = {"class_type": "Worker", "inputs": {"value": 1}}
    api["also"] = {"class_type": "Show", "inputs": {"value": ["w", 0]}}
    assert play(api, [inside_async, inside, show], scope=scope).shown == {
        "out": [True, True],
        "also": [True, None],
    }


def stoppable(kind: str, reached: Callable[[], None]) -> Callable[..., Any]:
    """Return a node that goes on until it is stopped."""

    def stepwise(ctx: Context, *, value: int) -> int:
        """Take steps without end."""
        while True:
            reached()
            ctx.progress(1, 2)

    async def waiting(*, value: int) -> int:
        """Wait without end."""
        reached()
        await asyncio.Event().wait()
        return value

    if kind == "async":
        return node("Endless", category="test")(waiting)
    return node("Endless", category="test", lane="worker" if kind == "worker" else "files")(stepwise)


@pytest.mark.parametrize("kind", ["worker", "files", "async"])
def test_cancel_stops_them(kind: str, play: Any) -> None:
    cancel = CancelToken()
    played = play(both("Endless", "Number"), [stoppable(kind, cancel.cancel), number, show], cancel=cancel)
    assert isinstance(played.last, RunCancelled)
    assert "out" in played.last.pending


@pytest.mark.parametrize("kind", ["worker", "files", "async"])
def test_a_failure_elsewhere_stops_them(kind: str, play: Any) -> None:
    running = threading.Event()

    @node("Fail", category="test")
    def fail(*, value: int) -> int:
        """Raise once the other runs."""
        assert running.wait(PATIENCE)
        raise ValueError("no")

    played = play(both("Fail", "Endless"), [stoppable(kind, running.set), fail, show])
    assert isinstance(played.last, RunFailed)
    assert (played.last.node, played.last.message) == ("a", "no")


@pytest.mark.parametrize("lane", ["worker", "files", "async"])
def test_a_failure_there_ends_the_run(lane: Any, play: Any) -> None:
    async def fails_async(*, value: int) -> int:
        """Raise."""
        raise LookupError(f"no {value}")

    def fails(*, value: int) -> int:
        """Raise."""
        raise LookupError(f"no {value}")

    declared = node("Fail", category="test")(fails_async)
    if lane != "async":
        declared = node("Fail", category="test", lane=lane)(fails)
    failed = play(both("Fail", "Number"), [declared, number, show]).last
    assert isinstance(failed, RunFailed)
    assert (failed.node, failed.message, failed.inputs) == ("a", "no 1", {"value": 1})
    assert "test_lanes.py" in failed.traceback[1], "the frames of the engine are left out"


def test_closing_the_run_ends_all_threads(play: Any) -> None:
    """The fixture looks for threads that are left."""
    from pathlib import Path

    from inkloom.executor import Folders, Graph, NodeTable, declared_by, run

    table = NodeTable(
        {
            found.name: found
            for one in (stoppable("worker", lambda: None), show, number)
            if (found := declared_by(one))
        }
    )
    events = run(Graph.parse(both("Endless", "Number")), table, Folders(Path("nowhere")), MemoryCache(0))
    for event in events:
        if isinstance(event, NodeStarted) and event.node == "a":
            break
    events.close()


def test_a_fault_of_the_engine_on_another_thread_reaches_the_listener(play: Any) -> None:
    class Broken(MemoryCache):
        def put(self, key: str, entry: Any) -> None:
            raise ZeroDivisionError("the cache is broken")

    for kind in ("Worker", "Async"):
        with pytest.raises(ZeroDivisionError, match="the cache is broken"):
            play(both(kind, kind), [*meeting(2), show], cache=Broken(0))
