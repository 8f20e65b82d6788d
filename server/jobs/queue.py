"""The queue and the history of jobs, and the one that this server runs.

What is known of jobs lies in a database, which several servers may share; here is what this one does with it.
"""

import asyncio
import json
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from sqlalchemy import URL

from ...executor import Json
from .. import store, tasks
from ..access.identity import ONLY
from ..json_text import json_of, value_of
from ..metrics.tally import Tally
from ..store import (
    Accepted,
    Counts,
    Ended,
    IdTaken,
    Lease,
    Leased,
    Load,
    NewJob,
    Outcome,
    Queue,
    State,
    Store,
    StoredEvent,
    StoreError,
)
from ..store.altering import CANCEL, Cancel
from ..store.lookup import is_unwanted
from ..store.store import EVENTS_MOST
from ..store.values import EndState
from . import receipts
from .advance import Advance
from .feed import Feed, Moment
from .presence import Presence
from .wire import never_begun

FOLDER = "jobs"
"""Where a data folder has the database of jobs and what belongs to it."""

POLL = 1.0
"""Seconds after which a server with nothing to do looks for jobs that another has queued."""

TEND = 3.0
"""Seconds between two signs of life of a running job: a fraction of what a lease lasts."""

FIRST_WAIT, LONGEST_WAIT = 0.5, 30.0
"""Seconds to wait before something is written again that could not be written."""

SOON = 0.02
"""Seconds that an event waits for others to be stored with it, while somebody follows the job."""

Got = TypeVar("Got")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A workflow that was accepted: validated, with its literals converted."""

    id: str
    number: float  # lower runs first
    prompt: str  # JSON: API format
    extra_data: Mapping[str, Json]
    outputs: tuple[str, ...]  # the output nodes to run
    user: str = ONLY  # whose it is
    session: tuple[str, str] | None = field(init=False)
    """The user's client that gets this job's messages."""

    def __post_init__(self) -> None:
        client = self.client_id
        object.__setattr__(self, "session", None if client is None else (self.user, client))

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
        texts = (json_of(part).decode() for part in (self.outputs, self.meta, self.messages))
        outputs, meta, messages = texts
        return Outcome(state=self.state, outputs=outputs, meta=meta, messages=messages)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A run of a job. `deaths` counts the workers that died of it before, `losses` the servers that ended."""

    job: Job
    lease: Lease
    deaths: int
    losses: int
    created: int
    """When the job was accepted, in milliseconds since the epoch."""
    receipts: str
    """The file, below the data folder, of what earlier attempts have written."""
    last_event: int = 0
    """The number of the last event that earlier attempts have left."""


def _attempt(leased: Leased) -> Attempt:
    row = leased.job
    job = Job(
        id=row.id,
        number=row.number,
        prompt=row.prompt,
        extra_data=value_of(row.extra_data),
        outputs=tuple(value_of(row.targets)),
        user=row.user or ONLY,
    )
    return Attempt(
        job=job,
        lease=leased.lease,
        deaths=leased.deaths,
        losses=leased.losses,
        created=row.created,
        receipts=f"{receipts.FOLDER}/{receipts.name_of(row.ticket, row.created, row.id)}",
        last_event=leased.last_event,
    )


