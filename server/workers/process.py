"""The web process's side of its worker: started, spoken to, and started again when it dies."""

import asyncio
import itertools
import logging
import signal
import sys
from collections import deque
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

from .. import tasks
from ..access.identity import ONLY
from .given import Given, NoWorkerError, WorkerDiedError
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
    Recall,
    Recalled,
    Run,
    Told,
    ToWorker,
    Warm,
    from_line,
    to_line,
)
from .stray import LastWords, told_on

PATIENCE = 5.0
"""Seconds that a worker gets to end by itself when the server stops."""

LAST_WORDS = 0.5
"""Seconds that what a worker has written is waited for when it has ended."""

STARTING = 10.0
"""Seconds that a question waits for a worker that is being started."""

START_ATTEMPTS = 3
"""Failed starts in a row after which waiting jobs fail, rather than wait for ever."""

START_LIMIT = 600.0
"""Seconds after which a worker that still loads what jobs need is taken for one that never will."""

log = logging.getLogger(__name__)


class NoAnswerError(Exception):
    """The worker could not answer a question; the message says why."""


def command(
    root: Path,
    extra_paths: Sequence[Path] = (),
    cache_size: int | None = None,
    memory: int | None = None,
    precision: str = "auto",
    device: str = "auto",
    workers: int = 1,
) -> tuple[str, ...]:
    """Return the command line of a worker on a root folder and files of extra model paths.

    `cache_size` are the bytes of results that it may keep on the disk, 0 for none; `memory` those that it
    computes in, `precision` in what large models do, `device` on what, one of so many `workers` of a server.
    """
    # -P: a file that happens to lie in the current folder must not replace a module.
    sizes = {"--cache-size": cache_size, "--memory": memory}
    room = tuple(f"{name}={size}" for name, size in sizes.items() if size is not None)
    # --: a path may begin with a dash.
    module = (sys.executable, "-P", "-m", "inkloom.server.workers.start")
    how = (f"--precision={precision}", f"--device={device}", f"--workers={workers}")
    return (*module, *room, *how, "--", str(root), *map(str, extra_paths))


