"""Threads that carry out runs, kept from one to the next: to start one takes longer than a short run."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import Empty, SimpleQueue

Start = Callable[[Callable[[], None]], Callable[[], object]]
"""Has a thread begin what it is given; what comes back waits until that is done."""

LINGER = 10.0
"""Seconds without work after which a thread ends."""


def started(work: Callable[[], None]) -> Callable[[], object]:
    """Have a thread of its own do some work."""
    thread = threading.Thread(target=work, name="inkloom run", daemon=True)
    thread.start()
    return thread.join


class Standby:
    """Threads that do one piece of work after the other; safe to use from several threads."""

    def __init__(self) -> None:
        self._idle: list[SimpleQueue[tuple[Callable[[], None], threading.Event]]] = []
        self._lock = threading.Lock()

    def start(self, work: Callable[[], None]) -> Callable[[], object]:
        """Have a thread that is idle do some work, else a new one."""
        with self._lock:
            orders = self._idle.pop() if self._idle else None
        if orders is None:
            orders = SimpleQueue[tuple[Callable[[], None], threading.Event]]()
            threading.Thread(target=self._serve, args=(orders,), name="inkloom run", daemon=True).start()
        done = threading.Event()
        orders.put((work, done))
        return done.wait

    def _serve(self, orders: SimpleQueue[tuple[Callable[[], None], threading.Event]]) -> None:
        while True:
            try:
                work, done = orders.get(timeout=LINGER)
            except Empty:
                with self._lock:
                    if orders in self._idle:  # otherwise it was just chosen
                        self._idle.remove(orders)
                        return
                continue
            try:
                work()
                del work  # an idle thread holds on to nothing
                with self._lock:
                    self._idle.append(orders)
            finally:  # a fault ends this thread, and is told
                done.set()
