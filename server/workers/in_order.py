"""Calls that are made one after the other, though some have to wait for something to come true."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Coroutine

from .. import tasks

MOST = 64
"""Calls that may have to wait at the same time, each for something of its own."""

log = logging.getLogger(__name__)


class InOrder:
    """Makes each call after those before it: at once, while none of them waits."""

    def __init__(self, most: int = MOST) -> None:
        self._waiting: deque[tuple[asyncio.Task[None] | None, Callable[[], object]]] = deque()
        self._room = asyncio.Semaphore(most)
        self._calling: asyncio.Task[None] | None = None

    def call(self, what: Callable[[], object]) -> None:
        """Call something in its turn."""
        if self._calling is None:
            what()
        else:
            self._waiting.append((None, what))

    async def room(self) -> None:
        """Wait while too many calls have to wait; make one `call_after` then."""
        await self._room.acquire()

    def call_after(self, work: Coroutine[None, None, None], what: Callable[[], object]) -> None:
        """Call something in its turn, but not before some work is done, which begins at once.

        There has to be `room` for it.
        """
        self._waiting.append((tasks.start(work, "work before a call"), what))
        if self._calling is None:
            self._calling = tasks.start(self._call_all(), "caller in order")

    async def _call_all(self) -> None:
        while self._waiting:
            work, what = self._waiting.popleft()
            try:
                if work is not None:
                    self._room.release()
                    await work
                what()
            except Exception:  # whatever it is, those behind are called
                log.exception("a call was not made, or has failed")
        self._calling = None
