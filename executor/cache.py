"""Results by content key, kept in memory up to a budget of bytes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any, cast

from .problems import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """The result of one node: its outputs, what it shows, the files it wrote, and the seconds it took."""

    outputs: tuple[object, ...] = ()
    ui: Mapping[str, Json] | None = None
    files: tuple[Path, ...] = ()
    seconds: float = 0.0

    def whole(self) -> bool:
        """Tell whether every file that the node wrote is still there."""
        return all(path.exists() for path in self.files)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stats:
    """What a cache did so far and holds now; sizes in bytes."""

    entries: int
    used: int
    budget: int
    hits: int
    misses: int
    evicted: int


Sizes = Mapping[Hashable, int]
"""Bytes by the identity of what holds them, so that memory that values share is counted once."""

OVERHEAD = 512
"""Bytes that an entry is taken to cost besides its values."""


class MemoryCache:
    """Entries by content key, the least recently used dropped first when they exceed the budget.

    `sizeof` measures the outputs of an entry. The latest entry that is bigger than the whole budget is kept
    besides it, until the next such entry comes: a checkpoint that is too big would otherwise be loaded again
    for every change. What it shares with others is not counted against them. A budget of 0 keeps nothing.
    Safe to use from several threads.
    """

    def __init__(self, budget_bytes: int, sizeof: Callable[[object], Sizes] | None = None) -> None:
        self._budget = budget_bytes
        self._sizeof = sizeof or buffers
        self._entries: OrderedDict[str, tuple[Entry, Sizes]] = OrderedDict()
        self._holders: dict[Hashable, int] = {}
        self._big: tuple[str, Sizes] | None = None
        self._used = self._hits = self._misses = self._evicted = 0
        self._lock = threading.Lock()

    def get(self, key: str) -> Entry | None:
        """Return an entry and count it as used; None when it is not there or one of its files is gone."""
        with self._lock:
            found = self._entries.get(key)
            if found is None or (found[0].files and not found[0].whole()):
                self._misses += 1
                return None
            self._entries.move_to_end(key)
            self._hits += 1
            return found[0]

    def put(self, key: str, entry: Entry) -> None:
        """Keep an entry in place of an older one, and drop the least recently used beyond the budget."""
        if not self._budget:
            return
        sizes = self._sizeof(entry.outputs)
        with self._lock:
            self._drop(key)
            besides: Sizes = self._big[1] if self._big else {}
            own = sum(size for identity, size in sizes.items() if identity not in besides)
            if OVERHEAD + own > self._budget:
                self._big = (key, sizes)
            self._entries[key] = (entry, sizes)
            self._used += OVERHEAD
            for identity, size in sizes.items():
                holders = self._holders.get(identity, 0)
                self._holders[identity] = holders + 1
                self._used += 0 if holders else size
            allowed = self._budget + (OVERHEAD + sum(self._big[1].values()) if self._big else 0)
            while self._used > allowed:
                self._drop(next(name for name in self._entries if not self._is_big(name)))
                self._evicted += 1

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._entries.clear()
            self._holders.clear()
            self._big = None
            self._used = 0

    def stats(self) -> Stats:
        """Return what the cache holds and did."""
        with self._lock:
            return Stats(
                entries=len(self._entries),
                used=self._used,
                budget=self._budget,
                hits=self._hits,
                misses=self._misses,
                evicted=self._evicted,
            )

    def _is_big(self, key: str) -> bool:
        return self._big is not None and self._big[0] == key

    def _drop(self, key: str) -> None:
        if key not in self._entries:
            return
        if self._is_big(key):
            self._big = None
        _, sizes = self._entries.pop(key)
        self._used -= OVERHEAD
        for identity, size in sizes.items():
            self._holders[identity] -= 1
            if not self._holders[identity]:
                del self._holders[identity]
                self._used -= size


def buffers(value: object) -> dict[Hashable, int]:
    """Measure texts, bytes and everything with `nbytes`, inside containers and dataclasses too."""
    sizes: dict[Hashable, int] = {}
    seen: set[int] = set()
    waiting: list[object] = [value]
    while waiting:
        found = waiting.pop()
        if found is None or isinstance(found, bool | int | float) or id(found) in seen:
            continue
        seen.add(id(found))
        if isinstance(found, str | bytes | bytearray):
            sizes[id(found)] = len(found)
        elif isinstance(found, Mapping):
            waiting += cast("Mapping[object, object]", found).values()
        elif isinstance(found, list | tuple | set | frozenset):
            waiting += cast("list[object]", found)
        elif isinstance(nbytes := getattr(found, "nbytes", None), int):
            sizes[id(found)] = nbytes
        elif is_dataclass(found) and not isinstance(found, type):
            waiting += (getattr(cast(Any, found), spec.name) for spec in fields(found))
    return sizes
