"""Two caches as one: memory first, then the disk."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from .disk_cache import DiskCache
from .memory_cache import Entry, MemoryCache, Stats


@dataclass(frozen=True)
class Tiers:
    """Entries by content key in memory and on the disk; what is found on the disk comes into memory.

    Without a `disk` it is the memory alone. Safe to use from several threads.
    """

    memory: MemoryCache
    disk: DiskCache | None = None

    def get(self, key: str) -> Entry | None:
        """Return an entry and count it as used; None when neither has it whole."""
        entry = self.memory.get(key)
        if entry is None and self.disk is not None:
            entry = self.disk.get(key)
            if entry is not None:
                self.memory.put(key, entry)
        return entry

    def known(self, keys: Collection[str]) -> set[str]:
        """Return the keys whose entries are there and count these as used; the disk is not read."""
        found = self.memory.known(keys)
        if self.disk is not None:
            found |= {key for key in keys if key not in found and self.disk.there(key)}
        return found

    def where(self, key: str) -> str | None:
        """Tell where an entry is, "memory", "disk" or None, without counting it as used."""
        return self.memory.where(key) or (self.disk.where(key) if self.disk else None)

    def peek(self, key: str) -> Entry | None:
        """Return an entry that is in memory, without counting it as used."""
        return self.memory.peek(key)

    def put(self, key: str, entry: Entry) -> None:
        """Keep an entry in memory, and have it written to the disk."""
        self.memory.put(key, entry)
        if self.disk is not None:
            self.disk.put(key, entry)

    def flush(self, seconds: float) -> bool:
        """Wait until the disk has all, no longer than so many seconds; see `DiskCache.flush`."""
        return self.disk is None or self.disk.flush(seconds)

    def settle(self, seconds: float) -> bool:
        """Wait until the disk has what cost much, no longer than so many seconds; see `DiskCache.settle`."""
        return self.disk is None or self.disk.settle(seconds)

    def clear(self) -> None:
        """Forget what is in memory."""
        self.memory.clear()

    def stats(self) -> Stats:
        """Return what is in memory and what was asked of it."""
        return self.memory.stats()
