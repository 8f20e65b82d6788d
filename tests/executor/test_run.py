"""Runs: what is called, in what order, what is told, and what is kept."""

from __future__ import annotations

import gc
import sys
import threading
import weakref
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, NamedTuple, TypeVar

import pytest

from inkloom.executor import (
    CancelToken,
    Context,
    Event,
    Files,
    Folders,
    Graph,
    Hidden,
    Json,
    MemoryCache,
    NodeFinished,
    NodeStarted,
    NodeTable,
    Port,
    Progress,
    RunCancelled,
    RunDone,
    RunFailed,
    RunStarted,
    Ui,
    WorkflowError,
    declared_by,
    node,
    run,
)

E = TypeVar("E", bound=Event)
Any_ = Annotated[Any, Port("*")]


class Parts(NamedTuple):
    MODEL: Any_
    CLIP: Any_
    VAE: Any_


@node("Loader", category="test")
def loader(*, name: str) -> Parts:
    """Load."""
    return Parts(f"{name}.model", f"{name}.clip", f"{name}.vae")


@node("Latent", category="test")
def latent(*, size: int) -> Any_:
    """Make a latent."""
    return f"latent{size}"


@node("Encode", category="test")
def encode(*, text: str, clip: Any_) -> Any_:
    """Encode a prompt."""
    return f"{text}@{clip}"


@node("Sampler", category="test")
def sampler(
    ctx: Context,
    *,
    seed: int,
    steps: int = 3,
    model: Any_,
    positive: Any_,
    negative: Any_,
    latent_image: Any_,
) -> Any_:
    """Sample."""
    for step in range(steps):
        ctx.progress(step + 1, steps)
    return f"({model} {positive} {negative} {latent_image} {seed})"


@node("Decode", category="test")
def decode(*, samples: Any_, vae: Any_) -> Any_:
    """Decode."""
    return f"{samples}/{vae}"


@node("Save", category="test", output=True)
def save(ctx: Context, *, prefix: str, images: Any_) -> Ui:
    """Write a file and show it."""
    path = ctx.folders.root("output") / f"{prefix}.txt"
    path.parent.mkdir(exist_ok=True)
    path.write_text(str(images), encoding="utf-8")
    return Ui({"images": [{"filename": path.name}]}, files=(path,))


@node("Fail", category="test")
def fail(*, value: Any_, number: int) -> Any_:
    """Raise."""
    raise LookupError(f"{number} is not there")


@node("Wrong", category="test")
def wrong(*, number: int) -> Parts:
    """Return something else than declared."""
    return (1, 2)  # pyright: ignore[reportReturnType] -- the test


@node("Tell", category="test", output=True)
def tell(
    ctx: Context,
    *,
    value: Any_,
    other: Any_ | None = None,
    prompt: Annotated[Json, Hidden("PROMPT")],
    info: Annotated[Json, Hidden("EXTRA_PNGINFO")],
    graph: Annotated[Graph, Hidden("DYNPROMPT")],
    name: Annotated[str, Hidden("UNIQUE_ID")],
) -> Ui:
    """Show everything there is to know."""
    assert ctx.node_id == name
    return Ui({"text": [str(value), str(other), prompt, info, list(graph.nodes), name, ctx.device]})


TABLE = NodeTable.collect(sys.modules[__name__])

FLOW: dict[str, Any] = {
    "3": {
        "class_type": "Sampler",
        "inputs": {
            "seed": 7,
            "model": ["4", 0],
            "positive": ["6", 0],
            "negative": ["7", 0],
            "latent_image": ["5", 0],
        },
    },
    "4": {"class_type": "Loader", "inputs": {"name": "sd15"}},
    "5": {"class_type": "Latent", "inputs": {"size": 64}},
    "6": {"class_type": "Encode", "inputs": {"text": "house", "clip": ["4", 1]}},
    "7": {"class_type": "Encode", "inputs": {"text": "blurry", "clip": ["4", 1]}},
    "8": {"class_type": "Decode", "inputs": {"samples": ["3", 0], "vae": ["4", 2]}},
    "9": {"class_type": "Save", "inputs": {"prefix": "rec", "images": ["8", 0]}},
}
FLOW["3"]["inputs"]["steps"] = 3


