"""The queue and the history of jobs, and those that this server runs.

What is known of jobs lies in a database, which several servers may share; here is what this one does with it.
"""

import asyncio
import json
import logging
import os
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Generator, Sequence
from contextlib import contextmanager, suppress
from operator import itemgetter
from pathlib import Path
from typing import TypeVar

from sqlalchemy import URL

from .. import store
from ..metrics.tally import Tally
from ..store import (
    Accepted,
    Counts,
    Ended,
    IdTaken,
    Leased,
    Load,
    NewJob,
    Queue,
    State,
    Store,
    StoredEvent,
    StoreError,
)
from ..store.altering import CANCEL, Cancel
from ..store.errors import usable
from ..store.lookup import are_unwanted
from ..store.store import EVENTS_MOST
from . import receipts
from .feed import Feed
from .job import Attempt, Record, attempt_of
from .presence import Presence
from .running import Running
from .wire import never_begun

FOLDER = "jobs"
"""Where a data folder has the database of jobs and what belongs to it."""

POLL = 1.0
"""Seconds after which a server with nothing to do looks for jobs that another has queued."""

TEND = 3.0
"""Seconds between two signs of life of a running job: a fraction of what a lease lasts."""

FIRST_WAIT, LONGEST_WAIT = 0.5, 30.0
"""Seconds to wait before something is written again that could not be written."""

Got = TypeVar("Got")

log = logging.getLogger(__name__)


def default_database(base: Path) -> URL:
    """Return the address of the database of a data folder; its own folder is made. Raises StoreError."""
    with usable(base / FOLDER):
        (base / FOLDER).mkdir(parents=True, exist_ok=True)
    return store.sqlite_url(base / FOLDER / "jobs.sqlite")


