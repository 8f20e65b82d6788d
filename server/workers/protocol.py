"""What the web process and a worker process say to each other: one JSON object on each line.

    web -> worker:  run, cancel, explain, free
    worker -> web:  ready, events, finished, explained, logged

Pictures cross as files in the root folder, never through here; only the small previews of a moment do, which
would be gone before a file of theirs was found. The same lines could travel over a socket to
another host; nothing in them belongs to one machine but file names below the root.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import ClassVar, get_args

from ...executor import Json
from ..access.identity import ONLY

LINE_LIMIT = 64 * 2**20
"""Longest line that a worker sends, in bytes: the start of a run names every node."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Run these output nodes of a validated graph."""

    type: ClassVar[str] = "run"
    job: str
    prompt: Mapping[str, object]  # API format
    targets: tuple[str, ...]
    extra_pnginfo: Json = None
    previews: str | None = None
    receipts: str | None = None  # the file, below the root, of what earlier attempts have written
    user: str = ONLY  # whose folders the files of the graph lie in

    def __post_init__(self) -> None:
        object.__setattr__(self, "targets", tuple(self.targets))


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel:
    """Stop a job within one step; nothing happens if it is not running."""

    type: ClassVar[str] = "cancel"
    job: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Explain:
    """Tell what a run of these output nodes of a validated graph would do: at once, also while a job runs."""

    type: ClassVar[str] = "explain"
    question: int
    prompt: Mapping[str, object]  # API format
    targets: tuple[str, ...]
    user: str = ONLY

    def __post_init__(self) -> None:
        object.__setattr__(self, "targets", tuple(self.targets))


@dataclass(frozen=True, slots=True, kw_only=True)
class Free:
    """Give memory back once the running job has ended: weights, and with `results` what is remembered too."""

    type: ClassVar[str] = "free"
    results: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """The worker has started and waits for its first job."""

    type: ClassVar[str] = "ready"
    pid: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Executor events of a job, in their order, each in the executor's own JSON form."""

    type: ClassVar[str] = "events"
    job: str
    events: tuple[Mapping[str, object], ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "events", tuple(self.events))


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """The job's last event was sent; the worker is free."""

    type: ClassVar[str] = "finished"
    job: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Explained:
    """The answer to an `Explain`: the explanation in the executor's own JSON form, or why there is none."""

    type: ClassVar[str] = "explained"
    question: int
    explanation: Mapping[str, object] | None = None
    failure: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged:
    """A line of the worker's log, with its level as `logging` counts it."""

    type: ClassVar[str] = "logged"
    level: int
    text: str


ToWorker = Run | Cancel | Explain | Free
FromWorker = Ready | Told | Finished | Explained | Logged

_KINDS = {kind.type: kind for kind in (*get_args(ToWorker), *get_args(FromWorker))}


class ProtocolError(Exception):
    """A line that is no message of this protocol."""


def to_line(message: ToWorker | FromWorker) -> bytes:
    """Return a message as one line of JSON, with its newline."""
    data = {
        field.name: getattr(message, field.name) for field in fields(message)
    }  # asdict would copy the graph
    # In ASCII: half of a surrogate pair, which JSON text may carry as an escape, has no other encoding.
    return json.dumps({"type": message.type, **data}).encode() + b"\n"


def from_line(line: bytes) -> ToWorker | FromWorker:
    """Read one line back; raises `ProtocolError` with the line's beginning when it is no message."""
    try:
        data = json.loads(line)
        kind = _KINDS[data.pop("type")]
        return kind(**data)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ProtocolError(f"not a message of the worker protocol ({error!r}): {line[:200]!r}") from error