class Bench:
    """One data folder, one cache: runs workflows and gives what was told."""

    def __init__(self, base: Path) -> None:
        self.folders = Folders(base)
        self.cache = MemoryCache(2**20)

    def start(self, flow: dict[str, Any], table: NodeTable = TABLE, **more: Any) -> Generator[Event]:
        return run(Graph.parse(flow), table, self.folders, self.cache, **more)

    def run(self, flow: dict[str, Any], table: NodeTable = TABLE, **more: Any) -> list[Event]:
        return list(self.start(flow, table, **more))


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.fixture(autouse=True)
def no_thread_left() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) == before


def started(events: Iterable[Event]) -> list[str]:
    return [event.node for event in events if isinstance(event, NodeStarted)]


def only(events: Iterable[Event], kind: type[E]) -> E:
    [found] = [event for event in events if isinstance(event, kind)]
    return found


def changed(node: str, **inputs: Any) -> dict[str, Any]:
    return {**FLOW, node: {**FLOW[node], "inputs": {**FLOW[node]["inputs"], **inputs}}}


def test_order_is_that_of_the_wire(bench: Bench) -> None:
    events = bench.run(FLOW)
    assert started(events) == ["4", "5", "7", "6", "3", "8", "9"]
    assert [event.type for event in events if not isinstance(event, Progress)] == [
        "run_started",
        *["node_started", "node_finished"] * 7,
        "run_done",
    ]
    first = only(events, RunStarted)
    assert (first.nodes, first.cached, first.outputs) == (tuple(FLOW), (), ("9",))
    assert [event.seq for event in events] == sorted({event.seq for event in events})
    assert [event.at for event in events] == sorted(event.at for event in events)
    written = (bench.folders.root("output") / "rec.txt").read_text(encoding="utf-8")
    assert written == "(sd15.model house@sd15.clip blurry@sd15.clip latent64 7)/sd15.vae"


def test_progress_ends_at_the_last_step(bench: Bench) -> None:
    told = [(event.done, event.total) for event in bench.run(FLOW) if isinstance(event, Progress)]
    assert told[-1] == (3, 3)
    assert told == sorted(set(told))


def test_the_same_again_runs_nothing(bench: Bench) -> None:
    bench.run(FLOW)
    events = bench.run(FLOW)
    assert [event.type for event in events] == ["run_started", "node_finished", "run_done"]
    assert only(events, RunStarted).cached == tuple(FLOW)
    finished = only(events, NodeFinished)
    assert (finished.node, finished.cached, finished.ui) == ("9", True, {"images": [{"filename": "rec.txt"}]})


@pytest.mark.parametrize(
    ("flow", "runs", "cached"),
    [
        (changed("3", seed=8), ["3", "8", "9"], "4567"),
        (changed("9", prefix="other"), ["9"], "345678"),
        (changed("7", text="ugly"), ["7", "3", "8", "9"], "456"),
        (changed("4", name="sd21"), ["4", "7", "6", "3", "8", "9"], "5"),
    ],
)
def test_one_change_runs_what_depends_on_it(
    bench: Bench, flow: dict[str, Any], runs: list[str], cached: str
) -> None:
    bench.run(FLOW)
    events = bench.run(flow)
    assert started(events) == runs
    assert only(events, RunStarted).cached == tuple(cached)


def test_a_file_that_is_gone_is_written_again(bench: Bench) -> None:
    bench.run(FLOW)
    (bench.folders.root("output") / "rec.txt").unlink()
    events = bench.run(FLOW)
    assert started(events) == ["9"]
    assert (bench.folders.root("output") / "rec.txt").exists()


def test_equal_nodes_run_once(bench: Bench) -> None:
    flow = {
        **FLOW,
        "6": {"class_type": "Encode", "inputs": {"text": "same", "clip": ["4", 1]}},
        "7": {"class_type": "Encode", "inputs": {"text": "same", "clip": ["4", 1]}},
    }
    events = bench.run(flow)
    assert started(events) == ["4", "5", "7", "3", "8", "9"]
    [second] = [event for event in events if isinstance(event, NodeFinished) and event.node == "6"]
    assert second.cached
    assert only(events, RunStarted).cached == ()


def test_only_what_is_wanted_runs(bench: Bench) -> None:
    flow = {
        **FLOW,
        "10": {"class_type": "Save", "inputs": {"prefix": "latent", "images": ["5", 0]}},
        "stray": {"class_type": "Latent", "inputs": {}},
    }
    assert started(bench.run(flow, targets=["10"])) == ["5", "10"]
    assert "stray" not in started(bench.run(flow))


