"""Events on their way from the threads that run nodes to the one that listens."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace

from ..events import Event, Progress

GATHER_SECONDS = 0.01
"""A listener that was woken waits this long for more, so that quick nodes don't wake it one by one."""

PAUSE_SECONDS = 0.002
"""Seconds without an event that are a pause."""


class Mailbox:
    """Hands events over in order, and never makes the sender wait.

    Of the progress of a node that was not yet fetched only the newest is kept, with the newest preview, so a
    slow listener misses steps but never the last one. `pausing` is called by the listener's thread when there
    was nothing to fetch for a moment.
    """

    def __init__(self, pausing: Callable[[], object] = lambda: None) -> None:
        self._pausing = pausing
        self._slots: dict[str | int, Event] = {}
        self._number = 0
        self._began = time.perf_counter()
        self._closed = threading.Event()
        self._crash: BaseException | None = None
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._idle = False

    def put(self, kind: Callable[..., Event], **facts: object) -> None:
        """Add an event of a kind; its number and time are filled in here, so that they rise."""
        with self._lock:
            facts["seq"] = number = self._number
            facts["at"] = time.perf_counter() - self._began
            self._number = number + 1
            event = kind(**facts)
            if isinstance(event, Progress):
                # The newer one goes to the end, where its number belongs.
                older = self._slots.pop(event.node, None)
                if event.preview is None and isinstance(older, Progress) and older.preview is not None:
                    event = replace(event, preview=older.preview)
                self._slots[event.node] = event
            else:
                self._slots[number] = event
            if self._idle:
                self._idle = False
                self._changed.notify()

    def elapsed(self) -> float:
        """Return the seconds since the mailbox was made."""
        return time.perf_counter() - self._began

    def close(self, crash: BaseException | None = None) -> None:
        """End the stream once it is read; `crash` is then raised at the listener."""
        with self._lock:
            self._crash = crash
            self._closed.set()
            self._changed.notify()

    def __iter__(self) -> Iterator[Event]:
        while True:
            if not self._slots and not self._closed.wait(PAUSE_SECONDS):
                if not self._slots:
                    self._pausing()
                    self._await_something()
                self._closed.wait(GATHER_SECONDS)
            with self._lock:
                fetched, self._slots = self._slots, {}
            if not fetched and self._closed.is_set():
                break
            yield from fetched.values()
        if self._crash is not None:
            raise self._crash

    def _await_something(self) -> None:
        with self._lock:
            while not self._slots and not self._closed.is_set():
                self._idle = True
                self._changed.wait()
