"""Moving what a log has into its database, while others go on to write the log."""

import logging
import threading
from collections.abc import Callable

from .errors import StoreError

PAUSE = 0.5
"""Seconds between two times: what is changed again and again meanwhile is moved once."""

log = logging.getLogger(__name__)


class Tidying:
    """A thread that calls `tidy` soon after something was written, and not too often."""

    def __init__(self, tidy: Callable[[], None], pause: float = PAUSE) -> None:
        self._tidy = tidy
        self._pause = pause
        self._written = threading.Event()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._work, name="job tidying", daemon=True)
        self._thread.start()

    def written(self) -> None:
        """Say that something was written."""
        self._written.set()

    def close(self) -> None:
        """End the thread; what it has not moved is moved when the database is closed, or opened again."""
        self._closed.set()
        self._written.set()
        self._thread.join()

    def _work(self) -> None:
        while not self._closed.wait(self._pause):
            self._written.wait()
            self._written.clear()
            if self._closed.is_set():
                return
            try:
                self._tidy()
            except StoreError as error:  # the log grows, and the next time may do
                log.warning("%s", error)
