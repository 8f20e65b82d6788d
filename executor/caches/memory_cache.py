"""Results by content key, kept in memory up to a budget of bytes.

What goes when there is no room is what is worth least: the seconds it took to compute, times how likely it
is used again, over the bytes that dropping it frees. How likely is one over its age, counted in what was
asked of the cache since it was last used: twice as long unused, half as likely. A sampled latent (20 s,
64 KB) so outlives the picture made of it (1 s, 3 MB) and the filtered copies of that (10 ms each), however
many of them come after it; but not for ever. `bench/caching.py` plays sessions of editing against plain LRU.
"""

from __future__ import annotations

import math
import threading
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Collection, Hashable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any, Protocol, cast, runtime_checkable

from ..problems import Json


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """The result of one node: its outputs, what it shows, the files it wrote, and the seconds it took.

    `class_type` is that of the node, for people; "" where it is not known.
    """

    outputs: tuple[object, ...] = ()
    ui: Mapping[str, Json] | None = None
    files: tuple[Path, ...] = ()
    seconds: float = 0.0
    class_type: str = ""

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
    evicted: int = 0


Sizes = Mapping[Hashable, int]
"""Bytes by the identity of what holds them, so that memory that values share is counted once."""


@runtime_checkable
class Holder(Protocol):
    """A value that tells what memory it holds: a handle of a model, whose weights other handles share."""

    def held(self) -> Sizes:
        """Return the bytes of each piece by its identity, the same in every value that shares it."""
        ...


OVERHEAD = 512
"""Bytes that an entry is taken to cost besides its values."""

UNMEASURED = 1.0
"""Seconds that an entry is taken to have cost that does not say."""

LEAST = 1e-5
"""Seconds that an entry is taken to have cost at least."""


def cost_of(seconds: float) -> float:
    """Return the seconds that computing an entry anew is taken to need, from what it says it took."""
    return max(seconds, LEAST) if seconds > 0 else UNMEASURED


@dataclass(slots=True)
class _Held:
    entry: Entry
    sizes: Sizes
    used_at: int
    rank: int


