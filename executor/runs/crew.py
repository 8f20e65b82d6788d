"""The threads that run nodes beside the run's own: those of lanes, and one with an event loop."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from contextlib import AbstractContextManager
from typing import Any, TypeVar

from .agenda import FILES, WORKER
from .scopes import Scopes

T = TypeVar("T")

WORKERS = 4
"""How many nodes of the lane "worker" run at once."""

CAPACITY = {FILES: 1, WORKER: WORKERS}


class Crew:
    """Threads by lane, started when there is something for them to do.

    All of them share one lock with whoever hands out work, and `scopes` surround each. Each calls
    `work(lane)` with the lock held, which carries out one node and tells whether there was one; it waits
    while there is none.
    """

    def __init__(self, lock: threading.Lock, scopes: Scopes, work: Callable[[str], bool]) -> None:
        self._work, self._scopes = work, scopes
        self._threads: list[threading.Thread] = []
        self._lanes = {lane: _Lane(threading.Condition(lock)) for lane in CAPACITY}
        self._lock = lock
        self._resting = False

    def wake(self, lane: str) -> None:
        """Have one more thread of a lane look for work; the lock is held."""
        found = self._lanes[lane]
        if found.idle:
            found.idle -= 1
            found.changed.notify()
        elif found.threads < CAPACITY[lane]:
            found.threads += 1
            thread = threading.Thread(target=self._serve, args=(lane,), name=f"inkloom {lane}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def rest(self) -> None:
        """End all threads once what they do is done; the lock is not held."""
        with self._lock:
            self._resting = True
            for lane in self._lanes.values():
                lane.changed.notify_all()
        for thread in self._threads:
            thread.join()

    def _serve(self, lane: str) -> None:
        found = self._lanes[lane]
        with self._scopes.thread(), self._lock:
            while not self._resting:
                if not self._work(lane):
                    found.idle += 1
                    found.changed.wait()


class _Lane:
    __slots__ = ("changed", "idle", "threads")

    def __init__(self, changed: threading.Condition) -> None:
        self.changed, self.idle, self.threads = changed, 0, 0


class Loop:
    """An event loop on a thread of its own, inside of `scope`, started with the first coroutine."""

    def __init__(self, scope: Callable[[], AbstractContextManager[object]]) -> None:
        self._scope = scope
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._tasks: set[asyncio.Task[Any]] = set()

    def start(self, coroutine: Coroutine[Any, Any, T], done: Callable[[asyncio.Task[T]], None]) -> None:
        """Begin a coroutine; `done` is called in the loop's thread, also when it was cancelled."""
        if self._loop is None:
            self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(target=self._serve, name="inkloom async", daemon=True)
            self._thread.start()

        def begin(loop: asyncio.AbstractEventLoop) -> None:
            task = loop.create_task(coroutine)
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
            task.add_done_callback(done)

        self._loop.call_soon_threadsafe(begin, self._loop)

    def cancel(self) -> None:
        """Cancel what has been begun; its `done` is called once it has come to its end."""
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._cancel)

    def rest(self) -> None:
        """End the thread; nothing that was begun may be left."""
        if self._loop is not None and self._thread is not None:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()

    def _cancel(self) -> None:
        for task in tuple(self._tasks):
            task.cancel()

    def _serve(self) -> None:
        assert self._loop is not None
        # One scope for all: those of coroutines that take turns would not close in order.
        with self._scope():
            asyncio.set_event_loop(self._loop)
            try:
                self._loop.run_forever()
                self._loop.run_until_complete(self._loop.shutdown_asyncgens())
                self._loop.run_until_complete(self._loop.shutdown_default_executor())
            finally:
                asyncio.set_event_loop(None)
                self._loop.close()
