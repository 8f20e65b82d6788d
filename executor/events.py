"""What a run tells: one closed union of frozen dataclasses, for the terminal, the server and tests alike.

Node ids are those of the running graph. A node that another one expanded into has `parent`, the node that
made it, and `display_node`, the node of the submitted graph that stands for it; otherwise `display_node` is
the node itself. `seq` rises from event to event of a run, with gaps where progress was left out; `at` is
seconds since the run began.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from operator import attrgetter
from typing import Any, Literal, cast, get_args

from .problems import Json, listing, nearest


@dataclass(frozen=True, slots=True, kw_only=True)
class RunStarted:
    """A run began: `outputs` are the wanted output nodes, `cached` the nodes whose result is known."""

    type: Literal["run_started"] = "run_started"
    seq: int = 0
    at: float = 0.0
    nodes: tuple[str, ...]
    cached: tuple[str, ...]
    outputs: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeStarted:
    """A node's function is being called."""

    type: Literal["node_started"] = "node_started"
    seq: int = 0
    at: float = 0.0
    node: str
    class_type: str
    display_node: str
    parent: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """A node has done `done` of `total` steps; only the newest of a node matters, others may be left out.

    `preview` is a small JPEG picture of what it has so far, where previews are asked for; there is not one
    with every step.
    """

    type: Literal["progress"] = "progress"
    seq: int = 0
    at: float = 0.0
    node: str
    display_node: str
    parent: str | None = None
    done: int
    total: int
    preview: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeFinished:
    """A node has its result: computed in `seconds`, or `cached` (then no NodeStarted came before).

    `ui` is what an output node shows, None for others. Of the nodes found in the cache, those that a user
    asked for or waits for are told; what lies behind them is not looked at. `key` is the content key of the
    result. `peak_bytes` is the most memory that the node's computing with models took: their weights as they
    compute, and what else there was at once, measured or, where that is not known, estimated. `steps` sums up
    its progress: the first and the last step that it told to be done, and of how many; None for no progress.
    """

    type: Literal["node_finished"] = "node_finished"
    seq: int = 0
    at: float = 0.0
    node: str
    class_type: str
    display_node: str
    parent: str | None = None
    ui: Mapping[str, Json] | None = None
    seconds: float = 0.0
    cached: bool = False
    key: str = ""
    peak_bytes: int | None = None
    steps: tuple[int, int, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Something besides the nodes took `seconds` from `start` on: a model was loaded, weights were copied.

    `start` is in seconds since the run began, as `at` is; the event is told at the span's end. `category`
    says what kind of thing it was ("load", "copy"), `name` which; both are shown as they are. Spans
    of one `lane` are drawn in one row, by default those of one category. `node` is the running node that it
    was done for, `args` are facts about it.
    """

    type: Literal["span"] = "span"
    seq: int = 0
    at: float = 0.0
    name: str
    category: str
    start: float
    seconds: float
    lane: str = ""
    node: str | None = None
    args: Mapping[str, Json] = field(default_factory=dict[str, "Json"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Something besides the nodes happened at one moment, at `at`: weights were given up ("evict").

    The fields are those of `Span`.
    """

    type: Literal["mark"] = "mark"
    seq: int = 0
    at: float = 0.0
    name: str
    category: str
    lane: str = ""
    node: str | None = None
    args: Mapping[str, Json] = field(default_factory=dict[str, "Json"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Recap:
    """What the spans and marks of a run told, once more and all together, just before its last event.

    For those who keep what happened but nothing that is many: of very many spans the longest are here, of
    marks the first, and `left_out` counts the others. The entries have the fields of `Span` and `Mark`, but
    for those that are empty. A run that told of none has no such event.
    """

    type: Literal["recap"] = "recap"
    seq: int = 0
    at: float = 0.0
    spans: tuple[Mapping[str, Json], ...] = ()
    marks: tuple[Mapping[str, Json], ...] = ()
    left_out: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeBlocked:
    """A node was not called, since an input was `Blocked`; its outputs are blocked, and NodeFinished follows.

    `message` says why, at the first nodes to know; the others have None. The run goes on.
    """

    type: Literal["node_blocked"] = "node_blocked"
    seq: int = 0
    at: float = 0.0
    node: str
    class_type: str
    display_node: str
    parent: str | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeFailed:
    """A node raised while it worked for one item of a collection: that item is left out, the run goes on.

    The fields are those of `RunFailed`.
    """

    type: Literal["node_failed"] = "node_failed"
    seq: int = 0
    at: float = 0.0
    node: str
    class_type: str
    display_node: str
    parent: str | None = None
    exception_type: str
    message: str
    traceback: tuple[str, ...] = ()
    inputs: Mapping[str, Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFailed:
    """A node raised, and the run ended; what was finished before stays in the cache.

    `exception_type` is the dotted name of the class (bare for Python's own), `inputs` what the node was
    called with: JSON scalars as they are, anything else as its type's name.
    """

    type: Literal["run_failed"] = "run_failed"
    seq: int = 0
    at: float = 0.0
    node: str
    class_type: str
    display_node: str
    parent: str | None = None
    exception_type: str
    message: str
    traceback: tuple[str, ...] = ()
    inputs: Mapping[str, Json]
    pending: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunCancelled:
    """The run was cancelled: inside `node` after `done` of `total` steps, or between nodes (`node` None)."""

    type: Literal["run_cancelled"] = "run_cancelled"
    seq: int = 0
    at: float = 0.0
    node: str | None = None
    class_type: str | None = None
    display_node: str | None = None
    parent: str | None = None
    done: int | None = None
    total: int | None = None
    pending: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RunDone:
    """Every wanted output has its result, `seconds` after the run began.

    `failed` counts the items of collections that were left out, since a node failed.
    """

    type: Literal["run_done"] = "run_done"
    seq: int = 0
    at: float = 0.0
    seconds: float
    failed: int = 0


Event = (
    RunStarted
    | NodeStarted
    | Progress
    | NodeFinished
    | NodeBlocked
    | NodeFailed
    | Span
    | Mark
    | Recap
    | RunFailed
    | RunCancelled
    | RunDone
)

EVENTS: Mapping[str, type[Event]] = {str(fields(kind)[0].default): kind for kind in get_args(Event)}
"""Every event class by its `type`, the first field of each."""


_GETTERS = {
    kind: (names, attrgetter(*names))
    for kind in EVENTS.values()
    for names in [tuple(field.name for field in fields(kind))]
}


def to_json(event: Event) -> dict[str, Json]:
    """Return the event as a JSON object; tuples become lists, a preview base64 text."""
    names, values_of = _GETTERS[type(event)]
    told: dict[str, Any] = dict(zip(names, values_of(event), strict=True))
    for name, value in told.items():
        if isinstance(value, tuple):
            told[name] = list(cast("tuple[Json, ...]", value))
        elif isinstance(value, bytes):
            told[name] = base64.b64encode(value).decode("ascii")
    return told


def from_json(told: Mapping[str, object]) -> Event:
    """Return the event that `to_json` wrote.

    Raises ValueError when the type is unknown or fields are missing or too many.
    """
    name = told.get("type")
    kind = EVENTS.get(name) if isinstance(name, str) else None
    if kind is None:
        closest = nearest(str(name), EVENTS)
        raise ValueError(f"unknown event type {name!r}; known: {listing(EVENTS, closest)}")
    values = {
        key: tuple(cast("list[object]", value)) if isinstance(value, list) else value
        for key, value in told.items()
    }
    try:
        if isinstance(preview := values.get("preview"), str):
            values["preview"] = base64.b64decode(preview, validate=True)
        return kind(**values)  # pyright: ignore[reportArgumentType] -- field types are what to_json wrote
    except (TypeError, binascii.Error) as error:
        raise ValueError(f"not a {name} event: {error}") from error
