"""The store as an event loop uses it: every call waits without blocking the loop, and raises StoreError."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import URL, Connection

from . import changes, pages, reading
from .changes import Beat, Claim, Ending, Note, Reclaim, Return, Some
from .database import PATIENCE, Database, open_database
from .disk import Disk
from .known import Known
from .line import Line
from .rows import queued
from .tidying import Tidying
from .values import (
    Accepted,
    Counts,
    Ended,
    IdTaken,
    Job,
    Lease,
    Leased,
    Load,
    NewJob,
    Outcome,
    Place,
    Queue,
    State,
    StoredEvent,
)
from .writer import Change, Writer

LEASE_SECONDS = 15.0
"""How long a job is left to an owner that is not heard of."""

HISTORY_MOST = 10_000
"""Entries that one look at the history gives."""

EVENTS_MOST = 1_000
"""Events that one look gives."""

AT_ONCE = 1024
"""Jobs that are shown, where they are known, before others get their turn."""

READERS = 2
"""Threads that read: they wait for the disk, and then hold Python's lock."""

# What only a loss of power can undo: the job of a lost lease waits, which is what it did before.
ACCEPT = Change(changes.accept)
SKIP_NUMBERS = Change(changes.skip_numbers, durable=False)
LEASE = Change(changes.lease, durable=False)
HEARTBEAT = Change(changes.heartbeat, durable=False)
NOTE = Change(changes.note, durable=False)
FINISH = Change(changes.finish)
HAND_OVER = Change(changes.hand_over)
GIVE_BACK = Change(changes.give_back)
RELEASE = Change(changes.release)
RECLAIM = Change(changes.reclaim)
DROP = Change(changes.drop)
FORGET = Change(changes.forget)

Given = ParamSpec("Given")
Got = TypeVar("Got")
Value = TypeVar("Value")


