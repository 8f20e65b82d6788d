"""How much memory this process takes, as Linux counts it; of other systems nothing is known."""

from __future__ import annotations

import mmap
import sys
import threading
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

STATM = Path("/proc/self/statm")
EVERY = 0.01
"""Seconds between two looks: what lives shorter is not seen."""

CGROUPS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))
MEMINFO = Path("/proc/meminfo")
OTHERWISE = 8 * 2**30


def anonymous_bytes() -> int | None:
    """Return this process's memory in RAM that lies in no file; None where the system does not tell."""
    if sys.platform != "linux":
        return None
    _, resident, shared, *_ = STATM.read_bytes().split()
    return (int(resident) - int(shared)) * mmap.PAGESIZE


def machine_bytes() -> int:
    """Return the memory that this process may take: the machine's, or what its container is limited to."""
    if sys.platform != "linux":
        return OTHERWISE
    total = next(line for line in MEMINFO.read_text(encoding="ascii").splitlines() if "MemTotal" in line)
    limits = [int(total.split()[1]) * 1024]
    told = [path.read_text(encoding="ascii").strip() for path in CGROUPS if path.is_file()]
    return min(limits + [int(limit) for limit in told if limit.isdigit()])


@dataclass
class Peak:
    """The most memory that was seen, beyond what there was when it was begun to look."""

    before: int | None
    most: int | None

    @property
    def grown(self) -> int | None:
        """Bytes that came in the meantime, and may have gone again."""
        return None if self.most is None or self.before is None else self.most - self.before

    def look(self) -> None:
        """Look now."""
        if self.most is not None and (now := anonymous_bytes()) is not None:
            self.most = max(self.most, now)


class Watch(Protocol):
    """What was seen of a device's memory while something computed."""

    @property
    def grown(self) -> int | None:
        """Bytes that came in the meantime, and may have gone again; None where nobody can tell."""
        ...


@contextmanager
def watched(device: str = "cpu") -> Generator[Peak]:
    """Look at this process's memory now and then, from another thread: that of the device "cpu"."""
    del device
    before = anonymous_bytes()
    peak = Peak(before, before)
    if before is None:
        yield peak
        return
    over = threading.Event()

    def look() -> None:
        while not over.wait(EVERY):
            peak.look()

    thread = threading.Thread(target=look, name="inkloom memory", daemon=True)
    thread.start()
    try:
        yield peak
    finally:
        over.set()
        thread.join()
        peak.look()
