"""A job of a server on the screen, as a run of this process is drawn, and what it left."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Generator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from ...executor import EVENTS, Graph, RunStarted, from_json
from ...nodes import NODES
from ..interrupt import SHOW_CURSOR
from ..shown.drawing import Drawing, Names, PlainLines
from ..shown.pace import duration_text
from ..shown.plain import plain
from ..usage import UsageError

if TYPE_CHECKING:
    from ...client import Client, Event, File, Job

DONE, FAILED, CANCELLED = 0, 1, 130

STATUS = {"done": DONE, "failed": FAILED, "cancelled": CANCELLED}
"""The exit status that says how a job ended."""


def follow(client: Client, id: str, output: Path | None, *, as_json: bool) -> int:
    """Show what happens in a job until it has ended, then what it wrote; return the exit status.

    As JSON, that is a line for each event, the last of which is the job as it ended.
    """
    if as_json:
        with _left_at_once(id):
            for event in client.jobs.events(id):
                print(msgspec.json.encode(event).decode(), flush=True)
        job = client.jobs.get(id)
        if output:
            _keep(client, job, output)
        return STATUS[job.state]
    names = Names(Graph.parse(client.jobs.workflow(id)), NODES)
    with closing(_Screen(names, id)) as screen, _left_at_once(id):
        for event in client.jobs.events(id):
            screen.tell(event)
    return conclude(client, client.jobs.get(id), output, as_json=False)


def conclude(client: Client, job: Job, output: Path | None, *, as_json: bool) -> int:
    """Tell what a job that has ended has written, and how it ended; return the exit status.

    The files are kept in `output` and named by their paths; without one, they are named by their URLs.
    """
    places = _keep(client, job, output) if output else [client.url + file.url for file in _files(job)]
    if as_json:
        print(msgspec.json.encode(job).decode(), flush=True)
        return STATUS[job.state]
    for place in places:
        print(plain(str(place)), flush=True)
    print(_ending(job), file=sys.stderr)
    return STATUS[job.state]


@contextmanager
def goes_on(id: str) -> Generator[None]:
    """Say at Ctrl-C that it ends the watching, and not the job."""
    try:
        yield
    except KeyboardInterrupt:
        print(_farewell(id), file=sys.stderr)
        raise


@contextmanager
def _left_at_once(id: str) -> Generator[None]:
    """Let Ctrl-C end the process while it only looks.

    Nothing has to be put in order then, and an exception in the midst of a connection's locks could wait for
    them for ever.
    """

    def leave(*_: object) -> None:
        cursor = SHOW_CURSOR if os.isatty(2) else b""
        os.write(2, cursor + f"{_farewell(id)}\n".encode())
        os._exit(CANCELLED)

    before = signal.signal(signal.SIGINT, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _farewell(id: str) -> str:
    name = plain(id)
    return f"the job goes on: `inkloom watch {name}` shows it, `inkloom cancel {name}` stops it"


def tell_warnings(job: Job) -> None:
    """Print what is wrong with outputs of a job's workflow that will not run, on standard error."""
    for problem in job.warnings:
        print(f"warning: {plain(problem.message)}", file=sys.stderr)


def _keep(client: Client, job: Job, folder: Path) -> list[Path]:
    return [client.files.download(file, folder) for file in _files(job)]


def _files(job: Job) -> list[File]:
    return [file for files in job.files.values() for file in files]


def _ending(job: Job) -> str:
    took = "" if job.started is None or job.ended is None else f" in {duration_text(job.ended - job.started)}"
    if job.state == "done":
        return f"done{took}"
    if job.state == "cancelled":
        return f"job {plain(job.id)} was cancelled"
    lines = [f"inkloom: job {plain(job.id)} failed{took}"]
    if failure := job.failure:
        where = f" in node {failure.node}, {failure.class_type}" if failure.node is not None else ""
        lines[0] += plain(where)
        lines += [f"  {plain(line)}" for line in failure.message.splitlines()]
    return "\n".join(lines)


class _Screen:
    """Draws the events of a job: a new drawing for each time that it is begun."""

    def __init__(self, names: Names, id: str) -> None:
        self._names = names
        self._id = id
        self._drawings = ExitStack()
        self._drawing: Drawing | None = None
        self._attempt = 0

    def tell(self, event: Event) -> None:
        """Draw an event; those of kinds that a newer server has are left out."""
        if event.type == "state":
            self._tell_state(event)
        if event.type not in EVENTS:
            return
        try:
            known = from_json({"type": event.type, **event.data})
        except ValueError as error:
            raise UsageError(
                f"what the server tells of job {plain(self._id)} is not understood: {plain(str(error))}",
                advice="is it of the same version?",
            ) from error
        if self._drawing is None or isinstance(known, RunStarted):
            self._begin(event.attempt)
        if self._drawing is not None:
            self._drawing.tell(known)

    def close(self) -> None:
        """Leave the terminal as it was."""
        self._drawings.close()

    def _tell_state(self, event: Event) -> None:
        if event.data.get("state") == "waiting" and isinstance(before := event.data.get("position"), int):
            print(f"waiting: {before} job{'s' * (before != 1)} before it", file=sys.stderr)

    def _begin(self, attempt: int) -> None:
        self._drawings.close()
        if attempt > self._attempt > 0:
            print(f"begun again: attempt {attempt}", file=sys.stderr)
        self._attempt = attempt
        self._drawing = _drawing(self._names)
        self._drawings.enter_context(closing(self._drawing))


def _drawing(names: Names) -> Drawing:
    if not sys.stderr.isatty():
        return PlainLines(names)
    from rich.console import Console

    from ..shown.bars import Bars

    return Bars(names, Console(stderr=True))
