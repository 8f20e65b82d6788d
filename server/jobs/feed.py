"""Who follows jobs as they run: each listener is woken when there is something to look at.

What is kept of a job lies in the database, and listeners read it there: so none of it is missed, however slow
they are, and all of them together hold nothing. Only what is of the moment passes through here.
"""

import asyncio
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass

MOST = 256
"""Moments that wait for a slow listener; the oldest are left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """Something of a run that is not kept; `seq` is the number of the kept event before it."""

    seq: int
    attempt: int
    at: int
    event: Mapping[str, object]

    @property
    def key(self) -> object:
        """What this is the newest value of; None when it is a fact of its own."""
        return self.event["node"] if self.event["type"] == "progress" else None


class Listener:
    """Somebody who follows one job, or all."""

    def __init__(self) -> None:
        self._woken = asyncio.Event()
        self._moments: list[Moment] = []

    def wake(self, moment: Moment | None = None) -> None:
        """Say that something has happened."""
        if moment is not None:
            if moment.key is not None:
                self._moments = [one for one in self._moments if one.key != moment.key]
            self._moments = [*self._moments, moment][-MOST:]
        self._woken.set()

    def moments(self, last: int) -> list[Moment]:
        """Return what has happened behind events up to `last`, and forget it."""
        found = [one for one in self._moments if one.seq <= last]
        self._moments = [one for one in self._moments if one.seq > last]
        return found

    async def wait(self, seconds: float) -> None:
        """Wait until something has happened, but no longer than so many seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        self._woken.clear()


class Feed:
    """The listeners of one process."""

    def __init__(self) -> None:
        self._of_jobs: dict[str, set[Listener]] = {}
        self._of_all: set[Listener] = set()
        self.closed = False
        """Whether the server stops: nobody is to go on listening."""

    @contextmanager
    def listening(self, job: str | None = None) -> Generator[Listener]:
        """Give a listener to a job, or to the states of all."""
        listener = Listener()
        group = self._of_all if job is None else self._of_jobs.setdefault(job, set())
        group.add(listener)
        try:
            yield listener
        finally:
            group.discard(listener)
            if job is not None and not group and self._of_jobs.get(job) is group:
                del self._of_jobs[job]

    @property
    def size(self) -> int:
        """How many listeners there are."""
        return len(self._of_all) + sum(len(group) for group in self._of_jobs.values())

    def is_followed(self, job: str) -> bool:
        """Tell whether somebody follows a job."""
        return job in self._of_jobs

    def happened(self, job: str, moment: Moment | None = None) -> None:
        """Wake those who follow a job: there are new events in the database, or this is of the moment."""
        for listener in self._of_jobs.get(job, ()):
            listener.wake(moment)

    def changed(self, job: str | None = None) -> None:
        """Wake who follows a job, None for any, and who follows all: states have changed."""
        groups = self._of_jobs.values() if job is None else (self._of_jobs.get(job, set[Listener]()),)
        for group in (*groups, self._of_all):
            for listener in group:
                listener.wake()

    def close(self) -> None:
        """Let everybody end."""
        self.closed = True
        self.changed()
