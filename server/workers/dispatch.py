"""The loop that gives jobs to a worker and tells the clients what becomes of them."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import aclosing
from functools import partial
from typing import Any

from ...executor.events import from_json
from .. import store, tasks
from ..jobs.job import Attempt, Job
from ..jobs.queue import Jobs
from ..jobs.running import Running
from ..sockets.clients import Clients, Session
from ..sockets.messages import Message, end_of_run
from ..sockets.story import TOLD_TO_ALL, Story
from .ahead import Ahead
from .given import Given, NoWorkerError, WorkerDiedError
from .in_order import InOrder
from .process import WorkerProcess
from .protocol import Run, Written

DEATHS = 3
"""Workers that may die of a job before it is no longer tried."""

LOSSES = 5
"""Servers that may end in the middle of a job before it is no longer tried: it may be what ends them."""

START_LOOK = 0.5
"""Seconds between two looks whether other workers are there, while this one's is being started."""

GRACE = 1.0
"""Seconds that the ends of jobs may take which are on their way to the database when the server stops."""

FLEETING = frozenset({"progress", "span", "mark"})
"""Kinds of events that are not kept: there are many, and only the last one ever matters."""

log = logging.getLogger(__name__)


class ServersDiedError(Exception):
    """A job is not tried again, since servers ended again and again while they ran it."""