def now() -> int:
    """Return the time as the store counts it: milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


class Store:
    """The jobs of one database. Servers that share one should have clocks that agree to a second or so."""

    def __init__(self, database: Database, clock: Callable[[], int], lease_seconds: float) -> None:
        self._database = database
        self._clock = clock
        self._lease_ms = round(lease_seconds * 1000)
        self._writer = Writer(database)
        self._disk = None if database.settle is None else Disk(database.settle)
        self._known = Known()
        self._tidying = Tidying(database.tidy) if database.keeps else None
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="job reader")
        self._lines: SimpleQueue[Line] = SimpleQueue()  # of the readers
        for _ in range(READERS):
            self._lines.put(Line(database))

    @classmethod
    def open(
        cls,
        url: URL,
        *,
        clock: Callable[[], int] = now,
        lease_seconds: float = LEASE_SECONDS,
        patience: float = PATIENCE,
    ) -> "Store":
        """Open a database, and make its tables if it has none. Waits for the disk or the server.

        `patience` are the seconds to wait for another program's lock, or for a server that does not answer.
        """
        return cls(open_database(url, patience), clock, lease_seconds)

    async def close(self) -> None:
        """Finish what was asked for, and close the database."""
        await self._writer.close()
        if self._tidying is not None:
            await asyncio.to_thread(self._tidying.close)
        if self._disk is not None:
            await asyncio.to_thread(self._disk.close)
        await asyncio.to_thread(self._readers.shutdown)
        for _ in range(READERS):
            self._lines.get().close()
        self._database.close()

    @property
    def where(self) -> str:
        """The database's address, without its password."""
        return self._database.where

    @property
    def failures(self) -> int:
        """How often the database could not do what was asked, since it was opened."""
        return self._database.failures.total

    async def accept(self, job: NewJob) -> Accepted | IdTaken:
        """Queue a job; it is on the disk when `settle` returns."""
        answer = await self._writer.ask(ACCEPT, job)
        if isinstance(answer, Accepted):
            self._known.add([queued(job, answer)])
        return answer

    async def settle(self) -> None:
        """Wait until the disk has what was answered by now. When it raises, that is not known."""
        if self._disk is not None:
            await self._disk.settled()
        if self._tidying is not None:
            self._tidying.written()

    async def skip_number(self) -> None:
        """Let a queue number go to nobody."""
        await self._writer.ask(SKIP_NUMBERS, 1)

    async def lease(self, owner: str, most: int = 1) -> tuple[Leased, ...]:
        """Give the first of the waiting jobs to an owner: at most so many, none when none waits."""
        now = self._clock()
        claim = Claim(owner=owner, most=most, now=now, until=now + self._lease_ms)
        return await self._writer.ask(LEASE, claim)

    async def heartbeat(self, lease: Lease) -> bool:
        """Say that the owner of a job is still there; False: somebody else has taken the job over."""
        return await self._writer.ask(HEARTBEAT, Beat(lease=lease, until=self._clock() + self._lease_ms))

    async def note(self, lease: Lease, events: Collection[StoredEvent]) -> bool:
        """Keep events of a run; False: somebody else has taken the job over, and nothing was written.

        Their numbers go on from those before them, and from `Leased.last_event` at first.
        """
        return await self._writer.ask(NOTE, Note(lease=lease, events=tuple(events)))

    async def finish(self, lease: Lease, outcome: Outcome, events: Collection[StoredEvent] = ()) -> bool:
        """End a job; False: somebody else has taken the job over, and nothing was written."""
        ending = Ending(lease=lease, outcome=outcome, at=self._clock(), events=tuple(events))
        return await self._kept(FINISH, ending)

    async def hand_over(
        self, lease: Lease, outcome: Outcome, events: Collection[StoredEvent] = (), most: int = 1
    ) -> tuple[bool, tuple[Leased, ...]]:
        """End a job and give its owner the next ones, at most so many; on the disk when `settle` returns."""
        now = self._clock()
        ending = Ending(lease=lease, outcome=outcome, at=now, events=tuple(events))
        claim = Claim(owner=lease.owner, most=most, now=now, until=now + self._lease_ms)
        return await self._writer.ask(HAND_OVER, (ending, claim))

    async def give_back(self, lease: Lease, *, died: str | None = None) -> bool:
        """Let a job wait again in its old place; `died` says how the worker died that ran it."""
        return await self._kept(GIVE_BACK, Return(lease=lease, died=died))

    async def put_back(self, lease: Lease) -> bool:
        """Let a job wait again in its old place that was not begun: as if it had not been given out."""
        return await self._writer.ask(GIVE_BACK, Return(lease=lease, begun=False))

    async def release(self, owner: str) -> int:
        """Let the jobs of an owner wait again in their old places, since it ends; return how many."""
        return await self._kept(RELEASE, owner)

    async def reclaim(self, dead: Collection[str] = ()) -> int:
        """Let the jobs wait again whose leases have run out or belong to `dead` owners; return how many."""
        return await self._kept(RECLAIM, Reclaim(now=self._clock(), dead=frozenset(dead)))

    async def drop(self, ids: Collection[str] | None = None, *, user: str | None = None) -> int:
        """Forget waiting jobs: all of them, or those of these ids, or of this user; return how many."""
        return await self._kept(DROP, _some(ids, user))

    async def forget(self, ids: Collection[str] | None = None, *, user: str | None = None) -> int:
        """Forget ended jobs: all of them, or those of these ids, or of this user; return how many."""
        return await self._kept(FORGET, _some(ids, user))

    async def queue(self, *, user: str | None = None) -> Queue:
        """Return the jobs that have not ended, of one user or of everybody, first to run first."""
        return await self.read(reading.queue, user)

    async def queue_in_pieces(self, *, user: str | None = None) -> AsyncGenerator[Queue]:
        """Yield the same a few jobs at a time, those that run first; what ends meanwhile may be left out."""
        running, waiting = await self.read(pages.queue_places, user)
        run = {place.ticket for place in running}
        given = 0
        for few in pages.cut([*running, *waiting]):
            if given >= AT_ONCE:
                given = 0
                await asyncio.sleep(0)  # others come in between, also when there is nothing to wait for
            given += len(few)
            found = await self._unfinished(few)
            yield Queue(
                running=tuple(job for job in found if job.ticket in run),
                waiting=tuple(job for job in found if job.ticket not in run),
            )

    async def _unfinished(self, places: Sequence[Place]) -> list[Job]:
        found = {place.ticket: job for place in places if (job := self._known.get(place))}
        if new := [place for place in places if place.ticket not in found]:
            read = await self.read(pages.unfinished, new)
            self._known.add(read)
            found |= {job.ticket: job for job in read}
        return [found[place.ticket] for place in places if place.ticket in found]

    async def load(self, *, user: str | None = None) -> Load:
        """Count the jobs that have not ended, of one user or of everybody, and their bytes."""
        return await self.read(reading.load, user)

    async def owners(self) -> frozenset[str]:
        """Name those who run jobs."""
        return await self.read(reading.owners)

    async def counts(self) -> Counts:
        """Count the jobs."""
        return await self.read(reading.counts)

    async def state(self, job: str) -> State | None:
        """Return the state of a job; of two of one id that of the one that waits or runs."""
        return await self.read(reading.state, job)

    async def record(self, job: str, *, user: str | None = None) -> Ended | None:
        """Return how a job ended; None when it is unknown, not this user's, or has not ended."""
        return await self.read(reading.record, job, user)

    async def history(
        self,
        max_items: int | None = None,
        offset: int | None = None,
        *,
        most: int = HISTORY_MOST,
        user: str | None = None,
    ) -> list[Ended]:
        """Return a window of the history, of one user or of everybody, oldest first.

        Without `max_items`: all from `offset` on. With it: that many from `offset`, or the newest ones when
        there is no offset or a negative one. Never more than `most`: without `max_items` the newest of those.
        """
        pieces = self.history_in_pieces(max_items, offset, most=most, user=user)
        return [one async for few in pieces for one in few]

    async def history_in_pieces(
        self,
        max_items: int | None = None,
        offset: int | None = None,
        *,
        most: int = HISTORY_MOST,
        user: str | None = None,
    ) -> AsyncGenerator[list[Ended]]:
        """Yield the same a few jobs at a time; those that are deleted meanwhile are left out."""
        for few in pages.cut(await self.read(pages.history_places, max_items, offset, most, user)):
            yield await self.read(pages.ended, few)

    async def ended(self, tickets: Collection[int]) -> list[tuple[int, int, str]]:
        """Return ticket, time of creation and id of those of some jobs that have ended."""
        return await self.read(reading.ended, tickets)

    async def events_since(self, job: str, after: int = 0, most: int = EVENTS_MOST) -> list[StoredEvent]:
        """Return the events of a job behind the one of this sequence number, in order."""
        return await self.read(reading.events_since, job, after, most)

    async def change(self, how: Change[Value, Got], value: Value) -> Got:
        """Make a change that is declared elsewhere, in one transaction with what others ask for."""
        return await self._kept(how, value)

    async def _kept(self, how: Change[Value, Got], value: Value) -> Got:
        """Make a change, and wait until the disk has it."""
        found = await self._writer.ask(how, value)
        await self.settle()
        return found

    async def read(
        self, read: Callable[Concatenate[Connection, Given], Got], *args: Given.args, **kwargs: Given.kwargs
    ) -> Got:
        """Return what a function of a connection reads, on a thread of readers."""

        def work() -> Got:
            line = self._lines.get()
            try:
                with line.reading() as connection:
                    return read(connection, *args, **kwargs)
            finally:
                self._lines.put(line)

        return await asyncio.get_running_loop().run_in_executor(self._readers, work)


def _some(ids: Collection[str] | None, user: str | None) -> Some:
    return Some(ids=None if ids is None else frozenset(ids), user=user)
