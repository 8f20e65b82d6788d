"""The web process's side of its worker: started, spoken to, and started again when it dies."""

import asyncio
import itertools
import logging
import signal
import sys
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from .. import tasks
from ..access.identity import ONLY
from .protocol import (
    LINE_LIMIT,
    Answered,
    Cancel,
    Estimate,
    Explain,
    Finished,
    Free,
    Logged,
    Look,
    ProtocolError,
    Question,
    Ready,
    Run,
    Told,
    ToWorker,
    from_line,
    to_line,
)
from .stray import told_on

PATIENCE = 5.0
"""Seconds that a worker gets to end by itself when the server stops."""

LAST_WORDS = 0.5
"""Seconds that what a worker has written is waited for when it has ended."""

STARTING = 10.0
"""Seconds that a question waits for a worker that is being started."""

START_ATTEMPTS = 3
"""Failed starts in a row after which waiting jobs fail, rather than wait for ever."""

log = logging.getLogger(__name__)


class WorkerDiedError(Exception):
    """The worker process ended in the middle of a job, or can't be started; the message says how."""


class NoWorkerError(WorkerDiedError):
    """No worker process can be started, so that the job was not even begun."""


class NoAnswerError(Exception):
    """The worker could not answer a question; the message says why."""


def command(
    root: Path,
    extra_paths: Sequence[Path] = (),
    cache_size: int | None = None,
    memory: int | None = None,
    precision: str = "auto",
    device: str = "auto",
) -> tuple[str, ...]:
    """Return the command line of a worker on a root folder and files of extra model paths.

    `cache_size` are the bytes of results that it may keep on the disk, 0 for none; `memory` those that it
    computes in, `precision` in what large models do, `device` on what.
    """
    # -P: a file that happens to lie in the current folder must not replace a module.
    sizes = {"--cache-size": cache_size, "--memory": memory}
    room = tuple(f"{name}={size}" for name, size in sizes.items() if size is not None)
    # --: a path may begin with a dash.
    module = (sys.executable, "-P", "-m", "inkloom.server.workers.start")
    how = (f"--precision={precision}", f"--device={device}")
    return (*module, *room, *how, "--", str(root), *map(str, extra_paths))


