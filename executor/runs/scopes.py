"""The scope that node functions run inside, entered by each thread that calls any."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager, ExitStack, contextmanager


class Scopes:
    """Has threads enter a scope once each, with their first call: to enter it costs more than a cheap node.

    A thread that calls none does not enter it, since that may load what calls need.
    """

    def __init__(self, scope: Callable[[], AbstractContextManager[object]]) -> None:
        self._scope = scope
        self._here = threading.local()

    @contextmanager
    def thread(self) -> Generator[None]:
        """Surround all that a thread does; at the end it leaves the scope, if it has entered it."""
        with ExitStack() as left:
            self._here.left, self._here.entered = left, False
            yield

    def enter(self) -> None:
        """Enter the scope, unless this thread has; raises what the scope raises."""
        if not self._here.entered:
            self._here.left.enter_context(self._scope())
            self._here.entered = True