def test_outputs_come_as_soon_as_they_can(bench: Bench) -> None:
    flow = {**FLOW, "10": {"class_type": "Save", "inputs": {"prefix": "latent", "images": ["5", 0]}}}
    assert started(bench.run(flow)) == ["5", "10", "4", "7", "6", "3", "8", "9"]


def test_a_bad_output_does_not_stop_a_good_one(bench: Bench) -> None:
    flow = {**FLOW, "10": {"class_type": "Save", "inputs": {"images": ["8", 0]}}}
    events = bench.run(flow)
    assert isinstance(events[-1], RunDone)
    assert only(events, RunStarted).outputs == ("9",)


def test_nothing_good_raises_before_anything_runs(bench: Bench) -> None:
    with pytest.raises(WorkflowError):
        bench.start(changed("9", images=3) | {"9": {"class_type": "Save", "inputs": {}}})


FAILING: dict[str, Any] = {
    "1": {"class_type": "Latent", "inputs": {"size": 1}},
    "2": {"class_type": "Fail", "inputs": {"value": ["1", 0], "number": 404}},
    "3": {"class_type": "Decode", "inputs": {"samples": ["2", 0], "vae": ["1", 0]}},
    "4": {"class_type": "Save", "inputs": {"prefix": "x", "images": ["3", 0]}},
}


def test_failure_is_told_with_its_place(bench: Bench) -> None:
    events = bench.run(FAILING)
    assert started(events) == ["1", "2"]
    failed = events[-1]
    assert isinstance(failed, RunFailed)
    assert (failed.node, failed.class_type, failed.display_node, failed.parent) == ("2", "Fail", "2", None)
    assert (failed.exception_type, failed.message) == ("LookupError", "404 is not there")
    assert failed.inputs == {"value": "latent1", "number": 404}
    assert failed.pending == ("4", "3", "2")
    assert failed.traceback[-1] == "LookupError: 404 is not there\n"
    assert "raise LookupError" in failed.traceback[1]
    assert not any("executor" + "/run.py" in line for line in failed.traceback)


def test_what_was_finished_before_a_failure_stays(bench: Bench) -> None:
    bench.run(FAILING)
    events = bench.run(FAILING)
    assert started(events) == ["2"]
    assert only(events, RunStarted).cached == ("1",)


def test_a_wrong_result_is_the_nodes_failure(bench: Bench) -> None:
    flow = {
        "1": {"class_type": "Wrong", "inputs": {"number": 1}},
        "2": {"class_type": "Tell", "inputs": {"value": ["1", 0]}},
    }
    failed = bench.run(flow)[-1]
    assert isinstance(failed, RunFailed)
    assert failed.message == "Wrong gave 2 outputs; it declares 3: MODEL, CLIP, VAE"
    assert failed.exception_type == "inkloom.executor.runs.calls.WrongResultError"


def test_a_file_that_goes_away_after_validation_is_a_failure(bench: Bench) -> None:
    @node("Read", category="test")
    def read(*, name: Annotated[str, Files("checkpoints")]) -> Any_:
        """Read."""
        return name

    model = bench.folders.root("checkpoints") / "a.safetensors"
    model.parent.mkdir(parents=True)
    model.touch()
    flow = {
        "1": {"class_type": "Read", "inputs": {"name": "a.safetensors"}},
        "2": {"class_type": "Tell", "inputs": {"value": ["1", 0]}},
    }
    events = bench.start(flow, table_with(read))
    model.unlink()
    first, last = events
    assert isinstance(first, RunStarted)
    assert isinstance(last, RunFailed)
    assert (last.node, last.exception_type) == ("1", "inkloom.executor.files.folders.MissingFileError")


def test_hidden_inputs(bench: Bench) -> None:
    flow = {"a": FLOW["5"], "out": {"class_type": "Tell", "inputs": {"value": ["a", 0]}}}
    events = bench.run(flow, hidden={"EXTRA_PNGINFO": {"workflow": 1}}, device="cuda:1")
    ui = only([event for event in events if isinstance(event, NodeFinished) and event.ui], NodeFinished).ui
    assert ui == {"text": ["latent64", "None", flow, {"workflow": 1}, ["a", "out"], "out", "cuda:1"]}


def test_a_thread_enters_the_scope_once_and_only_for_calls(bench: Bench) -> None:
    threads: list[tuple[str, str]] = []

    @contextmanager
    def scope() -> Iterator[None]:
        threads.append(("enter", threading.current_thread().name))
        yield
        threads.append(("leave", threading.current_thread().name))

    bench.run(FLOW, scope=scope)
    assert threads == [("enter", "inkloom run"), ("leave", "inkloom run")]
    bench.run(FLOW, scope=scope)
    assert len(threads) == 2, "of a run whose results are all known"


