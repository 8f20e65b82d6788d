"""Ctrl-C: the first asks a run to stop after its present step, the second ends the process at once."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Generator
from contextlib import contextmanager

from ..executor import CancelToken

SHOW_CURSOR = b"\x1b[?25h"


@contextmanager
def cancelled_by_ctrl_c(token: CancelToken, tell: Callable[[], None]) -> Generator[None]:
    """Let Ctrl-C cancel `token`, and `tell` the user; a second one exits at once with status 130."""

    def stop(*_: object) -> None:
        if token.cancelled:
            # Nothing is waited for, so nothing of the interpreter runs; only the terminal is put right.
            if os.isatty(2):
                os.write(2, SHOW_CURSOR + b"\n")
            os._exit(130)
        token.cancel()
        tell()

    before = signal.signal(signal.SIGINT, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