class Dispatcher:
    """Runs jobs of a queue on one worker, one after the other; short ones are given to it ahead."""

    def __init__(
        self,
        jobs: Jobs,
        clients: Clients,
        worker: WorkerProcess,
        previews: str | None,
        place: int,
        others_ready: Callable[[], bool],
    ) -> None:
        self._jobs = jobs
        self._clients = clients
        self._worker = worker
        self._previews = previews
        self._place = place  # among the workers: of several that are free, the first one runs a job
        self._others_ready = others_ready
        self._story: Story | None = None  # of the first of the line
        self._line: list[tuple[Running, Given]] = []  # what the worker has, first to be run first
        self._ahead = Ahead()
        self._ends: set[asyncio.Task[bool]] = set()  # on their way to the database, and the next jobs back
        self._returns: set[asyncio.Task[None]] = set()  # of jobs that were given ahead
        self._late: list[Running] = []  # what came while others were returned, which are before them
        self._looking: asyncio.TimerHandle | None = None
        self._telling = InOrder()

    async def run_for_ever(self) -> None:
        """Run the next job, keep its record; then the next. Ends are told when the disk has them."""
        while True:
            while not self._line and (coming := self._ends | self._returns):
                await asyncio.wait(coming, return_when=asyncio.FIRST_COMPLETED)
            if not self._line:
                while self._worker.told is None and self._others_ready():  # they take what there is
                    await self._worker.until_ready(START_LOOK)
                self._give([await self._jobs.take(self._place)])
            else:
                self._telling.call(self._tell_status)
            await self._run_first()

    async def end(self) -> None:
        """Keep what has ended, as far as that is quick: the loop was stopped, and the worker after it."""
        if self._looking is not None:
            self._looking.cancel()
        if left := self._ends | self._returns:
            await asyncio.wait(left, timeout=GRACE)
        for task in self._ends | self._returns:
            await tasks.stop(task)

    @property
    def is_idle(self) -> bool:
        """Whether the worker has nothing to run."""
        return not self._line

    async def _run_first(self) -> None:
        """Run the first job of the line to its end."""
        run, given = self._line[0]
        attempt = run.attempt
        job, tally, began = attempt.job, self._jobs.tally, store.now()
        self._story = story = Story(job)
        if attempt.lease.attempt == 1:
            tally.waited.add((began - attempt.created) / 1000)
        log.info("job %s starts, attempt %d", job.id, attempt.lease.attempt)
        died = None
        if attempt.losses < LOSSES:
            died = await self._hear(story, run, given)
        else:
            story.break_off(ServersDiedError(f"{LOSSES} servers have ended while they ran this job."))
        self._story = None
        self._worker.forget(given)
        del self._line[0]
        seconds = (store.now() - began) / 1000
        if isinstance(died, NoWorkerError):
            line, self._line = self._line, []
            self._hold(self._put_back([(run, given), *line]))
            return
        if died is not None:
            await self._recover(None if story.ending is not None else run, died)
            if story.ending is None:
                return
        await self._telling.room()
        self._end(run, story, seconds)

    async def _recover(self, run: Running | None, died: WorkerDiedError) -> None:
        """Let what the dead worker had wait again: the job that it died of, and those it has not begun."""
        line, self._line = self._line, []
        self._hold(self._put_back(line))
        if run is not None:
            job = run.attempt.job
            log.warning("job %s waits again: %s", job.id, died)
            self._telling.call(partial(self._clients.end, job.id))
            await self._jobs.give_back(run, str(died))

    def _give(self, runs: Sequence[Running]) -> None:
        names = {run.attempt.job.id for run, _ in self._line}
        if any(run.attempt.job.id in names for run in runs):  # lost and come back, and still in the line
            self._late += runs
            self._hold(self._put_back(()))
            return
        for run in runs:
            order = self._order(run.attempt)
            given = self._worker.give(order) if run.attempt.losses < LOSSES else Given(order)
            run.when_stopped(partial(self._worker.cancel, run.attempt.job.id))
            self._line.append((run, given))
        self._look_soon()

    def _order(self, attempt: Attempt) -> Run:
        return Run(
            job=attempt.job.id,
            prompt=Written(attempt.job.prompt),
            targets=attempt.job.outputs,
            extra_pnginfo=attempt.job.extra_pnginfo,
            previews=self._previews,
            receipts=attempt.receipts,
            user=attempt.job.user,
        )

    def _look_soon(self) -> None:
        """Take back in a while what was given ahead, if the job before it still runs then."""
        if len(self._line) > 1 and self._looking is None:
            loop, (first, _) = asyncio.get_running_loop(), self._line[0]
            self._looking = loop.call_later(Ahead.PATIENCE, self._look, first)

    def _look(self, first: Running) -> None:
        self._looking = None
        if self._line and self._line[0][0] is first:
            self._hold(self._take_back())
        else:
            self._look_soon()

    def _hold(self, returning: Coroutine[Any, Any, None]) -> None:
        """Give the worker no more jobs while others are returned that are before those."""
        task = tasks.start(returning, "return of jobs given ahead")
        self._returns.add(task)
        task.add_done_callback(self._returns.discard)

    async def _take_back(self) -> None:
        jobs = await self._worker.recall()
        first, behind = self._line[:1], self._line[1:]
        for run, given in first:
            if run.attempt.job.id in jobs:  # the one before it has just ended: it is its turn
                self._worker.give_again(given)
        back = [one for one in behind if one[0].attempt.job.id in jobs]
        self._line = [one for one in self._line if one not in back]
        await self._put_back(back)
        self._look_soon()  # a process that was being started had nothing to give back

    async def _put_back(self, line: Sequence[tuple[Running, Given]]) -> None:
        """Have jobs wait again that were not begun, and those behind them that are on their way."""
        for _, given in line:
            self._worker.forget(given)
        if self._ends:
            await asyncio.wait(self._ends)
        late, self._late = self._late, []
        await self._jobs.put_back([*(run for run, _ in line), *late])

    def _end(self, run: Running, story: Story, seconds: float) -> None:
        """Have the end of a run kept, and then told; what waits next comes with it."""
        self._ahead.lasted(seconds)
        most = 0 if self._returns else self._ahead.wanted(len(self._line), alone=self._jobs.idle == 0)
        end = tasks.start(self._keep(run, story, seconds, most), f"end of job {run.attempt.job.id}")
        self._ends.add(end)
        end.add_done_callback(self._ends.discard)
        self._telling.call_after(self._settled(run, end), partial(self._tell_end, story, end))

    async def _keep(self, run: Running, story: Story, seconds: float, most: int) -> bool:
        try:
            record = story.record()
            held, following = await self._jobs.finish(run, record, most)
        finally:
            self._ahead.came(most)
        if self._returns:
            self._late += following
        else:
            self._give(following)
        if held:
            self._jobs.tally.ended(record.state, seconds)
            how = story.ending.type if story.ending else "nobody knows how"
            log.info("job %s has ended: %s", story.job.id, how)
        return held

    async def _settled(self, run: Running, end: asyncio.Task[bool]) -> None:
        if await asyncio.shield(end):
            await self._jobs.settle(run.attempt)

    def _tell_end(self, story: Story, end: asyncio.Task[bool]) -> None:
        job = story.job
        if not end.result():  # somebody else has taken the job over, and tells of it
            return
        self._clients.end(job.id)  # also to those who hear of its progress and not of its end
        if story.ending is not None:
            self._tell(job, story.ending)
        self._tell_status()
        self._tell(job, end_of_run(job.id))

    def interrupt(self, job: str | None = None, *, user: str | None = None) -> None:
        """Stop the running job within one step; with `job`, only if it is that one, with `user` if theirs."""
        for run, _ in self._line if job is not None else self._line[:1]:
            found = run.attempt.job
            if user in (None, found.user) and job in (None, found.id):
                run.cancel()

    def current_node(self, session: Session) -> str | None:
        """Return the node that runs now, if its job belongs to this client."""
        story = self._story
        return story.current if story is not None and story.job.session == session else None

    async def _hear(self, story: Story, run: Running, given: Given) -> WorkerDiedError | None:
        """Tell of a job until its end, or until its worker dies: of which it may not be to blame."""
        job = story.job
        async with aclosing(given.events()) as events:
            try:
                async for event in events:
                    self._note(run, event)
                    if messages := story.tell(from_json(event)):
                        self._telling.call(partial(self._tell, job, *messages))
            except NoWorkerError as error:
                if self._others_ready():
                    return error
                log.error("job %s failed: %s", job.id, error)
                story.break_off(error)
            except WorkerDiedError as died:
                if story.ending is not None:  # it had ended, and only that was not said any more
                    return died
                if run.unwanted:
                    log.warning("job %s was cancelled: %s", job.id, died)
                    story.stop()
                elif run.attempt.deaths + 1 >= DEATHS:
                    log.error("job %s is not tried again: %s", job.id, died)
                    story.break_off(WorkerDiedError(f"{died} {DEATHS} workers have died of this job."))
                return died
            except Exception as error:  # whatever it is, it ends this job only: the queue goes on
                log.exception("job %s failed in the server itself", job.id)
                self._worker.cancel(job.id)
                story.break_off(error)
            else:
                if story.ending is None:  # never call a run that nobody saw end a success
                    story.break_off(WorkerDiedError("The worker left this job without saying how it ended."))
        return None

    def _note(self, run: Running, event: Mapping[str, object]) -> None:
        self._jobs.tally.heard(event)
        if event.get("type") in FLEETING:
            run.pass_by(event)
        else:
            run.note(event)

    def _tell_status(self) -> None:
        self._clients.tell_status(self._jobs.remaining)

    def _tell(self, job: Job, *messages: Message) -> None:
        for message in messages:
            if job.session is not None:
                self._clients.send(message, job.session)
            elif message.type in TOLD_TO_ALL:
                self._clients.broadcast(message, about=job.user)
