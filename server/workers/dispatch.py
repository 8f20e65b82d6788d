"""The loop that gives jobs to the worker and tells the clients what becomes of them."""

import asyncio
import logging
from collections.abc import Mapping
from contextlib import aclosing
from functools import partial

from ...executor.events import from_json
from .. import store, tasks
from ..jobs.queue import Attempt, Job, Jobs
from ..sockets.clients import Clients, Session
from ..sockets.messages import Message, end_of_run
from ..sockets.story import TOLD_TO_ALL, Story
from .in_order import InOrder
from .process import NoWorkerError, WorkerDiedError, WorkerProcess
from .protocol import Run, Written

DEATHS = 3
"""Workers that may die of a job before it is no longer tried."""

LOSSES = 5
"""Servers that may end in the middle of a job before it is no longer tried: it may be what ends them."""

FLEETING = frozenset({"progress", "span", "mark"})
"""Kinds of events that are not kept: there are many, and only the last one ever matters."""

log = logging.getLogger(__name__)


class ServersDiedError(Exception):
    """A job is not tried again, since servers ended again and again while they ran it."""


class Dispatcher:
    """Runs the jobs of a queue on one worker, one after the other."""

    def __init__(
        self, jobs: Jobs, clients: Clients, worker: WorkerProcess, previews: str | None = None
    ) -> None:
        self._jobs = jobs
        self._clients = clients
        self._worker = worker
        self._previews = previews
        self._story: Story | None = None
        self._interrupted = False  # the running job
        self._telling = InOrder()

    async def run_for_ever(self) -> None:
        """Take the next job, run it, keep its record; then the next. Ends are told when the disk has them."""
        attempt = None
        while True:
            attempt = await self._run_and_take(attempt or await self._jobs.take())

    async def _run_and_take(self, attempt: Attempt) -> Attempt | None:
        """Run a job to its end; return the next one, if there is one already."""
        job = attempt.job
        self._story, self._interrupted = Story(job), False
        story, tally, began = self._story, self._jobs.tally, store.now()
        if attempt.lease.attempt == 1:
            tally.waited.add((began - attempt.created) / 1000)
        log.info("job %s starts, attempt %d", job.id, attempt.lease.attempt)
        died = None
        if attempt.losses < LOSSES:
            died = await self._run(story, attempt)
        else:
            story.break_off(ServersDiedError(f"{LOSSES} servers have ended while they ran this job."))
        self._story = None
        if died is not None and attempt.deaths + 1 < DEATHS:
            log.warning("job %s waits again: %s", job.id, died)
            self._telling.call(partial(self._clients.end, job.id))
            await self._jobs.give_back(str(died))
            return None
        record = story.record()
        held, following = await self._jobs.finish(record)
        if held:
            tally.ended(record.state, (store.now() - began) / 1000)
            await self._telling.room()
        # Soon, and not now: the worker is idle until it has the next job.
        asyncio.get_running_loop().call_soon(self._leave, story, attempt, held, following)
        return following

    def _leave(self, story: Story, attempt: Attempt, held: bool, following: Attempt | None) -> None:
        if held:
            how = story.ending.type if story.ending else "nobody knows how"
            log.info("job %s has ended: %s", story.job.id, how)
            self._telling.call_after(self._jobs.settle(attempt), partial(self._tell_end, story))
        if following is not None:
            self._telling.call(self._tell_status)

    def _tell_end(self, story: Story) -> None:
        job = story.job
        self._clients.end(job.id)  # also to those who hear of its progress and not of its end
        if story.ending is not None:
            self._tell(job, story.ending)
        self._tell_status()
        self._tell(job, end_of_run(job.id))

    async def interrupt(self, job: str | None = None, *, user: str | None = None) -> None:
        """Stop the running job within one step; with `job`, only if it is that one, with `user` if theirs."""
        running = self._jobs.running
        if running is None or user not in (None, running.job.user):
            return
        if job in (None, running.job.id):
            self._interrupted = True
            await self._worker.cancel(running.job.id)

    def current_node(self, session: Session) -> str | None:
        """Return the node that runs now, if its job belongs to this client."""
        story = self._story
        return story.current if story is not None and story.job.session == session else None

    async def _run(self, story: Story, attempt: Attempt) -> WorkerDiedError | None:
        """Run a job to its end, or until its worker dies: of which it may not be to blame."""
        job = story.job
        order = Run(
            job=job.id,
            prompt=Written(job.prompt),
            targets=job.outputs,
            extra_pnginfo=job.extra_pnginfo,
            previews=self._previews,
            receipts=attempt.receipts,
            user=job.user,
        )
        watching = tasks.start(self._stop_when_asked(job), f"watch over job {job.id}")
        async with aclosing(self._worker.run(order)) as events:
            try:
                async for event in events:
                    self._note(event)
                    if messages := story.tell(from_json(event)):
                        self._telling.call(partial(self._tell, job, *messages))
            except NoWorkerError as error:
                log.error("job %s failed: %s", job.id, error)
                story.break_off(error)
            except WorkerDiedError as died:
                log.error("job %s: %s", job.id, died)
                if not self._interrupted:
                    story.break_off(WorkerDiedError(f"{died} {DEATHS} workers have died of this job."))
                    return died
                story.stop()
            except Exception as error:  # whatever it is, it ends this job only: the queue goes on
                log.exception("job %s failed in the server itself", job.id)
                await self._worker.cancel(job.id)
                story.break_off(error)
            else:
                if story.ending is None:  # never call a run that nobody saw end a success
                    story.break_off(WorkerDiedError("The worker left this job without saying how it ended."))
            finally:
                watching.cancel()
        return None

    async def _stop_when_asked(self, job: Job) -> None:
        await self._jobs.stopping.wait()
        self._interrupted |= self._jobs.unwanted
        await self._worker.cancel(job.id)

    def _note(self, event: Mapping[str, object]) -> None:
        self._jobs.tally.heard(event)
        if event.get("type") in FLEETING:
            self._jobs.pass_by(event)
        else:
            self._jobs.note(event)

    def _tell_status(self) -> None:
        self._clients.tell_status(self._jobs.remaining)

    def _tell(self, job: Job, *messages: Message) -> None:
        for message in messages:
            if job.session is not None:
                self._clients.send(message, job.session)
            elif message.type in TOLD_TO_ALL:
                self._clients.broadcast(message, about=job.user)
