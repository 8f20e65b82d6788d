"""A job that this server runs: its events, how far it is, and whether anybody still wants it."""

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence

from .. import store, tasks
from ..json_text import json_of
from ..store import Store, StoredEvent, StoreError
from .advance import Advance
from .feed import Feed, Moment
from .job import Attempt

SOON = 0.02
"""Seconds that an event waits for others to be stored with it, while somebody follows the job."""

log = logging.getLogger(__name__)


class Running:
    """One attempt at a job, from its lease to its end."""

    def __init__(self, attempt: Attempt, store: Store, feed: Feed) -> None:
        self.attempt = attempt
        self.unwanted = False
        """Whether the job was cancelled."""
        self._store = store
        self._feed = feed
        self._events: list[StoredEvent] = []  # not stored yet
        self._noted = attempt.last_event
        self._advance = Advance()
        self._storing = asyncio.Lock()
        self._storer: asyncio.Task[None] | None = None
        self._over = False
        self._stopped = False
        self._stop: Callable[[], None] | None = None

    @property
    def progress(self) -> float:
        """The part of its nodes, 0..1, that is done."""
        return self._advance.part

    @property
    def is_over(self) -> bool:
        """Whether it has ended here, though the database may not know yet."""
        return self._over

    @property
    def events(self) -> Sequence[StoredEvent]:
        """What has happened and is not stored yet."""
        return self._events

    def pass_by(self, event: Mapping[str, object]) -> None:
        """Tell those who listen of an event that is not kept."""
        job, attempt = self.attempt.job.id, self.attempt.lease.attempt
        if self._feed.is_followed(job):
            self._feed.happened(job, Moment(seq=self._noted, attempt=attempt, at=store.now(), event=event))

    def note(self, event: Mapping[str, object]) -> StoredEvent:
        """Keep an event, soon; return it with its number."""
        self._noted += 1
        attempt = self.attempt.lease.attempt
        noted = StoredEvent(seq=self._noted, attempt=attempt, at=store.now(), body=json_of(event).decode())
        self._events.append(noted)
        self._advance.hear(event)
        if self._storer is None and self._feed.is_followed(self.attempt.job.id):
            self._storer = tasks.start(self._store_soon(), "storing of followed events")
        return noted

    def when_stopped(self, call: Callable[[], None]) -> None:
        """Call something when the run is for nothing: at once, if it is already."""
        self._stop = call
        if self._stopped:
            call()

    def stop(self) -> None:
        """Say that the run is for nothing: somebody else has taken the job over, or it is `unwanted`."""
        if not self._stopped:
            self._stopped = True
            if self._stop is not None:
                self._stop()

    def cancel(self) -> None:
        """Stop the run, since nobody wants the job any more."""
        self.unwanted = True
        self.stop()

    def leave(self) -> list[StoredEvent]:
        """Be over; return the events that are still to be stored."""
        self._over = True
        return self._events

    async def store_events(self) -> bool:
        """Store the events that there are; False: somebody else has taken the job over."""
        async with self._storing:
            events = [] if self._over else list(self._events)
            if not events:
                return True
            if not await self._store.note(self.attempt.lease, events):
                return False
            if not self._over:
                del self._events[: len(events)]
            self._feed.happened(self.attempt.job.id)
            return True

    async def _store_soon(self) -> None:
        """Store events while somebody waits for them: they are told when they can't be lost any more."""
        try:
            held = True
            while held and self._events and not self._over:
                await asyncio.sleep(SOON)
                held = await self.store_events()
        except StoreError as error:  # the next sign of life tries again
            log.error("%s", error)
        finally:
            self._storer = None
