"""A worker process: `python -m inkloom.server.worker ROOT` runs the jobs that come in on standard input.

One job at a time on the main thread; results stay in memory between jobs. A second thread listens, so that a
job can be cancelled while it runs, and so that this process ends when the one that started it does.
"""

import argparse
import importlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import BinaryIO

from ..executor import CancelToken, Event, Graph, Node, RunFailed, WorkflowError, to_json
from ..nodes import (
    NODES,
    Engine,
    chosen_precision,
    open_cache,
    open_folders,
    open_history,
    open_memory,
    with_precision,
    with_subgraphs,
)
from .protocol import (
    Cancel,
    Finished,
    FromWorker,
    ProtocolError,
    Ready,
    Run,
    Told,
    ToWorker,
    from_line,
    to_line,
)

CLOSING = 2.0
"""Seconds that this process takes at its end to write down results: less than whoever ends it waits."""


class Inbox:
    """What the web process asks for: jobs in their order, and which of them are to stop."""

    def __init__(self) -> None:
        self._jobs: SimpleQueue[tuple[Run, CancelToken]] = SimpleQueue()
        self._tokens: dict[str, CancelToken] = {}
        self._lock = threading.Lock()

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
                with self._lock:
                    self._tokens[job.job] = token
                self._jobs.put((job, token))
            case Cancel(job=name):
                with self._lock:
                    token = self._tokens.get(name)
                if token is not None:
                    token.cancel()
            case other:
                print(f"a worker does not take {other!r}", file=sys.stderr)  # noqa: T201

    def next(self) -> tuple[Run, CancelToken]:
        """Wait for a job."""
        return self._jobs.get()

    def forget(self, job: Run) -> None:
        """Stop listening for the cancellation of a job that has ended."""
        with self._lock:
            del self._tokens[job.job]


def work(engine: Engine, source: BinaryIO, sink: BinaryIO, preload: tuple[str, ...]) -> None:
    """Run jobs for ever: read them from `source`, tell their events to `sink`."""

    def tell(message: FromWorker) -> None:
        sink.write(to_line(message))
        sink.flush()

    inbox = Inbox()
    ending = partial(engine.close, CLOSING)
    threading.Thread(target=inbox.listen, args=(source, ending), name="listener", daemon=True).start()
    tell(Ready(pid=os.getpid()))
    for module in preload:  # while nobody waits, rather than in the first job
        importlib.import_module(module)
    while True:
        job, token = inbox.next()
        for event in _run(engine, job, token):
            tell(Told(job=job.job, event=to_json(event)))
        inbox.forget(job)
        tell(Finished(job=job.job))


def _run(engine: Engine, job: Run, token: CancelToken) -> Iterator[Event]:
    nodes: Mapping[str, Node] = {}
    try:
        graph = Graph.parse(job.prompt)
        nodes = graph.nodes
        yield from engine.run(
            graph,
            targets=job.targets,
            cancel=token,
            extra_pnginfo=job.extra_pnginfo,
            previews=job.previews,
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


def main(engine: Engine, preload: tuple[str, ...] = ()) -> None:
    """Serve this process's standard input and output; `preload` are modules that jobs will need anyway."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the web process, which then ends this one
    # Keep the way out for the protocol alone: what a library prints goes to standard error.
    sink = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    work(engine, sys.stdin.buffer, sink, preload)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("root", type=Path)
    parser.add_argument("extra_paths", type=Path, nargs="*")
    parser.add_argument("--cache-size", type=int)
    parser.add_argument("--memory", type=int)
    parser.add_argument("--precision", default="auto")
    given = parser.parse_args()
    folders = open_folders(given.root, extra_paths=given.extra_paths)
    cache = open_cache(folders, given.cache_size, given.memory)
    table = with_subgraphs(with_precision(NODES, chosen_precision(given.precision)), folders.base)
    engine = Engine(table, folders, cache, open_history(folders), open_memory(folders, given.memory))
    main(engine, preload=("torch", "inkloom.diffusion.files.checkpoint", "inkloom.diffusion.sampling"))