class MemoryCache:
    """Entries by content key, those worth least dropped first when they exceed the budget; see the module.

    `sizeof` measures the outputs of an entry. The latest entry that is bigger than the whole budget is kept
    besides it, until the next such entry comes: a checkpoint that is too big would otherwise be loaded again
    for every change. What it shares with others is not counted against them. A budget of 0 keeps nothing.
    Safe to use from several threads.
    """

    def __init__(self, budget_bytes: int, sizeof: Callable[[object], Sizes] | None = None) -> None:
        self._budget = budget_bytes
        self._sizeof = sizeof or buffers
        self._entries: dict[str, _Held] = {}
        # Entries of about equal seconds for a byte (within a factor of two), the longest unused first: only
        # the first of each rank can be the one that is worth least.
        self._ranks: defaultdict[int, OrderedDict[str, None]] = defaultdict(OrderedDict)
        self._holders: dict[Hashable, set[str]] = {}  # the entries that hold a piece of memory
        self._big: tuple[str, Sizes] | None = None
        self._used = self._hits = self._misses = self._evicted = self._now = 0
        self._lock = threading.Lock()

    def get(self, key: str) -> Entry | None:
        """Return an entry and count it as used; None when it is not there or one of its files is gone."""
        with self._lock:
            return self._get(key)

    def known(self, keys: Collection[str]) -> set[str]:
        """Return the keys whose entries are there, and count these as used."""
        with self._lock:
            return {key for key in keys if self._get(key) is not None}

    def where(self, key: str) -> str | None:
        """Tell where an entry is, "memory" or None, without counting it as used or looked for."""
        return None if self.peek(key) is None else "memory"

    def peek(self, key: str) -> Entry | None:
        """Return what `get` does, without counting it as used or looked for."""
        with self._lock:
            found = self._entries.get(key)
            return None if found is None or not found.entry.whole() else found.entry

    def put(self, key: str, entry: Entry) -> None:
        """Keep an entry in place of an older one, and drop what is worth least beyond the budget."""
        if not self._budget:
            return
        sizes = self._sizeof(entry.outputs)
        with self._lock:
            self._drop(key)
            besides: Sizes = self._big[1] if self._big else {}
            own = sum([size for identity, size in sizes.items() if identity not in besides])
            if OVERHEAD + own > self._budget:
                self._big = (key, sizes)
            new = 0
            for identity, size in sizes.items():
                holders = self._holders.get(identity)
                if holders is None:
                    self._holders[identity] = {key}
                    new += size
                else:
                    holders.add(key)
            self._used += OVERHEAD + new
            self._now += 1
            rank = _rank(entry, new)
            self._entries[key] = _Held(entry, sizes, self._now, rank)
            self._ranks[rank][key] = None
            allowed = self._budget + (OVERHEAD + sum(self._big[1].values()) if self._big else 0)
            while self._used > allowed:
                self._drop(self._least())
                self._evicted += 1

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._entries.clear()
            self._ranks.clear()
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

    def _get(self, key: str) -> Entry | None:
        found = self._entries.get(key)
        if found is None or (found.entry.files and not found.entry.whole()):
            self._misses += 1
            return None
        self._hits += 1
        self._now = found.used_at = self._now + 1
        self._ranks[found.rank].move_to_end(key)
        return found.entry

    def _is_big(self, key: str) -> bool:
        return self._big is not None and self._big[0] == key

    def _least(self) -> str:
        """Return the entry that is worth least."""
        while True:
            firsts = (self._first(rank, keys) for rank, keys in self._ranks.items())
            _, key = min(found for found in firsts if found is not None)
            held = self._entries[key]
            if not self._ranked_anew(key, held):
                return key

    def _ranked_anew(self, key: str, held: _Held) -> bool:
        """Bring an entry among its equals when what it shares has come or gone since; tell whether it has."""
        freed = sum(size for identity, size in held.sizes.items() if len(self._holders[identity]) == 1)
        rank = _rank(held.entry, freed)
        if rank == held.rank:
            return False
        self._leave(key, held)
        held.rank = rank
        self._ranks[rank][key] = None
        self._ranks[rank].move_to_end(key, last=False)
        return True

    def _first(self, rank: int, keys: OrderedDict[str, None]) -> tuple[float, str] | None:
        """Return the worth and the key of the longest unused entry of a rank that may be dropped."""
        key = next((key for key in keys if not self._is_big(key)), None)
        if key is None:
            return None
        return math.ldexp(1.0, rank) / (self._now - self._entries[key].used_at + 1), key

    def _drop(self, key: str) -> None:
        held = self._entries.pop(key, None)
        if held is None:
            return
        if self._is_big(key):
            self._big = None
        self._leave(key, held)
        self._used -= OVERHEAD
        alone: set[str] = set()
        for identity, size in held.sizes.items():
            holders = self._holders[identity]
            holders.remove(key)
            if not holders:
                del self._holders[identity]
                self._used -= size
            elif len(holders) == 1:
                alone |= holders
        for other in alone:
            self._ranked_anew(other, self._entries[other])

    def _leave(self, key: str, held: _Held) -> None:
        del self._ranks[held.rank][key]
        if not self._ranks[held.rank]:
            del self._ranks[held.rank]


def _rank(entry: Entry, freed: int) -> int:
    """Return the logarithm of the seconds that a byte is worth, where dropping an entry frees so many."""
    return math.frexp(cost_of(entry.seconds) / (OVERHEAD + freed))[1]


# Tuples, since a union would be put together anew with every value.
_WEIGHTLESS = (bool, int, float, type(None))
_TEXTS = (str, bytes, bytearray)
_SERIES = (tuple, list, set, frozenset)


def buffers(value: object, measure: Callable[[object], Sizes | None] = lambda _: None) -> dict[Hashable, int]:
    """Measure texts, bytes, holders and everything with `nbytes`, inside containers and dataclasses too.

    `measure` is asked first of what is none of Python's own kinds; None leaves it to the rest.
    """
    sizes: dict[Hashable, int] = {}
    seen: set[int] = set()
    waiting: list[object] = [value]
    while waiting:
        found = waiting.pop()
        if isinstance(found, _WEIGHTLESS) or id(found) in seen:
            continue
        seen.add(id(found))
        if isinstance(found, _TEXTS):
            sizes[id(found)] = len(found)
        elif isinstance(found, _SERIES):
            waiting += cast("list[object]", found)
        elif (own := measure(found)) is not None:
            sizes.update(own)
        elif isinstance(found, Mapping):
            waiting += cast("Mapping[object, object]", found).values()
        elif callable(getattr(found, "held", None)) and not isinstance(found, type):
            sizes.update(cast(Holder, found).held())
        elif isinstance(nbytes := getattr(found, "nbytes", None), int):
            sizes[id(found)] = nbytes
        elif is_dataclass(found) and not isinstance(found, type):
            waiting += (getattr(cast(Any, found), spec.name) for spec in fields(found))
    return sizes
