"""The queue and the history of jobs, in this process's memory.

Everything the server knows about jobs goes through `Jobs`: a database can take its place behind the same
methods.
"""

import asyncio
import heapq
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from ..executor import Json

HISTORY_LIMIT = 10_000
"""Finished jobs that are kept; the oldest goes first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A workflow that was accepted: validated, with its literals converted."""

    id: str
    number: float  # lower runs first
    prompt: Mapping[str, object]  # API format
    extra_data: Mapping[str, Json]
    outputs: tuple[str, ...]  # the output nodes to run

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

    def item(self) -> list[object]:
        """Return the job as the wire's queue and history show it."""
        return [self.number, self.id, self.prompt, self.extra_data, list(self.outputs)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """How a job ended."""

    job: Job
    succeeded: bool
    outputs: Mapping[str, object]  # node -> its ui output
    meta: Mapping[str, object]  # node -> where it stands
    messages: tuple[tuple[str, Mapping[str, object]], ...]

    def entry(self) -> dict[str, object]:
        """Return the record as the wire's history shows it."""
        return {
            "prompt": self.job.item(),
            "outputs": self.outputs,
            "status": {
                "status_str": "success" if self.succeeded else "error",
                "completed": self.succeeded,
                "messages": [list(message) for message in self.messages],
            },
            "meta": self.meta,
        }


class Jobs:
    """What waits, what runs and what has ended."""

    def __init__(self, changed: Callable[[], None], history_limit: int = HISTORY_LIMIT) -> None:
        self._changed = changed  # called after each change of the queue
        self._history_limit = history_limit
        self._counter = 0
        self._waiting: list[tuple[float, int, Job]] = []
        self._arrivals = 0
        self._arrived = asyncio.Event()
        self._history: dict[str, Record] = {}
        self.running: Job | None = None

    @property
    def remaining(self) -> int:
        """How many jobs wait or run."""
        return len(self._waiting) + (self.running is not None)

    @property
    def pending(self) -> list[Job]:
        """The jobs that wait, first to run first."""
        return [job for _, _, job in sorted(self._waiting)]

    def next_number(self, *, front: bool) -> int:
        """Return the queue number of a prompt that names none; `front` puts it before all that wait."""
        number = self._counter
        self._counter += 1
        return -number if front else number

    def put(self, job: Job) -> None:
        """Queue a job."""
        heapq.heappush(self._waiting, (job.number, self._arrivals, job))
        self._arrivals += 1
        self._arrived.set()
        self._changed()

    async def take(self) -> Job:
        """Wait for a job, and make the first of those waiting the running one."""
        while not self._waiting:
            self._arrived.clear()
            await self._arrived.wait()
        self.running = heapq.heappop(self._waiting)[2]
        self._changed()
        return self.running

    def finish(self, record: Record) -> None:
        """Move the running job to the history. The caller tells of it, after the run's last message."""
        self.running = None
        self._history.pop(record.job.id, None)
        self._history[record.job.id] = record
        while len(self._history) > self._history_limit:
            del self._history[next(iter(self._history))]

    def drop(self, ids: Collection[str] | None = None) -> None:
        """Forget waiting jobs: all of them, or those of these ids."""
        kept = [] if ids is None else [entry for entry in self._waiting if entry[2].id not in ids]
        if len(kept) != len(self._waiting):
            heapq.heapify(kept)
            self._waiting = kept
            self._changed()

    def waits_or_runs(self, job: str) -> bool:
        """Return whether a job of this id has not ended yet."""
        present = [entry[2].id for entry in self._waiting]
        return job in present or (self.running is not None and self.running.id == job)

    def record(self, job: str) -> Record | None:
        """Return how a job ended; None when it is unknown or has not ended."""
        return self._history.get(job)

    def history(self, max_items: int | None, offset: int | None) -> dict[str, Record]:
        """Return a window of the history, oldest first.

        Without `max_items`: all from `offset` on. With it: that many from `offset`, or the newest ones when
        there is no offset or a negative one.
        """
        ids = list(self._history)
        if max_items is None:
            chosen = ids[max(offset or 0, 0) :]
        elif offset is None or offset < 0:
            chosen = ids[len(ids) - max_items :] if 0 < max_items <= len(ids) else ids[: max(max_items, 0)]
        else:
            chosen = ids[offset : offset + max(max_items, 0)]
        return {name: self._history[name] for name in chosen}

    def forget(self, ids: Collection[str] | None = None) -> None:
        """Delete history: all of it, or the jobs of these ids."""
        for name in list(self._history) if ids is None else ids:
            self._history.pop(name, None)
