"""Threads that are kept: used again when idle, never shared by two at once."""

from __future__ import annotations

import threading
from queue import SimpleQueue

from inkloom.executor.runs.standby import Standby


def test_an_idle_thread_is_used_again() -> None:
    standby, used = Standby(), list[threading.Thread]()
    for _ in range(5):
        standby.start(lambda: used.append(threading.current_thread()))()
    assert len(set(used)) == 1


def test_a_busy_thread_is_not_waited_for() -> None:
    standby, gate, used = Standby(), threading.Event(), SimpleQueue[threading.Thread]()

    def work() -> None:
        used.put(threading.current_thread())
        gate.wait()

    ended = [standby.start(work) for _ in range(3)]
    assert len({used.get(timeout=10) for _ in ended}) == 3
    gate.set()
    for wait in ended:
        wait()
