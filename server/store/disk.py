"""Waiting for the disk, for all who wait at the same time, while others go on to change the database."""

import asyncio
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue

from .answers import answer
from .errors import StoreError
from .turns import Turns

flush_data = getattr(os, "fdatasync", os.fsync)
"""Makes the disk write down what a file has; where the system can, without the times of the file."""


def flush_log(path: Path) -> None:
    """Wait until the disk has the log of a SQLite database, where its commits are; raises StoreError.

    SQLite does this itself at the end of each commit with `PRAGMA synchronous = FULL`, but keeps everybody
    from the database meanwhile.
    """
    log = path.with_name(f"{path.name}-wal")
    try:
        file = os.open(log, os.O_RDWR)
    except FileNotFoundError:  # SQLite has moved it all into the database, and waited for that
        return
    except OSError as error:
        raise StoreError(f"can't open {log}: {error.strerror}; see its rights and its folder's") from error
    try:
        flush_data(file)
    except OSError as error:
        raise StoreError(f"the disk can't write {log}: {error.strerror}; see the system's log") from error
    finally:
        os.close(file)


class Disk:
    """A thread that waits for the disk; `flush` does the waiting."""

    def __init__(self, flush: Callable[[], None]) -> None:
        self._flush = flush
        self._closed = False
        self._waiting: SimpleQueue[list[asyncio.Future[None]] | None] = SimpleQueue()
        self._turns = Turns(self._waiting.put)
        self._thread = threading.Thread(target=self._work, name="job disk", daemon=True)
        self._thread.start()

    def settled(self) -> asyncio.Future[None]:
        """Return what comes true when the disk has all that was written by now; it raises StoreError."""
        if self._closed:
            raise StoreError("the database was closed")
        found: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._turns.add(found)
        return found

    def close(self) -> None:
        """Serve those who wait, and end the thread."""
        self._closed = True
        self._turns.end()
        self._waiting.put(None)
        self._thread.join()

    def _work(self) -> None:
        more = True
        while more and (first := self._waiting.get()) is not None:
            waiting = [*first]
            with suppress(Empty):
                while more:
                    if (another := self._waiting.get_nowait()) is None:
                        more = False
                    else:
                        waiting += another
            try:
                self._flush()
            except StoreError as error:
                answer(waiting, [error] * len(waiting))
            else:
                answer(waiting, [None] * len(waiting))