class Jobs:
    """What waits, what runs and what has ended; `changed` is called after each change of the queue.

    Calls raise StoreError when the database can't be used, except those of the run itself, which try again
    until it can: a job that was begun is ended.
    """

    def __init__(
        self, store: Store, base: Path, changed: Callable[[], None], tally: Tally | None = None
    ) -> None:
        self.tally = tally or Tally()
        """What is counted of the jobs."""
        self._store = store
        self._base = base
        self._changed = changed
        self._presence = Presence(base / FOLDER / "servers")
        self._takers: list[tuple[int, asyncio.Event]] = []  # who wait, by their workers' places
        self._running: dict[str, Running] = {}  # by the ids of their jobs, in the order in which they began
        self.feed = Feed()
        """Who follows the jobs."""
        self._asking = 0  # changes of the queue that are being made
        self._asked = 0  # those that were ever begun
        self.remaining = 0
        """How many jobs wait or run."""
        self.bytes = 0
        """How many bytes those were given at most: what has ended since the last look counts, too."""

    async def begin(self) -> None:
        """Take over what servers left that are gone, and delete what they should have deleted."""
        await self._take_over()
        if tickets := await asyncio.to_thread(receipts.left, self._base):
            receipts.sweep(self._base, await self._store.ended(tickets))
        self._presence.forget_the_gone()
        await self._count()

    async def end(self) -> None:
        """Let the running job wait again, for the next server, and close the database."""
        try:
            await self._store.release(self._presence.name)
        except StoreError as error:
            log.error("%s; the running job will wait again when its lease has run out", error)
        finally:
            await self._store.close()
            self._presence.close()

    async def tend_for_ever(self) -> None:
        """Say that the running job is still worked on, and look after jobs whose servers are gone."""
        while True:
            await asyncio.sleep(TEND)
            try:
                await self._tend()
            except StoreError as error:
                log.error("%s", error)

    async def put(self, job: NewJob) -> Accepted | IdTaken:
        """Queue a job; when this returns, it is on the disk."""
        with self._asks():
            answer = await self._store.accept(job)
            if isinstance(answer, Accepted):
                self.tally.accepted += 1
                self.bytes += job.size
                self._moved(+1)
                self.feed.changed(job.id)
        await self._store.settle()  # the worker may begin meanwhile
        return answer

    async def skip_number(self) -> None:
        """Let a queue number go to a prompt that was refused."""
        await self._store.skip_number()

    async def take(self, place: int = 0) -> Running:
        """Wait for a job, and begin the first of those waiting. Of several takers the first place gets it."""
        while True:
            arrived = asyncio.Event()
            taker = (place, arrived)
            self._takers.append(taker)  # before the look: nothing that comes meanwhile is missed
            try:
                if leased := await _insisted(lambda: self._store.lease(self._presence.name)):
                    break
                with suppress(TimeoutError):
                    async with asyncio.timeout(POLL):
                        await arrived.wait()
            finally:
                self._takers.remove(taker)
        run = self._begin(leased[0])
        self._changed()
        return run

    @property
    def idle(self) -> int:
        """How many workers wait for a job."""
        return len(self._takers)

    def running(self, job: str) -> Running | None:
        """Return the run of a job that this server runs; None for any other."""
        return self._running.get(job)

    def progress_of(self, ticket: int) -> float | None:
        """Return the part of its nodes, 0..1, that a job has done which runs here; None for any other."""
        mine = (run.progress for run in self._running.values() if run.attempt.lease.ticket == ticket)
        return next(mine, None)

    async def events_since(self, job: str, after: int, most: int = EVENTS_MOST) -> list[StoredEvent]:
        """Return the events of a job behind the one of this number, also those not stored yet.

        Of two jobs of one id, those of the newer one; of a job that another server runs, what is stored.
        """
        run = self._running.get(job)
        mine = [] if run is None else list(run.events)
        found = await self._store.events_since(job, after, most)
        last = found[-1].seq if found else after
        return (found + [event for event in mine if event.seq > last])[:most]

    async def finish(self, run: Running, record: Record, most: int = 1) -> tuple[bool, list[Running]]:
        """Move a running job to the history, and begin the first of those waiting, so many at most.

        Return whether the job was still this server's, or has been taken over by somebody else; and what was
        begun. The caller tells of the end when `settle` returns, and not before.
        """
        lease, events, outcome = run.attempt.lease, run.leave(), record.outcome()
        with self._asks():
            held, leased = await _insisted(lambda: self._store.hand_over(lease, outcome, events, most))
            self._leave(run)
            self.remaining -= held
        if not held:
            self.feed.changed(run.attempt.job.id)
        return held, [self._begin(one) for one in leased]

    async def settle(self, attempt: Attempt) -> None:
        """Wait until the end of a run is on the disk; what served to begin it again is removed then."""
        await _insisted(self._store.settle)
        self.feed.changed(attempt.job.id)
        written = self._base / attempt.receipts
        if os.path.exists(written):  # for each job: quicker than Path's own
            await asyncio.to_thread(written.unlink, missing_ok=True)

    async def give_back(self, run: Running, died: str) -> None:
        """Let a running job wait again in its old place, since its worker died."""
        lease, events = run.attempt.lease, run.leave()
        await _insisted(lambda: self._store.note(lease, events))
        await _insisted(lambda: self._store.give_back(lease, died=died))
        self._leave(run)
        self.feed.changed(run.attempt.job.id)
        self._wake()

    async def put_back(self, runs: Sequence[Running]) -> None:
        """Let jobs wait again in their old places that were not begun, as if nobody had taken them.

        Those that were cancelled meanwhile have ended then. What can't be written is left to the end of the
        leases: asked for once more, it might concern the next attempt.
        """
        for run in runs:
            run.leave()
            self._leave(run)
        asked = (self._store.put_back(run.attempt.lease) for run in runs)
        for answer in await asyncio.gather(*asked, return_exceptions=True):
            if isinstance(answer, StoreError):
                log.error("%s", answer)
            elif isinstance(answer, BaseException):
                raise answer
        for run in runs:
            if run.unwanted:
                await _insisted(lambda job=run.attempt.job.id: self.cancel(job))
            self.feed.changed(run.attempt.job.id)
        self._wake()

    async def cancel(self, job: str, *, user: str | None = None) -> State | None:
        """Cancel a job: one that waits is in the history then, one that runs is stopped, wherever it runs.

        Return the state it had, None when none of that id waits or runs.
        """
        messages = json.dumps([never_begun(job)])
        wish = Cancel(id=job, user=user, at=store.now(), messages=messages)
        with self._asks():
            before = await self._store.change(CANCEL, wish)
            if before == "running" and job not in self._running:  # perhaps it has just come back to the queue
                before = await self._store.change(CANCEL, wish)
            if before == "waiting":
                self.tally.finished["cancelled"] += 1
                self._moved(-1)
                self.feed.changed(job)
        if before == "running" and (run := self._running.get(job)) is not None:
            run.cancel()
        return before

    async def drop(self, ids: Collection[str] | None = None, *, user: str | None = None) -> None:
        """Forget waiting jobs: all of them, or those of these ids, or of this user."""
        with self._asks():
            if dropped := await self._store.drop(ids, user=user):
                self._moved(-dropped)
                self.feed.changed()

    async def forget(self, ids: Collection[str] | None = None, *, user: str | None = None) -> None:
        """Delete history: all of it, or the jobs of these ids, or of this user."""
        await self._store.forget(ids, user=user)

    def queue(self, *, user: str | None = None) -> AsyncGenerator[Queue]:
        """Yield the jobs that have not ended, of one user or of everybody, first to run first."""
        return self._store.queue_in_pieces(user=user)

    async def load(self, *, user: str | None = None) -> Load:
        """Count the jobs that have not ended, of one user or of everybody, and their bytes."""
        return await self._store.load(user=user)

    @property
    def store(self) -> Store:
        """Where the jobs are kept."""
        return self._store

    @property
    def failures(self) -> int:
        """How often the database could not do what was asked, since it was opened."""
        return self._store.failures

    async def counts(self) -> Counts:
        """Count the jobs."""
        return await self._store.counts()

    async def record(self, job: str, *, user: str | None = None) -> Ended | None:
        """Return how a job ended; None when it is unknown, not this user's, or has not ended."""
        return await self._store.record(job, user=user)

    def history(
        self, max_items: int | None, offset: int | None, *, user: str | None = None
    ) -> AsyncGenerator[list[Ended]]:
        """Yield a window of the history, of one user or of everybody, oldest first, a few jobs at a time.

        Without `max_items`: all from `offset` on. With it: that many from `offset`, or the newest ones when
        there is no offset or a negative one.
        """
        return self._store.history_in_pieces(max_items, offset, user=user)

    def _begin(self, leased: Leased) -> Running:
        if (older := self._running.get(leased.job.id)) is not None:
            older.stop()  # it was lost, and has come back
        run = Running(attempt_of(leased), self._store, self.feed)
        if leased.unwanted:  # cancelled while an earlier attempt ran
            run.cancel()
        self._running[leased.job.id] = run
        self.feed.changed(leased.job.id)
        return run

    def _leave(self, run: Running) -> None:
        job = run.attempt.job.id
        if self._running.get(job) is run:  # and not a later job of the same id
            del self._running[job]

    @contextmanager
    def _asks(self) -> Generator[None]:
        self._asking += 1
        self._asked += 1
        try:
            yield
        finally:
            self._asking -= 1

    def _moved(self, by: int) -> None:
        self.remaining += by
        self._wake()
        self._changed()

    def _wake(self) -> None:
        for _, arrived in sorted(self._takers, key=itemgetter(0)):
            arrived.set()

    async def _tend(self) -> None:
        await asyncio.gather(*(self._show_life(run) for run in self._running.values()))
        if runs := {run.attempt.lease.ticket: run for run in self._running.values()}:
            for ticket in await self._store.read(are_unwanted, list(runs)):
                runs[ticket].cancel()
        await self._take_over()
        await self._count()

    async def _show_life(self, run: Running) -> None:
        """Prolong a lease, also where the end can't be written yet; one that fails keeps no other back."""
        try:
            if await self._store.heartbeat(run.attempt.lease):
                await run.store_events()
            elif not run.is_over:
                log.error("job %s was taken over by another server", run.attempt.job.id)
                run.stop()
        except StoreError as error:
            log.error("%s", error)

    async def _take_over(self) -> None:
        """Let jobs wait again whose servers are gone."""
        gone = {owner for owner in await self._store.owners() if self._presence.is_gone(owner)}
        if await self._store.reclaim(gone):
            self._wake()

    async def _count(self) -> None:
        """Count again what may have changed without this server."""
        asked = self._asked
        load = await self._store.load()
        # What is being changed meanwhile may be counted or not; the next look will see.
        if self._asking == 0 and self._asked == asked:
            self.bytes = load.bytes
            if self.remaining != load.jobs:
                self.remaining = load.jobs
                self._changed()


async def _insisted(ask: Callable[[], Awaitable[Got]]) -> Got:
    """Ask until the database can do what is asked: what was begun is not given up for a full disk."""
    wait = FIRST_WAIT
    while True:
        try:
            return await ask()
        except StoreError as error:
            log.error("%s (trying again in %g seconds)", error, wait)
            await asyncio.sleep(wait)
            wait = min(2 * wait, LONGEST_WAIT)
