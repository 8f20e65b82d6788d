"""A job as a server handles it: what it is, the attempt at running it, and how it ended."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ...executor import Json
from ..access.identity import ONLY
from ..json_text import json_of, value_of
from ..store import Lease, Leased, Outcome
from ..store.values import EndState
from . import receipts


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


def attempt_of(leased: Leased) -> Attempt:
    """Return the attempt that a lease allows."""
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
