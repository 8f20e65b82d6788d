"""What the web process and a worker process say to each other: one JSON object on each line.

    web -> worker:  run, cancel, recall, explain, estimate, look, free
    worker -> web:  ready, warm, events, finished, recalled, answered, logged

Pictures cross as files in the root folder, never through here; only the small previews of a moment do, which
would be gone before a file of theirs was found. The same lines could travel over a socket to
another host; nothing in them belongs to one machine but file names below the root.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import ClassVar, get_args

from ...executor import Json
from ..access.identity import ONLY
from ..json_text import json_of, value_of

LINE_LIMIT = 64 * 2**20
"""Longest line that a worker sends, in bytes: the start of a run names every node."""


class Written(str):
    """JSON text, which goes into a line as it is: whoever reads the line gets its value."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Run these output nodes of a validated graph."""

    type: ClassVar[str] = "run"
    job: str
    prompt: Mapping[str, object] | Written  # API format
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
class Recall:
    """Give those jobs back that have not begun: `Recalled` tells which."""

    type: ClassVar[str] = "recall"


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
class Estimate:
    """Tell what a run of these output nodes of a validated graph would take: at once, as for `Explain`."""

    type: ClassVar[str] = "estimate"
    question: int
    prompt: Mapping[str, object]  # API format
    targets: tuple[str, ...]
    user: str = ONLY

    def __post_init__(self) -> None:
        object.__setattr__(self, "targets", tuple(self.targets))


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Tell what is in memory and in the caches: at once, also while a job runs."""

    type: ClassVar[str] = "look"
    question: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Free:
    """Give memory back once the running job has ended: weights, and with `results` what is remembered too."""

    type: ClassVar[str] = "free"
    results: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """The worker has started, and takes jobs and questions.

    `device` is what it computes on, as torch writes it, `title` what people call that, `total` its bytes.
    """

    type: ClassVar[str] = "ready"
    pid: int
    device: str = "cpu"
    title: str = "cpu"
    total: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Warm:
    """The worker has loaded what jobs need, and begins the first one that it has."""

    type: ClassVar[str] = "warm"


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
class Recalled:
    """These jobs had not begun, and will not."""

    type: ClassVar[str] = "recalled"
    jobs: tuple[str, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "jobs", tuple(self.jobs))


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What a question is answered with, as an object of JSON, or why there is no answer."""

    type: ClassVar[str] = "answered"
    question: int
    answer: Mapping[str, object] | None = None
    failure: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Logged:
    """A line of the worker's log, with its level as `logging` counts it."""

    type: ClassVar[str] = "logged"
    level: int
    text: str


Question = Explain | Estimate | Look
ToWorker = Run | Cancel | Recall | Question | Free
FromWorker = Ready | Warm | Told | Finished | Recalled | Answered | Logged

_KINDS = {kind.type: kind for kind in (*get_args(ToWorker), *get_args(FromWorker))}


class ProtocolError(Exception):
    """A line that is no message of this protocol."""


def to_line(message: ToWorker | FromWorker) -> bytes:
    """Return a message as one line of JSON, with its newline."""
    data = {
        field.name: getattr(message, field.name) for field in fields(message)
    }  # asdict would copy the graph
    written = [(name, data.pop(name)) for name, value in [*data.items()] if isinstance(value, Written)]
    line = json_of({"type": message.type, **data})
    for name, text in written:
        # Text in one line is as right in many, but not here.
        line = b'%s,"%s":%s}' % (line[:-1], name.encode(), text.replace("\n", " ").encode())
    return line + b"\n"


def from_line(line: bytes) -> ToWorker | FromWorker:
    """Read one line back; raises `ProtocolError` with the line's beginning when it is no message."""
    try:
        data = value_of(line)
        kind = _KINDS[data.pop("type")]
        return kind(**data)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ProtocolError(f"not a message of the worker protocol ({error!r}): {line[:200]!r}") from error