def table_with(*functions: Callable[..., Any]) -> NodeTable:
    declared = [found for function in functions if (found := declared_by(function))]
    return NodeTable({**TABLE, **{found.name: found for found in declared}})


class Gate:
    """A node that stops at each step until it is let on: tests of cancellation need no clock."""

    def __init__(self) -> None:
        self.steps_done = 0
        self.told = threading.Semaphore(0)
        gate = self

        @node("Gate", category="test")
        def stepwise(ctx: Context, *, value: Any_) -> Any_:
            """Take a thousand steps."""
            for step in range(1000):
                gate.steps_done = step + 1
                gate.told.release()
                ctx.progress(step + 1, 1000)
            return value

        self.table = table_with(stepwise)
        self.flow = {
            "1": {"class_type": "Latent", "inputs": {"size": 1}},
            "2": {"class_type": "Gate", "inputs": {"value": ["1", 0]}},
            "3": {"class_type": "Tell", "inputs": {"value": ["2", 0]}},
        }


def test_cancel_stops_within_one_step(bench: Bench) -> None:
    cancel = CancelToken()

    @node("Gate", category="test")
    def cancels_itself(ctx: Context, *, value: Any_) -> Any_:
        """Be cancelled in the middle of step 5."""
        for step in range(1, 1000):
            if step == 5:
                cancel.cancel()
            ctx.progress(step, 1000)
        return value

    gate = Gate()
    events = bench.run(gate.flow, table_with(cancels_itself), cancel=cancel)
    assert started(events) == ["1", "2"]
    last = events[-1]
    assert isinstance(last, RunCancelled)
    assert (last.node, last.class_type, last.done, last.total) == ("2", "Gate", 5, 1000)
    assert last.pending == ("3", "2")
    assert only(bench.run(gate.flow, gate.table), RunStarted).cached == ("1",)


def test_cancel_from_the_listener(bench: Bench) -> None:
    cancel = CancelToken()
    gate = Gate()
    seen: list[Event] = []
    for event in bench.start(gate.flow, gate.table, cancel=cancel):
        seen.append(event)
        if isinstance(event, NodeStarted):
            cancel.cancel()
    assert isinstance(seen[-1], RunCancelled | RunDone)


def test_cancel_before_the_run_calls_nothing(bench: Bench) -> None:
    cancel = CancelToken()
    cancel.cancel()
    events = bench.run(FLOW, cancel=cancel)
    assert [event.type for event in events] == ["run_started", "run_cancelled"]
    assert only(events, RunCancelled).node is None


def test_cancel_while_a_file_is_hashed(bench: Bench) -> None:
    cancel = CancelToken()

    class Slow(Folders):
        def fingerprint(self, folder: str, name: str, check: Callable[[], None] = lambda: None) -> str:
            cancel.cancel()
            check()
            return super().fingerprint(folder, name)

    @node("Read", category="test")
    def read(*, name: Annotated[str, Files("checkpoints")]) -> Any_:
        """Read."""
        return name

    model = bench.folders.root("checkpoints") / "a.safetensors"
    model.parent.mkdir(parents=True)
    model.touch()
    bench.folders = Slow(bench.folders.base)
    flow = {
        "1": {"class_type": "Read", "inputs": {"name": "a.safetensors"}},
        "2": {"class_type": "Tell", "inputs": {"value": ["1", 0]}},
    }
    first, last = bench.run(flow, table_with(read), cancel=cancel)
    assert isinstance(first, RunStarted)
    assert isinstance(last, RunCancelled)
    assert (last.node, last.pending) == (None, ("1", "2"))


def test_a_cancelled_node_can_not_go_on_by_catching_exceptions(bench: Bench) -> None:
    cancel = CancelToken()

    @node("Gate", category="test")
    def stubborn(ctx: Context, *, value: Any_) -> Any_:
        """Swallow every exception."""
        cancel.cancel()
        try:
            ctx.check_cancelled()
        except Exception:  # noqa: BLE001 -- just what a careless node does
            return value
        return value

    events = bench.run(Gate().flow, table_with(stubborn), cancel=cancel)
    assert isinstance(events[-1], RunCancelled)


