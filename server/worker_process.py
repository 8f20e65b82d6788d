"""The web process's side of its worker: started, spoken to, and started again when it dies."""

import asyncio
import logging
import signal
import sys
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from . import tasks
from .protocol import Cancel, Finished, ProtocolError, Ready, Run, Told, ToWorker, from_line, to_line

LINE_LIMIT = 64 * 2**20
"""Longest line read from a worker, in bytes: the start of a run names every node."""

PATIENCE = 5.0
"""Seconds that a worker gets to end by itself when the server stops."""

START_ATTEMPTS = 3
"""Failed starts in a row after which waiting jobs fail, rather than wait for ever."""

log = logging.getLogger(__name__)


class WorkerDiedError(Exception):
    """The worker process ended in the middle of a job, or can't be started; the message says how."""


def command(
    root: Path,
    extra_paths: Sequence[Path] = (),
    cache_size: int | None = None,
    memory: int | None = None,
    precision: str = "auto",
) -> tuple[str, ...]:
    """Return the command line of a worker on a root folder and files of extra model paths.

    `cache_size` are the bytes of results that it may keep on the disk, 0 for none; `memory` those that it
    computes in, `precision` in what large models do.
    """
    # -P: a file that happens to lie in the current folder must not replace a module.
    sizes = {"--cache-size": cache_size, "--memory": memory}
    room = tuple(f"{name}={size}" for name, size in sizes.items() if size is not None)
    # --: a path may begin with a dash.
    module = (sys.executable, "-P", "-m", "inkloom.server.worker")
    return (*module, *room, f"--precision={precision}", "--", str(root), *map(str, extra_paths))


class WorkerProcess:
    """One worker, kept alive: a new process takes the place of a dead one at once.

    Jobs are given one at a time with `run`. The worker ends by itself when this process does, however that
    ends: its standard input is closed then.
    """

    def __init__(self, argv: Sequence[str], line_limit: int = LINE_LIMIT) -> None:
        self._argv = tuple(argv)
        self._line_limit = line_limit
        self._process: asyncio.subprocess.Process | None = None
        self._ready = False
        self._inbox: asyncio.Queue[Ready | Told | Finished | WorkerDiedError] | None = (
            None  # of the running job
        )
        self._job: str | None = None
        self._given = False  # the job was sent to the present process
        self._cancelled = False
        self._keeper: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        """The process's id; None while there is none."""
        return None if self._process is None else self._process.pid

    async def start(self) -> None:
        """Start the process; it gets ready while this one goes on."""
        self._keeper = tasks.start(self._keep_alive(), "keeper of the worker process")

    async def stop(self) -> None:
        """End the process and wait until it is gone."""
        if self._keeper is not None:
            await tasks.stop(self._keeper)

    async def run(self, job: Run) -> AsyncGenerator[Mapping[str, object]]:
        """Run a job and yield its executor events (JSON form); raises `WorkerDiedError`."""
        inbox = self._inbox = asyncio.Queue()
        self._job, self._given, self._cancelled = job.job, False, False
        if self._ready:
            await self._give(job)
        try:
            while True:
                match await inbox.get():
                    case Ready() if not self._given:
                        await self._give(job)
                    case Told(job=name, event=event) if name == job.job:
                        yield event
                    case Finished(job=name) if name == job.job:
                        return
                    case WorkerDiedError() as died:
                        raise died
                    case other:
                        log.warning("the worker spoke of another job than the running one: %r", other)
        finally:
            self._inbox = self._job = None

    async def _give(self, job: Run) -> None:
        self._given = True
        await self._send(job)
        if self._cancelled:  # while it waited for the worker to get ready
            await self._send(Cancel(job=job.job))

    async def cancel(self, job: str) -> None:
        """Ask the worker to stop a job within one step; nothing happens if it is not the running one."""
        if job == self._job:
            self._cancelled = True
            await self._send(Cancel(job=job))

    async def _send(self, message: ToWorker) -> None:
        # A worker that has just died is noticed where its answers are read; nothing is lost by not writing.
        with suppress(ConnectionError):
            if self._process is not None and self._process.stdin is not None:
                self._process.stdin.write(to_line(message))
                await self._process.stdin.drain()

    async def _keep_alive(self) -> None:
        failed_starts = 0
        while True:
            how, lived = await self._one_life()
            failed_starts = 0 if lived else failed_starts + 1
            log.error("the worker process %s; starting a new one", how)
            if self._inbox is not None and self._given:
                self._inbox.put_nowait(WorkerDiedError(f"The worker process that ran this job {how}."))
            elif self._inbox is not None and failed_starts >= START_ATTEMPTS:
                self._inbox.put_nowait(
                    WorkerDiedError(f"No worker process can be started: it {how}. See the server's log.")
                )
            # A worker that can't even start would otherwise be started again in a tight loop.
            await asyncio.sleep(min(30.0, 0.5 * 2**failed_starts) if failed_starts else 0)

    async def _one_life(self) -> tuple[str, bool]:
        """Start a process and hear it until it ends: how it ended, and whether it ever got ready."""
        try:
            process = await asyncio.create_subprocess_exec(
                *self._argv,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                limit=self._line_limit,
                start_new_session=True,  # a Ctrl-C on the terminal is for the web process alone
            )
        except OSError as error:
            return f"can't be executed ({error})", False
        assert process.stdout is not None
        self._process = process
        try:
            async for line in process.stdout:
                self._hear(line)
            return died_how(await process.wait()), self._ready
        except ValueError:  # so the stream tells of a line over the limit: what follows makes no sense
            process.kill()
            while await process.stdout.read(2**16):
                pass
            await process.wait()
            return f"was ended: it sent a line of more than {self._line_limit} bytes", self._ready
        except asyncio.CancelledError:
            await _end(process)
            raise
        finally:
            self._ready = False
            self._process = None

    def _hear(self, line: bytes) -> None:
        try:
            message = from_line(line)
        except ProtocolError as error:  # a last line that its writer's death cut short
            log.warning("%s", error)
            return
        match message:
            case Ready():
                self._ready = True
                if self._inbox is not None:
                    self._inbox.put_nowait(message)
            case Told() | Finished() if self._inbox is not None:
                self._inbox.put_nowait(message)
            case _:
                log.warning("the worker sent a message that nobody waits for: %r", line[:200])


async def _end(process: asyncio.subprocess.Process) -> None:
    """Close the worker's input, which ends it; kill it when it takes too long."""
    assert process.stdin is not None
    process.stdin.close()
    try:
        await asyncio.wait_for(process.wait(), PATIENCE)
    except TimeoutError:
        process.kill()
        await process.wait()


def died_how(code: int) -> str:
    """Say in words how a process ended: `was killed by SIGKILL (...)` or `ended with status 1`."""
    if code >= 0:
        return f"ended with status {code}"
    name = signal.Signals(-code).name if -code in {s.value for s in signal.Signals} else f"signal {-code}"
    reason = {
        "SIGKILL": " (often the system's answer to a lack of memory)",
        "SIGSEGV": " (a crash in native code)",
    }
    return f"was killed by {name}{reason.get(name, '')}"
