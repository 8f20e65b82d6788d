"""What goes into the store and what comes out of it.

Times are milliseconds since the epoch. Prompts, results and events are JSON texts, which the store keeps as
they are: whoever shows one needs not read and write it again.
"""

from dataclasses import dataclass
from typing import Literal

State = Literal["waiting", "running", "done", "failed", "cancelled"]
"""A job waits, runs, and ends in one of three ways; a run that is given up makes it wait again."""

EndState = Literal["done", "failed", "cancelled"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewJob:
    """A job that is to be queued.

    Without `number` it gets the next one, made negative with `front`; a job of a lower number runs first.
    """

    id: str
    prompt: str  # JSON
    extra_data: str  # JSON
    targets: str  # JSON
    created: int
    number: float | None = None
    front: bool = False
    client: str | None = None
    user: str = ""
    once: bool = False
    """Refused also when a job of this id and user has ended before: it is not to be done twice."""
    asked: str | None = None
    """A digest of what the client sent, by which the same request is known again."""
    retry_of: str | None = None
    """The job that this one does again."""

    @property
    def size(self) -> int:
        """The bytes that it is given: all of it is ASCII."""
        return len(self.prompt) + len(self.extra_data) + len(self.targets)


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A job was queued, and is on the disk."""

    number: float
    ticket: int


@dataclass(frozen=True, slots=True, kw_only=True)
class IdTaken:
    """A job was refused: another of its id waits or runs, or has ended."""

    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job as it was queued. `ticket` counts the jobs as they came; no two ever have the same."""

    ticket: int
    id: str
    number: float
    client: str | None
    user: str
    created: int
    prompt: str  # JSON
    extra_data: str  # JSON
    targets: str  # JSON


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """The jobs that have not ended, first to run first."""

    running: tuple[Job, ...]
    waiting: tuple[Job, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lease:
    """The right to write about a job: its owner's, for one attempt, while nobody else has taken it over."""

    ticket: int
    owner: str
    attempt: int  # from 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Leased:
    """A job to run.

    `deaths` counts the workers that died of it so far, `losses` the servers that ended while they ran it or
    were not heard of in time, and `trouble` says how the last attempt was lost.
    `last_event` is the number of the last event that earlier attempts have left, 0 when there is none.
    """

    lease: Lease
    job: Job
    deaths: int
    losses: int
    trouble: str | None
    last_event: int
    unwanted: bool
    """Somebody has cancelled it while it ran."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEvent:
    """Something that happened in a run: `seq` counts the events of a job from 1, over all its attempts."""

    seq: int
    attempt: int
    at: int
    body: str  # JSON


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How a job ended, in the three texts that a history shows."""

    state: EndState
    outputs: str  # JSON
    meta: str  # JSON
    messages: str  # JSON


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """A job of the history."""

    job: Job
    outcome: Outcome
    attempt: int
    started: int
    ended: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many jobs there are."""

    waiting: int
    running: int
    ended: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """The jobs that have not ended: how many, and the bytes that they were given."""

    jobs: int
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a job lies that is to be shown, the bytes that it was given, and its number while it waits."""

    ticket: int
    size: int
    number: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A job as it stands; `ending` is its place in the history."""

    ticket: int
    id: str
    user: str
    state: State
    number: float
    created: int
    attempt: int
    asked: str | None
    retry_of: str | None
    ending: int | None
    started: int | None
    ended: int | None
    outputs: str | None  # JSON, of one that has ended
    messages: str | None  # JSON, of one that has ended


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What a job was given."""

    client: str | None
    prompt: str  # JSON
    extra_data: str  # JSON
    targets: str  # JSON


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Up to where things have happened: the newest ticket, and the last place in the history."""

    ticket: int
    ending: int
