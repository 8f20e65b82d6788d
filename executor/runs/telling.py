"""What a run tells about its nodes: each event with the node's place in the submitted workflow."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ..caches.memory_cache import Entry
from ..events import (
    Event,
    Mark,
    NodeBlocked,
    NodeFailed,
    NodeFinished,
    NodeStarted,
    Progress,
    Recap,
    RunCancelled,
    RunDone,
    RunFailed,
    RunStarted,
    Span,
)
from ..node_types.context import MakePreview
from ..problems import Json
from .mailbox import Mailbox
from .recapping import Recollection
from .running_graph import Running

ENGINE = __name__.removesuffix(".runs.telling")
"""The package whose frames say nothing about what a node did."""

PREVIEW_SECONDS = 0.1
"""A node shows what it has so far at most once in this time."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A fault of a node as it is told: nothing in it holds on to the node's values."""

    exception_type: str
    message: str
    traceback: tuple[str, ...]
    inputs: Mapping[str, Json]


def failure_of(error: BaseException, arguments: Mapping[str, object] | None = None) -> Failure:
    """Return what is told of an exception; `arguments` are what the node was called with."""
    kind = type(error)
    module = "" if kind.__module__ == "builtins" else kind.__module__ + "."
    return Failure(
        exception_type=module + kind.__qualname__,
        message=str(error) or kind.__qualname__,
        traceback=_traceback(error),
        inputs={key: _told(value) for key, value in (arguments or {}).items()},
    )


class Teller:
    """Writes a run's events; `finale` keeps the last one back until everything has come to rest."""

    def __init__(self, running: Running, mailbox: Mailbox, previews: str | None) -> None:
        self._running, self._mailbox, self.previews = running, mailbox, previews
        self._finale: tuple[Callable[..., Event], dict[str, Any]] | None = None
        self._peaks: dict[str, int] = {}  # of nodes that run
        self._steps: dict[str, tuple[int, int, int]] = {}  # of those, too
        self._recap = Recollection()

    @property
    def is_over(self) -> bool:
        """Whether the last event is known."""
        return self._finale is not None

    def begin(self, cached: tuple[str, ...], outputs: tuple[str, ...]) -> None:
        """Tell that the run began."""
        self._mailbox.put(RunStarted, nodes=tuple(self._running.nodes), cached=cached, outputs=outputs)

    def started(self, name: str) -> None:
        """Tell that a node is called."""
        running = self._running
        self._mailbox.put(
            NodeStarted,
            node=name,
            class_type=running.nodes[name].class_type,
            display_node=running.shown.get(name, name),
            parent=running.parents.get(name),
        )

    def finished(self, name: str, entry: Entry, *, cached: bool) -> None:
        """Tell that a node has its result."""
        running = self._running
        self._mailbox.put(
            NodeFinished,
            node=name,
            class_type=running.nodes[name].class_type,
            display_node=running.shown.get(name, name),
            parent=running.parents.get(name),
            ui=entry.ui,
            seconds=0.0 if cached else entry.seconds,
            cached=cached,
            key=running.digests[name],
            peak_bytes=self._peaks.pop(name, None),
            steps=self._steps.pop(name, None),
        )

    def blocked(self, name: str, message: str | None) -> None:
        """Tell that a node is not called."""
        self._mailbox.put(NodeBlocked, message=message, **self._place(name))

    def failed(self, name: str, failure: Failure) -> None:
        """Tell that a node failed for one item of a collection."""
        self._mailbox.put(NodeFailed, **_facts(failure), **self._place(name))

    def progress(self, name: str, done: int, total: int, preview: bytes | None = None) -> None:
        """Tell how far a node is."""
        first, *_ = self._steps.get(name, (done,))
        self._steps[name] = (first, done, total)
        place = self._place(name)
        del place["class_type"]
        self._mailbox.put(Progress, done=done, total=total, preview=preview, **place)

    def noted(self, node: str, kind: type[Span] | type[Mark], **facts: Any) -> None:
        """Tell something besides: a span that ends now and took `seconds`, or a mark."""
        now = self.now()
        told = {**facts, "start": now - facts["seconds"]} if kind is Span else facts
        self._recap.note(node, now, kind, told)
        self._mailbox.put(kind, node=node, **told)

    def took(self, node: str, nbytes: int) -> None:
        """Remember what a running node took of memory; of several times the most is told when it is done."""
        self._peaks[node] = max(nbytes, self._peaks.get(node, 0))

    def done(self, failed: int) -> None:
        """End the run: everything is done but for `failed` items."""
        self._end(RunDone, failed=failed)

    def broken(self, name: str, failure: Failure, pending: tuple[str, ...] = ()) -> None:
        """End the run: a node failed."""
        self._end(RunFailed, pending=pending, **_facts(failure), **self._place(name))

    def cancelled(
        self, pending: tuple[str, ...], name: str | None = None, report: Report | None = None
    ) -> None:
        """End the run: it was cancelled, inside of a node or between two."""
        place = {} if name is None else self._place(name)
        done, total = (None, None) if report is None or report.last is None else report.last
        self._end(RunCancelled, pending=pending, done=done, total=total, **place)

    def finale(self) -> None:
        """Tell the last event; nothing runs any more."""
        if self._finale is not None:
            if recap := self._recap.facts():
                self._mailbox.put(Recap, **recap)
            kind, facts = self._finale
            seconds = {"seconds": self._mailbox.elapsed()} if kind is RunDone else {}
            self._mailbox.put(kind, **facts, **seconds)

    def now(self) -> float:
        """Return the seconds since the run began."""
        return self._mailbox.elapsed()

    def _end(self, kind: Callable[..., Event], **facts: Any) -> None:
        # What comes after the first end follows from it: other nodes are stopped.
        self._finale = self._finale or (kind, facts)

    def _place(self, name: str) -> dict[str, Any]:
        running = self._running
        return {
            "node": name,
            "class_type": running.nodes[name].class_type,
            "display_node": running.shown.get(name, name),
            "parent": running.parents.get(name),
        }


class Report:
    """How far one node is, as it says."""

    __slots__ = ("_name", "_shown_at", "_teller", "last")

    def __init__(self, teller: Teller, name: str) -> None:
        self._teller, self._name = teller, name
        self._shown_at = float("-inf")
        self.last: tuple[int, int] | None = None
        """Steps done, and steps in all."""

    def __call__(self, done: int, total: int, make: MakePreview | None) -> None:
        """Tell it, with a preview when somebody looks and the last one is old enough."""
        self.last = (done, total)
        preview = None
        teller = self._teller
        if make is not None and teller.previews is not None:
            now = teller.now()
            if now >= self._shown_at + PREVIEW_SECONDS:
                preview, self._shown_at = make(), now
        teller.progress(self._name, done, total, preview)


def _facts(failure: Failure) -> dict[str, Any]:
    return {
        "exception_type": failure.exception_type,
        "message": failure.message,
        "traceback": failure.traceback,
        "inputs": failure.inputs,
    }


def _told(value: object) -> Json:
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return f"<{type(value).__module__}.{type(value).__qualname__}>"


def _traceback(error: BaseException) -> tuple[str, ...]:
    """Write the frames of the node's own code; those of the engine say nothing about the node."""
    frame = error.__traceback__
    while frame is not None and _is_own(frame.tb_frame.f_globals.get("__name__", "")):
        frame = frame.tb_next
    return tuple(traceback.format_exception(type(error), error, frame))


def _is_own(module: str) -> bool:
    return module.startswith(f"{ENGINE}.") or module.partition(".")[0] == "asyncio"
