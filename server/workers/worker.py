"""A worker process, once it has started (`start`): it runs the jobs of its standard input.

One job at a time on the main thread, then those given ahead; results stay in memory between jobs. A second
thread listens, so that a job can be cancelled while it runs, and so that this process ends when the one that
started it does. A third answers what a workflow would do, one question at a time: that may take long where a
file has to be hashed. So what is in memory is told by a fourth.
"""

import argparse
import faulthandler
import gc
import importlib
import logging
import os
import signal
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import BinaryIO, cast

from ...executor import CancelToken, Event, Graph, Node, ReceiptFile, RunFailed, WorkflowError, to_json
from ...nodes import (
    NODES,
    DeviceError,
    Engine,
    chosen_precision,
    memory_budget,
    open_cache,
    open_device,
    open_folders,
    open_history,
    open_memory,
    with_precision,
    with_subgraphs,
)
from .answers import answer_to
from .homes import Homes
from .protocol import (
    LINE_LIMIT,
    Answered,
    Cancel,
    Estimate,
    Explain,
    Finished,
    Free,
    FromWorker,
    Logged,
    Look,
    ProtocolError,
    Question,
    Ready,
    Recall,
    Recalled,
    Run,
    Told,
    ToWorker,
    Warm,
    from_line,
    to_line,
)

CLOSING = 2.0
"""Seconds that this process takes at its end to write down results: less than whoever ends it waits."""

MANY = 128
"""Events that are told at once, at most."""

SOON = 0.001
"""Seconds that an event waits for others to be told with it."""

LOG_LIMIT = 2**16
"""Characters of a log line that are told."""

PRELOAD = ("torch", "inkloom.diffusion.files.checkpoint", "inkloom.diffusion.sampling")
"""Modules that jobs with models need."""

log = logging.getLogger(__name__)


class Inbox:
    """What the web process asks for: jobs in their order, which of them are to stop, and questions.

    `recalled` is called with the jobs that were given back without being begun.
    """

    def __init__(self, recalled: Callable[[Recalled], None]) -> None:
        self.questions: SimpleQueue[Question] = SimpleQueue()
        self.looks: SimpleQueue[Question] = SimpleQueue()
        self._recalled = recalled
        self._jobs: deque[tuple[Run, CancelToken] | Free] = deque()
        self._tokens: dict[str, CancelToken] = {}
        self._some = threading.Condition()

    def listen(self, source: BinaryIO, at_end: Callable[[], object]) -> None:
        """Read messages until the source ends or makes no sense, which ends this process after `at_end`."""
        status = 1  # a worker that listens no more must not live on: its next job would never end
        try:
            for line in source:
                self._take(from_line(line))
            status = 0
        except ProtocolError as error:
            print(error, file=sys.stderr, flush=True)  # noqa: T201
        finally:
            # Not sys.exit: a node may be deep in native code, and nobody is left to hear of its result.
            # Pictures are renamed into place when whole, so nothing half-written stays.
            try:
                at_end()
            finally:
                os._exit(status)

    def _take(self, message: ToWorker | FromWorker) -> None:
        match message:
            case Run() as job:
                token = CancelToken()
                with self._some:
                    self._tokens[job.job] = token
                    self._jobs.append((job, token))
                    self._some.notify()
            case Recall():
                self._recalled(Recalled(jobs=self._taken_back()))
            case Cancel(job=name):
                with self._some:
                    token = self._tokens.get(name)
                if token is not None:
                    token.cancel()
            case Explain() | Estimate() as asked:
                self.questions.put(asked)
            case Look() as asked:
                self.looks.put(asked)
            case Free() as wish:
                with self._some:
                    self._jobs.append(wish)
                    self._some.notify()
            case other:
                print(f"a worker does not take {other!r}", file=sys.stderr)  # noqa: T201

    def next(self) -> tuple[Run, CancelToken] | Free:
        """Wait for a job, or a wish to have memory given back."""
        with self._some:
            while not self._jobs:
                self._some.wait()
            return self._jobs.popleft()

    def forget(self, job: Run) -> None:
        """Stop listening for the cancellation of a job that has ended."""
        with self._some:
            del self._tokens[job.job]

    def _taken_back(self) -> tuple[str, ...]:
        """Forget the jobs that wait; return which those were."""
        with self._some:
            wishes = [one for one in self._jobs if isinstance(one, Free)]
            names = tuple(one[0].job for one in self._jobs if not isinstance(one, Free))
            self._jobs = deque(wishes)
            for name in names:
                del self._tokens[name]
            return names