def test_closing_the_generator_ends_the_thread(bench: Bench) -> None:
    @node("Gate", category="test")
    def endless(ctx: Context, *, value: Any_) -> Any_:
        """Go on until the run ends."""
        while True:
            ctx.progress(1, 2)

    events = bench.start(Gate().flow, table_with(endless))
    for event in events:
        if isinstance(event, NodeStarted) and event.node == "2":
            break
    events.close()
    assert "inkloom run" not in {thread.name for thread in threading.enumerate()}


def test_a_generator_that_is_never_started_starts_nothing(bench: Bench) -> None:
    bench.start(FLOW).close()
    assert started(bench.run(FLOW))[0] == "4"


def test_a_slow_listener_misses_steps_but_never_the_last(bench: Bench) -> None:
    arrived = threading.Event()

    @node("Gate", category="test")
    def quick(ctx: Context, *, value: Any_) -> Any_:
        """Take many steps at once."""
        for step in range(10_000):
            ctx.progress(step + 1, 10_000)
        return value

    @node("Tell", category="test", output=True)
    def arrive(*, value: Any_) -> Ui:
        """Say that all steps are done."""
        arrived.set()
        return Ui({})

    events = bench.start(Gate().flow, table_with(quick, arrive))
    seen = [next(events)]
    assert arrived.wait(60)
    seen += events
    told = [event.done for event in seen if isinstance(event, Progress)]
    assert told[-1] == 10_000
    assert len(told) < 100
    assert [event.seq for event in seen] == sorted({event.seq for event in seen})
    finished = [event.seq for event in seen if isinstance(event, NodeFinished) and event.node == "2"]
    assert max(event.seq for event in seen if isinstance(event, Progress)) < finished[0]


@pytest.mark.parametrize("previews", [None, "auto"])
def test_previews_are_made_where_somebody_looks_and_not_too_often(bench: Bench, previews: str | None) -> None:
    made: list[int] = []

    @node("Gate", category="test")
    def quick(ctx: Context, *, value: Any_) -> Any_:
        """Take many steps at once."""
        for step in range(2_000):
            ctx.progress(step + 1, 2_000, lambda step=step: made.append(step) or b"picture %d" % step)
        return ctx.previews

    events = bench.run(Gate().flow, table_with(quick), previews=previews)
    shown = {event.preview for event in events if isinstance(event, Progress)} - {None}
    assert bool(shown) == bool(made) == bool(previews)
    assert shown <= {b"picture %d" % step for step in made}
    seconds = only(events, RunDone).seconds
    assert len(made) <= 1 + seconds / 0.1


class Heavy:
    """Stands for a tensor: can be watched going away."""


@pytest.mark.parametrize("length", [5])
def test_outputs_go_when_nobody_needs_them(bench: Bench, length: int) -> None:
    alive: weakref.WeakSet[Heavy] = weakref.WeakSet()
    most: list[int] = []

    @node("Make", category="test")
    def make(*, size: int) -> Any_:
        """Make something heavy."""
        heavy = Heavy()
        alive.add(heavy)
        return heavy

    @node("Change", category="test")
    def change(*, value: Any_) -> Any_:
        """Make something heavy from it."""
        gc.collect()
        most.append(len(alive))
        heavy = Heavy()
        alive.add(heavy)
        return heavy

    flow: dict[str, Any] = {"0": {"class_type": "Make", "inputs": {"size": 1}}}
    for place in range(1, length):
        flow[str(place)] = {"class_type": "Change", "inputs": {"value": [str(place - 1), 0]}}
    flow["out"] = {"class_type": "Tell", "inputs": {"value": [str(length - 1), 0]}}
    bench.cache = MemoryCache(0)
    bench.run(flow, table_with(make, change))
    assert most == [1] * (length - 1)
    gc.collect()
    assert not alive


def test_a_fault_of_the_engine_reaches_the_listener(bench: Bench) -> None:
    def broken(outputs: object) -> dict[Any, int]:
        raise ZeroDivisionError("sizeof is broken")

    bench.cache = MemoryCache(100, broken)
    with pytest.raises(ZeroDivisionError, match="sizeof is broken"):
        bench.run(FLOW)


def test_two_runs_share_one_cache(bench: Bench) -> None:
    results: list[list[Event]] = [[], []]

    def work(own: int) -> None:
        for seed in range(30):
            results[own] += bench.run(
                {
                    **changed("3", seed=seed),
                    "9": {**FLOW["9"], "inputs": {"prefix": f"{own}", "images": ["8", 0]}},
                }
            )

    threads = [threading.Thread(target=work, args=(own,)) for own in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(sum(isinstance(event, RunDone) for event in events) == 30 for events in results)
