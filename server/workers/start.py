"""The start of a worker process: `python -m inkloom.server.workers.start ROOT`.

What a worker needs takes seconds to import, and nobody listens for that long. So its standard input is
watched from the first moment: when whoever started it is gone, so is this process.
"""

import faulthandler
import os
import select
import sys
import threading
from collections.abc import Callable

LOOK = 100
"""Milliseconds between two looks whether somebody else listens now."""


SLOW = 60.0
"""Seconds after which a start that is not done says what it is at, again and again; it is logged."""


def watched() -> Callable[[], None]:
    """End this process when nobody holds the other end of its input any more; return what stops that."""
    stopped = threading.Event()
    if sys.platform == "win32":  # has no poll, and a start that nobody waits for ends when it listens
        return stopped.set
    look = select.poll()
    look.register(sys.stdin.fileno(), 0)  # of no event but the end: what comes in is for whoever listens

    def watch() -> None:
        while not stopped.is_set():
            if look.poll(LOOK) and not stopped.is_set():
                os._exit(1)  # not sys.exit: the main thread is in the middle of an import

    threading.Thread(target=watch, name="watch", daemon=True).start()
    return stopped.set


if __name__ == "__main__":
    stop = watched()
    faulthandler.dump_traceback_later(SLOW, repeat=True)
    from .worker import run

    def listening() -> None:  # noqa: D103 -- see `run`
        faulthandler.cancel_dump_traceback_later()
        stop()

    run(sys.argv[1:], listening=listening)