class Telling(logging.Handler):
    """Sends what this process logs to the web process, which shows it."""

    def __init__(self, tell: Callable[[FromWorker], None]) -> None:
        super().__init__()
        self._tell = tell

    def emit(self, record: logging.LogRecord) -> None:
        """Send a line."""
        self._tell(Logged(level=record.levelno, text=self.format(record)[:LOG_LIMIT]))


class Speaker:
    """Tells the web process; safe to use from several threads.

    Events wait a moment for others: quick nodes would wake that process one by one.
    """

    def __init__(self, sink: BinaryIO) -> None:
        self._sink = sink
        self._job = ""
        self._events: list[Event] = []
        self._lock = threading.Lock()
        self._some = threading.Event()
        threading.Thread(target=self._tell_soon, name="speaker", daemon=True).start()

    def event(self, job: str, event: Event) -> None:
        """Tell an event of a job, soon."""
        with self._lock:
            if job != self._job:
                self._tell_events()
            if not self._events:
                self._job = job
                self._some.set()
            self._events.append(event)
            if len(self._events) >= MANY:
                self._tell_events()

    def say(self, message: FromWorker) -> None:
        """Tell a message, after the events that wait."""
        self.send(to_line(message))

    def send(self, line: bytes) -> None:
        """Tell a message that is a line already."""
        with self._lock:
            self._tell_events(line)

    def _tell_soon(self) -> None:
        while self._some.wait():
            self._some.clear()
            time.sleep(SOON)
            with self._lock:
                self._tell_events()

    def _tell_events(self, *after: bytes) -> None:
        events, self._events = self._events, []
        if lines := [*event_lines(self._job, events), *after]:
            self._sink.write(b"".join(lines))
            self._sink.flush()


def event_lines(job: str, events: Sequence[Event], limit: int = LINE_LIMIT) -> list[bytes]:
    """Return the line that tells events of a job, or one for each where that is longer than `limit` bytes."""
    told = [to_json(event) for event in events]
    if not told:
        return []
    line = to_line(Told(job=job, events=tuple(told)))
    if len(line) <= limit or len(told) == 1:
        return [line]
    return [to_line(Told(job=job, events=(event,))) for event in told]


def work(
    engine: Engine,
    source: BinaryIO,
    sink: BinaryIO,
    preload: tuple[str, ...],
    listening: Callable[[], object],
) -> None:
    """Run jobs for ever: read them from `source`, tell their events to `sink`."""
    speaker = Speaker(sink)

    def answer(questions: SimpleQueue[Question]) -> None:
        while True:
            speaker.send(answer_line(homes, questions.get()))

    inbox, homes = Inbox(recalled=speaker.say), Homes(engine)
    ending = partial(homes.close, CLOSING)
    threading.Thread(target=inbox.listen, args=(source, ending), name="listener", daemon=True).start()
    listening()
    for questions, name in ((inbox.questions, "answers"), (inbox.looks, "looks")):
        threading.Thread(target=answer, args=(questions,), name=name, daemon=True).start()
    logging.getLogger().addHandler(Telling(speaker.say))
    device = engine.device
    speaker.say(Ready(pid=os.getpid(), device=device.name, title=device.title, total=device.total))
    for module in preload:  # while nobody waits, rather than in the first job
        try:
            importlib.import_module(module)
        except Exception as error:  # whatever it is, each job says it too; a worker that ends is begun anew
            reason = f"{type(error).__name__}: {error}"
            log.exception("%s can't be loaded (%s): jobs will fail; see inkloom doctor", module, reason)
            break
    gc.collect()
    gc.freeze()  # what was imported stays: a hundred thousand objects less to look through again and again
    speaker.say(Warm())
    while True:
        match inbox.next():
            case Free(results=results):
                engine.free(results=results)
            case (job, token):
                for event in _run(homes.of(job.user), job, token):
                    speaker.event(job.job, event)
                inbox.forget(job)
                speaker.say(Finished(job=job.job))


