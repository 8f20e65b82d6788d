"""The queue and the history of jobs, and the one that this server runs.

What is known of jobs lies in a database, which several servers may share; here is what this one does with it.
"""

import asyncio
import hashlib
import json
import logging
from collections.abc import Awaitable, Callable, Collection, Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from sqlalchemy import URL

from ...executor import Json
from .. import store
from ..access.identity import ONLY
from ..store import (
    Accepted,
    Counts,
    Ended,
    Event,
    IdTaken,
    Lease,
    Leased,
    NewJob,
    Outcome,
    Queue,
    Store,
    StoreError,
)
from ..store.values import EndState
from .presence import Presence

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A workflow that was accepted: validated, with its literals converted."""

    id: str
    number: float  # lower runs first
    prompt: Mapping[str, object]  # API format
    extra_data: Mapping[str, Json]
    outputs: tuple[str, ...]  # the output nodes to run
    user: str = ONLY  # whose it is

    @property
    def session(self) -> tuple[str, str] | None:
        """The user's client that gets this job's messages."""
        return None if self.client_id is None else (self.user, self.client_id)

    @property
    def client_id(self) -> str | None:
        """The websocket session that gets this job's messages."""
        match self.extra_data.get("client_id"):
            case str(client_id):
                return client_id
            case _:
                return None

    @property
    def extra_pnginfo(self) -> Json:
        """What becomes metadata of the job's pictures, besides the prompt."""
        return self.extra_data.get("extra_pnginfo")


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """How a job ended."""

    job: Job
    state: EndState
    outputs: Mapping[str, object]  # node -> its ui output
    meta: Mapping[str, object]  # node -> where it stands
    messages: tuple[tuple[str, Mapping[str, object]], ...]

    def outcome(self) -> Outcome:
        """Return the record as it is stored."""
        texts = (json.dumps(part) for part in (self.outputs, self.meta, self.messages))
        outputs, meta, messages = texts
        return Outcome(state=self.state, outputs=outputs, meta=meta, messages=messages)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A run of a job. `deaths` counts the workers that died of it before."""

    job: Job
    lease: Lease
    deaths: int
    receipts: str
    """The file, below the data folder, of what earlier attempts have written."""


def _attempt(leased: Leased) -> Attempt:
    row = leased.job
    job = Job(
        id=row.id,
        number=row.number,
        prompt=json.loads(row.prompt),
        extra_data=json.loads(row.extra_data),
        outputs=tuple(json.loads(row.targets)),
        user=row.user or ONLY,
    )
    # Not by the id alone, which a later job may have again, nor by a ticket that another database has too.
    name = hashlib.blake2b(f"{row.ticket} {row.created} {row.id!r}".encode(), digest_size=16).hexdigest()
    receipts = f"{FOLDER}/receipts/{name}"
    return Attempt(job=job, lease=leased.lease, deaths=leased.deaths, receipts=receipts)


def default_database(base: Path) -> URL:
    """Return the address of the database of a data folder; its own folder is made."""
    (base / FOLDER).mkdir(parents=True, exist_ok=True)
    return store.sqlite_url(base / FOLDER / "jobs.sqlite")


class Jobs:
    """What waits, what runs and what has ended; `changed` is called after each change of the queue.

    Calls raise StoreError when the database can't be used, except those of the run itself, which try again
    until it can: a job that was begun is ended.
    """

    def __init__(self, store: Store, base: Path, changed: Callable[[], None]) -> None:
        self._store = store
        self._base = base
        self._changed = changed
        self._presence = Presence(base / FOLDER / "servers")
        self._arrived = asyncio.Event()
        self._events: list[Event] = []  # of the running job, not stored yet
        self._asking = 0  # changes of the queue that are being made
        self._asked = 0  # those that were ever begun
        self.remaining = 0
        """How many jobs wait or run."""
        self.running: Attempt | None = None
        """What this server runs."""
        self.lost = asyncio.Event()
        """Set when the running job was taken over by somebody else: what it does is for nothing."""

    async def begin(self) -> None:
        """Take over what servers left that are gone."""
        await self._take_over()
        self._presence.forget_the_gone()
        await self._count()

    async def end(self) -> None:
        """Let the running job wait again, for the next server, and close the database."""
        try:
            if self.running is not None:
                await self._store.give_back(self.running.lease)
        except StoreError as error:
            log.error("%s; the job %s will wait again when its lease has run out", error, self.running)
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
                self._moved(+1)
        return answer

    async def skip_number(self) -> None:
        """Let a queue number go to a prompt that was refused."""
        await self._store.skip_number()

    async def take(self) -> Attempt:
        """Wait for a job, and make the first of those waiting the running one."""
        while True:
            self._arrived.clear()
            if leased := await _insisted(lambda: self._store.lease(self._presence.name)):
                break
            with suppress(TimeoutError):
                async with asyncio.timeout(POLL):
                    await self._arrived.wait()
        self.running = _attempt(leased[0])
        self.lost.clear()
        self._changed()
        return self.running

    def note(self, event: Mapping[str, object]) -> None:
        """Keep an event of the running job, soon."""
        self._events.append(Event(at=store.now(), body=json.dumps(event)))

    async def finish(self, record: Record) -> bool:
        """Move the running job to the history; False: somebody else has taken it over.

        The caller tells of it, after the run's last message.
        """
        attempt, events = self._ended()
        outcome = record.outcome()
        with self._asks():
            held = await _insisted(lambda: self._store.finish(attempt.lease, outcome, events))
            self.running = None
            self.remaining -= held
        receipts = self._base / attempt.receipts
        if receipts.exists():
            await asyncio.to_thread(receipts.unlink, missing_ok=True)
        return held

    async def give_back(self, died: str) -> None:
        """Let the running job wait again in its old place, since its worker died."""
        attempt, events = self._ended()
        await _insisted(lambda: self._store.note(attempt.lease, events))
        await _insisted(lambda: self._store.give_back(attempt.lease, died=died))
        self.running = None

    async def drop(self, ids: Collection[str] | None = None, *, user: str | None = None) -> None:
        """Forget waiting jobs: all of them, or those of these ids, or of this user."""
        with self._asks():
            if dropped := await self._store.drop(ids, user=user):
                self._moved(-dropped)

    async def forget(self, ids: Collection[str] | None = None, *, user: str | None = None) -> None:
        """Delete history: all of it, or the jobs of these ids, or of this user."""
        await self._store.forget(ids, user=user)

    async def queue(self, *, user: str | None = None) -> Queue:
        """Return the jobs that have not ended, of one user or of everybody, first to run first."""
        return await self._store.queue(user=user)

    async def unfinished(self, user: str) -> int:
        """Count the jobs of a user that have not ended."""
        return await self._store.unfinished(user)

    async def counts(self) -> Counts:
        """Count the jobs."""
        return await self._store.counts()

    async def record(self, job: str, *, user: str | None = None) -> Ended | None:
        """Return how a job ended; None when it is unknown, not this user's, or has not ended."""
        return await self._store.record(job, user=user)

    async def history(
        self, max_items: int | None, offset: int | None, *, user: str | None = None
    ) -> list[Ended]:
        """Return a window of the history, of one user or of everybody, oldest first.

        Without `max_items`: all from `offset` on. With it: that many from `offset`, or the newest ones when
        there is no offset or a negative one.
        """
        return await self._store.history(max_items, offset, user=user)

    def _ended(self) -> tuple[Attempt, list[Event]]:
        assert self.running is not None
        events, self._events = self._events, []
        return self.running, events

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
        self._arrived.set()
        self._changed()

    async def _tend(self) -> None:
        if (attempt := self.running) is not None:
            await self._show_life(attempt)
        await self._take_over()
        await self._count()

    async def _show_life(self, attempt: Attempt) -> None:
        if not await self._store.heartbeat(attempt.lease):
            if self.running is attempt:  # it has not just ended
                log.error("job %s was taken over by another server", attempt.job.id)
                self.lost.set()
            return
        events, self._events = self._events, []
        try:
            await self._store.note(attempt.lease, events)
        except StoreError:
            if self.running is attempt:
                self._events[:0] = events
            raise

    async def _take_over(self) -> None:
        """Let jobs wait again whose servers are gone."""
        gone = {owner for owner in await self._store.owners() if self._presence.is_gone(owner)}
        if await self._store.reclaim(gone):
            self._arrived.set()

    async def _count(self) -> None:
        """Count again what may have changed without this server."""
        asked = self._asked
        counts = await self._store.counts()
        there = counts.waiting + counts.running
        # What is being changed meanwhile may be counted or not; the next look will see.
        if self._asking == 0 and self._asked == asked and self.remaining != there:
            self.remaining = there
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
