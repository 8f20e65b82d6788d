"""What a node function is given besides its inputs: progress, cancellation, folders, its own id."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from .folders import Folders


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


def _unheard(done: int, total: int) -> None:
    del done, total


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """The run as one node sees it.

    `device` names the device to compute on, as torch writes it ("cpu", "cuda:0"). A context made by hand
    (`Context(folders=...)`) lets a node function be called without a run.
    """

    folders: Folders
    device: str = "cpu"
    node_id: str = ""
    cancelled: Callable[[], bool] = field(default=lambda: False, repr=False)
    report: Callable[[int, int], None] = field(default=_unheard, repr=False)

    def progress(self, done: int, total: int) -> None:
        """Tell that `done` of `total` steps are done; raises `Cancelled` when the run was cancelled."""
        self.report(done, total)
        self.check_cancelled()

    def check_cancelled(self) -> None:
        """Raise `Cancelled` when the run was cancelled."""
        if self.cancelled():
            raise Cancelled
