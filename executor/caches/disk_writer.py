"""Writing on a thread of its own, from a bounded queue: what is put never waits for the disk."""

from __future__ import annotations

import atexit
import threading
import time
import weakref
from collections.abc import Callable
from dataclasses import dataclass

from .memory_cache import Entry

CHEAP = 0.005
"""Seconds that a result took under which it waits to be written until nothing happens: cheap ones come by the
thousand, and writing them meanwhile would slow down the run that makes them."""

QUIET = 0.1
"""Seconds in which nothing was asked or put after which nothing happens."""

MOST = 1024
"""Cheap results that may wait; beyond, the oldest are not written."""

MOST_BYTES = 256 * 2**20
"""Bytes that results may hold while they wait, unless another number is given."""

EXIT_SECONDS = 5.0
"""Seconds that the end of the process waits for what is not written yet."""

LINGER = 1.0
"""Seconds without work after which the thread ends; the next result starts another."""


@dataclass(frozen=True, slots=True)
class _Job:
    entry: Entry
    size: int


class Writer:
    """Calls `write` with one entry after the other: what cost much at once, what is cheap when it is quiet.

    Of several with the same `slot` only the newest is written. What waits holds no more than `most` bytes; a
    result that is larger waits only alone. Safe to use from several threads.
    """

    def __init__(self, write: Callable[[str, Entry], None], most: int = MOST_BYTES) -> None:
        self._write, self._most = write, most
        self._urgent: dict[str, _Job] = {}
        self._cheap: dict[str, _Job] = {}
        self._slots: dict[str, str] = {}
        self._writing: tuple[str, Entry] | None = None
        self._bytes = 0
        self._hurried = 0
        self._busy_at = 0.0
        self._ever = False  # a thread was started
        self._thread: threading.Thread | None = None
        self._changed = threading.Condition()

    def put(
        self, key: str, entry: Entry, size: int, *, urgent: bool = False, slot: str | None = None
    ) -> bool:
        """Have an entry of `size` bytes written; False when too many wait already."""
        self._busy_at = time.monotonic()
        with self._changed:
            self._forget(key)
            if slot is not None and (before := self._slots.get(slot)) is not None:
                self._forget(before)
            if self._bytes and self._bytes + size > self._most:
                return False
            jobs = self._urgent if urgent or entry.seconds >= CHEAP else self._cheap
            if len(jobs) >= MOST:
                self._forget(next(iter(jobs)))
            jobs[key] = _Job(entry, size)
            self._bytes += size
            if slot is not None:
                self._slots[slot] = key
            if self._thread is None:
                if not self._ever:
                    self._ever = True
                    atexit.register(_flush_at_exit, weakref.ref(self))
                self._thread = threading.Thread(target=self._work, name="inkloom cache", daemon=True)
                self._thread.start()
            elif jobs is self._urgent:
                self._changed.notify_all()
        return True

    def waiting(self, key: str) -> Entry | None:
        """Return an entry that is not written yet."""
        self._busy_at = time.monotonic()
        if not self._urgent and not self._cheap and not self._writing:
            return None
        with self._changed:
            job = self._urgent.get(key) or self._cheap.get(key)
            if job is None and self._writing is not None and self._writing[0] == key:
                return self._writing[1]
            return None if job is None else job.entry

    def flush(self, seconds: float) -> bool:
        """Wait until all is written, but no longer than so many seconds; tell whether it is."""
        with self._changed:
            self._hurried += 1
            self._changed.notify_all()
            try:
                return self._changed.wait_for(
                    lambda: not (self._urgent or self._cheap or self._writing), seconds
                )
            finally:
                self._hurried -= 1

    def settle(self, seconds: float) -> bool:
        """Wait until what cost much is written, but no longer than so many seconds; tell whether it is."""
        with self._changed:
            return self._changed.wait_for(
                lambda: not self._urgent and not (self._writing and _costly(self._writing[1])), seconds
            )

    def forget(self) -> None:
        """Write nothing of what waits."""
        with self._changed:
            for key in (*self._urgent, *self._cheap):
                self._forget(key)

    def _forget(self, key: str) -> None:
        job = self._urgent.pop(key, None) or self._cheap.pop(key, None)
        self._bytes -= job.size if job else 0

    def _work(self) -> None:
        try:
            while (taken := self._take()) is not None:
                key, job = taken
                try:
                    self._write(key, job.entry)
                finally:
                    with self._changed:
                        self._writing = None
                        self._bytes -= job.size
                        self._changed.notify_all()
        finally:
            with self._changed:
                if self._thread is threading.current_thread():  # a fault ends this thread, not the writing
                    self._thread = None

    def _take(self) -> tuple[str, _Job] | None:
        """Wait for work and return it; None when there was none for long, and the thread is given up."""
        idle_at = time.monotonic()
        with self._changed:
            while True:
                now = time.monotonic()
                jobs = self._urgent
                if not jobs and (self._hurried or now >= self._busy_at + QUIET):
                    jobs = self._cheap
                if jobs:
                    key = next(iter(jobs))
                    job = jobs.pop(key)
                    self._writing = (key, job.entry)
                    return key, job
                if not self._cheap and now >= idle_at + LINGER:
                    self._thread = None
                    self._slots.clear()
                    return None
                self._changed.wait(QUIET if self._cheap else LINGER)


def _flush_at_exit(writer: weakref.ref[Writer]) -> None:
    found = writer()
    if found is not None:
        found.flush(EXIT_SECONDS)


def _costly(entry: Entry) -> bool:
    return entry.seconds >= CHEAP