def answer_line(homes: Homes, asked: Question, limit: int = LINE_LIMIT) -> bytes:
    """Return the line that answers a question, of no more than `limit` bytes."""
    try:
        line = to_line(Answered(question=asked.question, answer=answer_to(homes, asked)))
        if len(line) <= limit:
            return line
        failure = f"the answer is longer than {limit} bytes; ask for fewer outputs at a time"
    except WorkflowError as error:  # it was right when the web process looked; a file may be gone since
        failure = "\n".join(problem.message for problem in error.problems)
    except Exception as error:  # whatever it is, the question gets an answer, and the next one too
        log.exception("a question could not be answered")
        failure = f"{type(error).__name__}: {error}"
    return to_line(Answered(question=asked.question, failure=failure))


def _run(engine: Engine, job: Run, token: CancelToken) -> Iterator[Event]:
    nodes: Mapping[str, Node] = {}
    try:
        graph = Graph.parse(cast(Mapping[str, object], job.prompt))  # a line has no other
        nodes = graph.nodes
        yield from engine.run(
            graph,
            targets=job.targets,
            cancel=token,
            extra_pnginfo=job.extra_pnginfo,
            previews=job.previews,
            receipts=None if job.receipts is None else ReceiptFile(engine.folders.base / job.receipts),
        )
    except WorkflowError as error:  # it was right when it was accepted; a file may be gone since
        node = next((problem.node for problem in error.problems if problem.node in nodes), None)
        yield RunFailed(
            node=node or "",
            class_type=nodes[node].class_type if node else "",
            display_node=node or "",
            exception_type="WorkflowError",
            message="\n".join(problem.message for problem in error.problems),
            inputs={},
        )


def main(
    engine: Engine, preload: tuple[str, ...] = (), listening: Callable[[], object] = lambda: None
) -> None:
    """Serve this process's standard input and output; `preload` are modules that jobs will need anyway.

    `listening` is called once what comes in is read.
    """
    faulthandler.enable()  # says where native code has crashed
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the web process, which then ends this one
    # Keep the way out for the protocol alone: what a library prints goes to standard error.
    sink = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    work(engine, sys.stdin.buffer, sink, preload, listening)


def run(argv: Sequence[str], listening: Callable[[], object]) -> None:
    """Be the worker that a command line describes; `listening` is called once what comes in is read."""
    parser = argparse.ArgumentParser()
    parser.add_argument("root", type=Path)
    parser.add_argument("extra_paths", type=Path, nargs="*")
    parser.add_argument("--cache-size", type=int)
    parser.add_argument("--memory", type=int)
    parser.add_argument("--precision", default="auto")
    parser.add_argument("--device", default="auto")
    parser.add_argument("--workers", type=int, default=1)
    given = parser.parse_args(argv)
    share = memory_budget() // given.workers  # of the machine's memory, which they all have together
    try:
        device = open_device(
            given.device, share if given.device == "cpu" and not given.memory else given.memory
        )
        precision = chosen_precision(given.precision, card=device.capability)
    except (DeviceError, ValueError) as error:
        sys.exit(f"inkloom's worker: {error}")
    folders = open_folders(given.root, extra_paths=given.extra_paths)
    # Results lie in the machine's memory, wherever models compute.
    here = share if given.memory is None or device.kind != "cpu" else given.memory
    cache = open_cache(folders, given.cache_size, here)
    table = with_subgraphs(with_precision(NODES, precision), folders.base)
    room = open_memory(folders, given.memory, device, beside=share)
    engine = Engine(table, folders, cache, open_history(folders, cache), room, device)
    main(engine, PRELOAD, listening)