class WorkerProcess:
    """One worker, kept alive: a new process takes the place of a dead one at once.

    It runs the jobs that it is given in their order, and answers questions meanwhile. It ends by itself when
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
        self._given: dict[str, Given] = {}  # by their jobs, in the order in which they are run
        self._warm = False  # the present process, or the one before it
        self._recalls: deque[asyncio.Future[Sequence[str]]] = deque()
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
        given = self.give(job)
        try:
            async for event in given.events():
                yield event
        finally:
            self.forget(given)

    async def until_ready(self, seconds: float) -> None:
        """Wait until there is a process that takes jobs, but no longer than so many seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._ready.wait()

    def give(self, job: Run) -> Given:
        """Give a job to run after those that were given before: as soon as there is a process."""
        given = self._given[job.job] = Given(job)
        if self._ready.is_set():
            self._pass_on(given)
        return given

    def give_again(self, given: Given) -> None:
        """Give a job once more that was recalled."""
        self._pass_on(given)

    def forget(self, given: Given) -> None:
        """Hear no more of a job that is over."""
        if self._given.get(given.order.job) is given:
            del self._given[given.order.job]

    def _pass_on(self, given: Given) -> None:
        given.sent = True
        self._say(given.order)
        if given.cancelled:  # while it waited for the worker to get ready
            self._say(Cancel(job=given.order.job))

    def cancel(self, job: str) -> None:
        """Ask the worker to stop a job within one step; nothing happens if it does not have it."""
        if (given := self._given.get(job)) is not None:
            given.cancelled = True
            self._say(Cancel(job=job))

    async def recall(self) -> Sequence[str]:
        """Ask for the jobs back that have not begun; return which those are, none if the process dies."""
        if not self._ready.is_set():
            return ()
        answer = asyncio.get_running_loop().create_future()
        self._recalls.append(answer)
        self._say(Recall())
        return await answer

    def free(self, *, results: bool) -> None:
        """Have memory given back once the running job has ended: weights, with `results` those too.

        A worker that is being started has nothing to give back.
        """
        if self._ready.is_set():
            self._say(Free(results=results))

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
            self._say(question)
            found = await answer
        finally:
            del self._questions[question.question]
        if found.answer is None:
            raise NoAnswerError(found.failure)
        return found.answer

    def _give_up(self, error: WorkerDiedError) -> None:
        """Tell all who asked something that there will be no answer."""
        for recall in self._recalls:
            if not recall.done():
                recall.set_result(())
        self._recalls.clear()
        for answer in self._questions.values():
            if not answer.done():
                answer.set_exception(error)

    def _say(self, message: ToWorker) -> None:
        # A worker that has just died is noticed where its answers are read; nothing is lost by not writing.
        # And one that does not read for a while has few jobs and questions that wait for it.
        if self._process is not None and self._process.stdin is not None:
            self._process.stdin.write(to_line(message))

    async def _keep_alive(self) -> None:
        failed_starts = 0
        while True:
            how = await self._one_life()
            failed_starts = 0 if self._warm else failed_starts + 1
            self.restarts += 1
            if not (self._warm and self._given):  # or else that is told with the job that it has died of
                log.error("the worker process %s; starting a new one", how)
            self._give_up(WorkerDiedError(f"The worker process that was asked {how}."))
            died = WorkerDiedError(f"The worker process that ran this job {how}.")
            none = NoWorkerError(f"No worker process can be started: it {how}. See the server's log.")
            for given in [*self._given.values()]:
                if given.sent and self._warm:
                    given.hear(died)
                    self.forget(given)
                elif failed_starts >= START_ATTEMPTS:
                    given.hear(none)
                    self.forget(given)
                else:
                    given.sent = False  # a process that was not warm has begun nothing
            # A worker that can't even start would otherwise be started again in a tight loop.
            await asyncio.sleep(min(30.0, 0.5 * 2**failed_starts) if failed_starts else 0)

    async def _one_life(self) -> str:
        """Start a process and hear it until it ends; return how it ended."""
        self._warm = False
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
            return f"can't be executed ({error})"
        assert process.stdout is not None
        assert process.stderr is not None
        self._process = process
        # Lines of this kind come from nobody who knows a level; somebody should see them.
        words = LastWords(partial(log.warning, "%s"))
        hearing = tasks.start(told_on(process.stderr, words), "reader of the worker's errors")
        late = asyncio.get_running_loop().call_later(START_LIMIT, self._end_late, process)
        try:
            async for line in process.stdout:
                self._hear(line)
            how = died_how(await process.wait())
            if self._warm:
                return how
            await asyncio.wait([hearing], timeout=LAST_WORDS)
            return words.after(how)
        except ValueError:  # so the stream tells of a line over the limit: what follows makes no sense
            process.kill()
            while await process.stdout.read(2**16):
                pass
            await process.wait()
            return f"was ended: it sent a line of more than {self._line_limit} bytes"
        except asyncio.CancelledError:
            await _end(process)
            raise
        finally:
            late.cancel()
            self._ready.clear()
            self._process = self.told = None
            # Not for ever: a process that it has started may hold the pipe.
            await asyncio.wait([hearing], timeout=LAST_WORDS)
            hearing.cancel()

    def _end_late(self, process: asyncio.subprocess.Process) -> None:
        if not self._warm:
            log.error("the worker process has loaded for %g seconds, and is ended", START_LIMIT)
            process.kill()

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
                for given in self._given.values():
                    if not given.sent:
                        self._pass_on(given)
            case Warm():
                self._warm = True
            case Told(job=job) | Finished(job=job) if (given := self._given.get(job)) is not None:
                given.hear(message)
            case Recalled(jobs=jobs) if self._recalls:
                if not (recall := self._recalls.popleft()).done():
                    recall.set_result(jobs)
            case Answered(question=question) if answer := self._questions.get(question):
                if not answer.done():
                    answer.set_result(message)
            case Logged(level=level, text=text):
                log.log(level, "%s", text)
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