class WorkerProcess:
    """One worker, kept alive: a new process takes the place of a dead one at once.

    Jobs are given one at a time with `run`; questions may be asked meanwhile. The worker ends by itself when
    this process does, however that ends: its standard input is closed then.
    """

    def __init__(self, argv: Sequence[str], line_limit: int = LINE_LIMIT, starting: float = STARTING) -> None:
        self._argv = tuple(argv)
        self._line_limit = line_limit
        self._starting = starting
        self._process: asyncio.subprocess.Process | None = None
        self._ready = asyncio.Event()
        self._numbers = itertools.count()
        self._questions: dict[int, asyncio.Future[Answered]] = {}
        self._inbox: asyncio.Queue[Ready | Told | Finished | WorkerDiedError] | None = (
            None  # of the running job
        )
        self._job: str | None = None
        self._given = False  # the job was sent to the present process
        self._cancelled = False
        self._keeper: asyncio.Task[None] | None = None
        self.told: Ready | None = None
        """What the process said when it was ready; None while there is none that is."""
        self.restarts = 0
        """How many processes have ended by themselves, or could not be started."""

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
        self._give_up(WorkerDiedError("The server stops."))

    async def run(self, job: Run) -> AsyncGenerator[Mapping[str, object]]:
        """Run a job and yield its executor events (JSON form); raises `WorkerDiedError`."""
        inbox = self._inbox = asyncio.Queue()
        self._job, self._given, self._cancelled = job.job, False, False
        if self._ready.is_set():
            await self._give(job)
        try:
            while True:
                match await inbox.get():
                    case Ready() if not self._given:
                        await self._give(job)
                    case Told(job=name, events=events) if name == job.job:
                        for event in events:
                            yield event
                        await asyncio.sleep(0)  # others come in between, also when there is more already
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

    async def free(self, *, results: bool) -> None:
        """Have memory given back once the running job has ended: weights, with `results` those too.

        A worker that is being started has nothing to give back.
        """
        if self._ready.is_set():
            await self._send(Free(results=results))

    async def explain(
        self, prompt: Mapping[str, object], targets: Sequence[str], user: str = ONLY
    ) -> Mapping[str, object]:
        """Return what a user's run of these outputs would do, in the executor's own JSON form.

        Raises `WorkerDiedError` when there is no worker to answer, `NoAnswerError` when it can't.
        """
        number, wanted = next(self._numbers), tuple(targets)
        return await self._ask(Explain(question=number, prompt=prompt, targets=wanted, user=user))

    async def estimate(
        self, prompt: Mapping[str, object], targets: Sequence[str], user: str = ONLY
    ) -> Mapping[str, object]:
        """Return what a user's run of these outputs would take; raises what `explain` does."""
        number, wanted = next(self._numbers), tuple(targets)
        return await self._ask(Estimate(question=number, prompt=prompt, targets=wanted, user=user))

    async def look(self) -> Mapping[str, object]:
        """Return what is in memory and in the caches; raises what `explain` does, and waits for no start."""
        return await self._ask(Look(question=next(self._numbers)), starting=0.0)

    async def _ask(self, question: Question, starting: float | None = None) -> Mapping[str, object]:
        """Return the answer to a question; a worker that is being started gets so many seconds for that."""
        patience = self._starting if starting is None else starting
        try:
            async with asyncio.timeout(patience):
                while not self._ready.is_set():  # it may have died again before this goes on
                    await self._ready.wait()
        except TimeoutError:
            waited = f", and was not ready within {patience:g} seconds" if patience else ""
            raise WorkerDiedError(
                f"The worker process is being started{waited}. "
                "Ask again; if that goes on, see the server's log."
            ) from None
        answer = self._questions[question.question] = asyncio.get_running_loop().create_future()
        try:
            await self._send(question)
            found = await answer
        finally:
            del self._questions[question.question]
        if found.answer is None:
            raise NoAnswerError(found.failure)
        return found.answer

    def _give_up(self, error: WorkerDiedError) -> None:
        """Tell all who asked something that there will be no answer."""
        for answer in self._questions.values():
            if not answer.done():
                answer.set_exception(error)

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
            self.restarts += 1
            log.error("the worker process %s; starting a new one", how)
            self._give_up(WorkerDiedError(f"The worker process that was asked {how}."))
            if self._inbox is not None and self._given:
                self._inbox.put_nowait(WorkerDiedError(f"The worker process that ran this job {how}."))
            elif self._inbox is not None and failed_starts >= START_ATTEMPTS:
                self._inbox.put_nowait(
                    NoWorkerError(f"No worker process can be started: it {how}. See the server's log.")
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
                stderr=asyncio.subprocess.PIPE,
                limit=self._line_limit,
                start_new_session=True,  # a Ctrl-C on the terminal is for the web process alone
            )
        except OSError as error:
            return f"can't be executed ({error})", False
        assert process.stdout is not None
        assert process.stderr is not None
        self._process = process
        # Lines of this kind come from nobody who knows a level; somebody should see them.
        hearing = tasks.start(
            told_on(process.stderr, partial(log.warning, "%s")), "reader of the worker's errors"
        )
        try:
            async for line in process.stdout:
                self._hear(line)
            return died_how(await process.wait()), self._ready.is_set()
        except ValueError:  # so the stream tells of a line over the limit: what follows makes no sense
            process.kill()
            while await process.stdout.read(2**16):
                pass
            await process.wait()
            return f"was ended: it sent a line of more than {self._line_limit} bytes", self._ready.is_set()
        except asyncio.CancelledError:
            await _end(process)
            raise
        finally:
            # Not for ever: a process that it has started may hold the pipe.
            await asyncio.wait([hearing], timeout=LAST_WORDS)
            hearing.cancel()
            self._ready.clear()
            self._process = self.told = None

    def _hear(self, line: bytes) -> None:
        try:
            message = from_line(line)
        except ProtocolError as error:  # a last line that its writer's death cut short
            log.warning("%s", error)
            return
        match message:
            case Ready():
                self.told = message
                self._ready.set()
                if self._inbox is not None:
                    self._inbox.put_nowait(message)
            case Answered(question=question) if answer := self._questions.get(question):
                if not answer.done():
                    answer.set_result(message)
            case Logged(level=level, text=text):
                log.log(level, "%s", text)
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
