"""What a node function is given besides its inputs: progress, cancellation, folders, its own id."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from ..events import Mark, Span
from ..files.folders import Folders
from ..files.receipts import NoReceipts, Receipt, Receipts
from ..memory.fitting import Memory
from ..problems import Json


class Cancelled(BaseException):
    """Raised inside a node when its run is cancelled; no Exception, so that nodes let it through."""


class CancelToken:
    """A switch that ends a run; safe to turn from any thread and from a signal handler."""

    __slots__ = ("_cancelled",)

    def __init__(self) -> None:
        self._cancelled = False

    def cancel(self) -> None:
        """Ask the run to stop: within one step of the running node, or before the next node."""
        self._cancelled = True

    @property
    def cancelled(self) -> bool:
        """Whether `cancel` was called."""
        return self._cancelled


MakePreview = Callable[[], bytes]


def _unheard(done: int, total: int, preview: MakePreview | None) -> None:
    del done, total, preview


def _unknown(key: str) -> None:
    del key


def _unnoted(kind: type[Span] | type[Mark], **facts: object) -> None:
    del kind, facts


def _unweighed(nbytes: int) -> None:
    del nbytes


class Remember(Protocol):
    """Keeps a value under a key; `seconds` is what it took to get there, 0 where nobody measured."""

    def __call__(self, key: str, value: object, seconds: float = 0.0) -> None: ...  # noqa: D102 -- see above


def _unkept(key: str, value: object, seconds: float = 0.0) -> None:
    del key, value, seconds


NO_KEYS: Mapping[str, Sequence[object]] = {}


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The run as one node sees it.

    A node that is called for each value of a list finds the number of the call in `call`, from 0.
    `device` names the device to compute on, as torch writes it ("cpu", "cuda:0"); `previews` names the way in
    which previews are made, None where nobody looks. What takes much memory computes in that of `memory`, and
    says to `took` how many bytes that were. A context made by hand (`Context(folders=...)`) lets a node
    function be called without a run.

    A node may `remember` what it has so far under a key that decides it, and `recall` that in a later call,
    also of another node; it may have been forgotten. Such a key is best made of `keys`: for each input of the
    node what its content key is made of, ["value", v], ["file", content hash] or ["link", digest, slot].
    What a node writes for the user it writes once for each `receipt`.
    """

    folders: Folders
    device: str = "cpu"
    previews: str | None = None
    node_id: str = ""
    call: int = 0
    memory: Memory = field(default_factory=Memory, repr=False)
    cancelled: Callable[[], bool] = field(default=lambda: False, repr=False)
    report: Callable[[int, int, MakePreview | None], None] = field(default=_unheard, repr=False)
    keys: Mapping[str, Sequence[object]] = field(default_factory=lambda: NO_KEYS, repr=False)
    recall: Callable[[str], object | None] = field(default=_unknown, repr=False)
    remember: Remember = field(default=_unkept, repr=False)
    note: Callable[..., None] = field(default=_unnoted, repr=False)
    took: Callable[[int], None] = field(default=_unweighed, repr=False)
    receipts: Receipts = field(default_factory=NoReceipts, repr=False)

    @property
    def prefix(self) -> str:
        """How the ids of nodes begin that this call of the node expands into: no other call's do."""
        return f"{self.node_id}.{self.call}:" if self.call else f"{self.node_id}."

    def receipt(self, number: int = 0) -> Receipt:
        """Return the place for the receipt of the file `number` that this call of the node writes."""
        return Receipt(self.receipts, f"{self.node_id} {self.call} {number}")

    def progress(self, done: int, total: int, preview: MakePreview | None = None) -> None:
        """Tell that `done` of `total` steps are done; raises `Cancelled` when the run was cancelled.

        `preview` makes a small JPEG picture of what there is so far; it is only called when somebody looks.
        """
        self.report(done, total, preview)
        self.check_cancelled()

    @contextmanager
    def span(self, name: str, category: str, *, lane: str = "", **args: Json) -> Generator[None]:
        """Tell how long what is done inside takes, as a `Span`: a model is loaded, weights are copied."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self.lasted(time.perf_counter() - began, name, category, lane=lane, **args)

    def lasted(self, seconds: float, name: str, category: str, *, lane: str = "", **args: Json) -> None:
        """Tell of something that ends now and took so many seconds, as a `Span`."""
        self.note(Span, name=name, category=category, lane=lane, seconds=seconds, args=args)

    def mark(self, name: str, category: str, *, lane: str = "", **args: Json) -> None:
        """Tell that something happens now, as a `Mark`: weights are given up, a budget is full."""
        self.note(Mark, name=name, category=category, lane=lane, args=args)

    def check_cancelled(self) -> None:
        """Raise `Cancelled` when the run was cancelled."""
        if self.cancelled():
            raise Cancelled