def default_database(base: Path) -> URL:
    """Return the address of the database of a data folder; its own folder is made."""
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
        self._arrived = asyncio.Event()
        self._events: list[StoredEvent] = []  # of the running job, not stored yet
        self._noted = 0  # the number of its last event
        self._storing = asyncio.Lock()
        self._storer: asyncio.Task[None] | None = None
        self._advance = Advance()
        self.feed = Feed()
        """Who follows the jobs."""
        self._asking = 0  # changes of the queue that are being made
        self._asked = 0  # those that were ever begun
        self.remaining = 0
        """How many jobs wait or run."""
        self.bytes = 0
        """How many bytes those were given at most: what has ended since the last look counts, too."""
        self.running: Attempt | None = None
        """What this server runs."""
        self.stopping = asyncio.Event()
        """Set when the running job was cancelled, or taken over by somebody else: then it is for nothing."""
        self.unwanted = False
        """Whether the running job was cancelled."""

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

    async def take(self) -> Attempt:
        """Wait for a job, and make the first of those waiting the running one."""
        while True:
            self._arrived.clear()
            if leased := await _insisted(lambda: self._store.lease(self._presence.name)):
                break
            with suppress(TimeoutError):
                async with asyncio.timeout(POLL):
                    await self._arrived.wait()
        attempt = self._begin(leased[0])
        self._changed()
        return attempt

    def progress_of(self, ticket: int) -> float | None:
        """Return the part of its nodes, 0..1, that a job has done which runs here; None for any other."""
        mine = self.running is not None and self.running.lease.ticket == ticket
        return self._advance.part if mine else None

    def pass_by(self, event: Mapping[str, object]) -> None:
        """Tell those who listen of an event of the running job that is not kept."""
        assert self.running is not None
        job, attempt = self.running.job.id, self.running.lease.attempt
        if self.feed.is_followed(job):
            self.feed.happened(job, Moment(seq=self._noted, attempt=attempt, at=store.now(), event=event))

    def note(self, event: Mapping[str, object]) -> StoredEvent:
        """Keep an event of the running job, soon; return it with its number."""
        assert self.running is not None
        self._noted += 1
        attempt = self.running.lease.attempt
        noted = StoredEvent(seq=self._noted, attempt=attempt, at=store.now(), body=json_of(event).decode())
        self._events.append(noted)
        self._advance.hear(event)
        if self._storer is None and self.feed.is_followed(self.running.job.id):
            self._storer = tasks.start(self._store_soon(self.running), "storing of followed events")
        return noted

    async def events_since(self, job: str, after: int, most: int = EVENTS_MOST) -> list[StoredEvent]:
        """Return the events of a job behind the one of this number, also those not stored yet.

        Of two jobs of one id, those of the newer one; of a job that another server runs, what is stored.
        """
        running = self.running
        mine = list(self._events) if running is not None and running.job.id == job else []
        found = await self._store.events_since(job, after, most)
        last = found[-1].seq if found else after
        return (found + [event for event in mine if event.seq > last])[:most]

    async def finish(self, record: Record) -> tuple[bool, Attempt | None]:
        """Move the running job to the history, and make the first of those waiting the running one.

        Return whether the job was still this server's, or has been taken over by somebody else; and what runs
        now, None when nothing waits. The caller tells of the end when `settle` returns, and not before.
        """
        attempt, events = self._ended()
        outcome = record.outcome()
        with self._asks():
            held, leased = await _insisted(lambda: self._store.hand_over(attempt.lease, outcome, events))
            self._leave()
            self.remaining -= held
        if not held:
            self.feed.changed(attempt.job.id)
        return held, self._begin(leased[0]) if leased else None

    async def settle(self, attempt: Attempt) -> None:
        """Wait until the end of a run is on the disk; what served to begin it again is removed then."""
        await _insisted(self._store.settle)
        self.feed.changed(attempt.job.id)
        written = self._base / attempt.receipts
        if written.exists():
            await asyncio.to_thread(written.unlink, missing_ok=True)

    async def give_back(self, died: str) -> None:
        """Let the running job wait again in its old place, since its worker died."""
        attempt, events = self._ended()
        await _insisted(lambda: self._store.note(attempt.lease, events))
        await _insisted(lambda: self._store.give_back(attempt.lease, died=died))
        self._leave()
        self.feed.changed(attempt.job.id)

    async def cancel(self, job: str, *, user: str | None = None) -> State | None:
        """Cancel a job: one that waits is in the history then, one that runs is stopped, wherever it runs.

        Return the state it had, None when none of that id waits or runs.
        """
        messages = json.dumps([never_begun(job)])
        wish = Cancel(id=job, user=user, at=store.now(), messages=messages)
        with self._asks():
            before = await self._store.change(CANCEL, wish)
            if before == "waiting":
                self.tally.finished["cancelled"] += 1
                self._moved(-1)
                self.feed.changed(job)
        if before == "running" and self.running is not None and self.running.job.id == job:
            self._stop()
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

    def _ended(self) -> tuple[Attempt, list[StoredEvent]]:
        assert self.running is not None
        return self.running, list(self._events)

    def _stop(self) -> None:
        """Let the running job be stopped, since nobody wants it any more."""
        self.unwanted = True
        self.stopping.set()

    def _begin(self, leased: Leased) -> Attempt:
        """Make a job the running one."""
        self.running = _attempt(leased)
        self._noted = self.running.last_event
        self.stopping.clear()
        self.unwanted = False
        if leased.unwanted:  # cancelled while an earlier attempt ran
            self._stop()
        self._advance = Advance()
        self.feed.changed(self.running.job.id)
        return self.running

    def _leave(self) -> None:
        """Run nothing any more."""
        self.running, self._events = None, []

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
                self.stopping.set()
            return
        if await self._store.read(is_unwanted, attempt.lease.ticket) and self.running is attempt:
            self._stop()
        await self._store_events(attempt)

    async def _store_events(self, attempt: Attempt) -> bool:
        """Store the events that there are; False: somebody else has taken the job over."""
        async with self._storing:
            events = list(self._events) if self.running is attempt else []
            if not events:
                return True
            if not await self._store.note(attempt.lease, events):
                return False
            if self.running is attempt:
                del self._events[: len(events)]
            self.feed.happened(attempt.job.id)
            return True

    async def _store_soon(self, attempt: Attempt) -> None:
        """Store events while somebody waits for them: they are told when they can't be lost any more."""
        try:
            held = True
            while held and self.running is attempt and self._events:
                await asyncio.sleep(SOON)
                held = await self._store_events(attempt)
        except StoreError as error:  # the next sign of life tries again
            log.error("%s", error)
        finally:
            self._storer = None

    async def _take_over(self) -> None:
        """Let jobs wait again whose servers are gone."""
        gone = {owner for owner in await self._store.owners() if self._presence.is_gone(owner)}
        if await self._store.reclaim(gone):
            self._arrived.set()

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
