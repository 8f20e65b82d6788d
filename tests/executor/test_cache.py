"""What a cache keeps, what it drops, and what it counts."""

from __future__ import annotations

import threading
from collections.abc import Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from inkloom.executor import Entry, MemoryCache
from inkloom.executor.cache import OVERHEAD, buffers


def hundred_each(outputs: Any) -> dict[Hashable, int]:
    return dict.fromkeys(outputs, 100)


def test_the_least_recently_used_goes_first() -> None:
    cache = MemoryCache(3 * (100 + OVERHEAD), hundred_each)
    for name in "abc":
        cache.put(name, Entry(outputs=(name,)))
    assert cache.get("a") is not None
    cache.put("d", Entry(outputs=("d",)))
    assert [name for name in "abcd" if cache.get(name)] == ["a", "c", "d"]
    assert cache.stats().evicted == 1


def test_shared_memory_counts_once() -> None:
    cache = MemoryCache(10_000, hundred_each)
    cache.put("a", Entry(outputs=("x", "y")))
    cache.put("b", Entry(outputs=("y", "z")))
    assert cache.stats().used == 300 + 2 * OVERHEAD
    cache.put("a", Entry())
    assert cache.stats().used == 200 + 2 * OVERHEAD
    cache.clear()
    assert (cache.stats().used, cache.stats().entries) == (0, 0)


@pytest.mark.parametrize("budget", [1, OVERHEAD, OVERHEAD + 99])
def test_what_is_too_big_is_kept_until_the_next_such_entry(budget: int) -> None:
    cache = MemoryCache(budget, hundred_each)
    for name in ("big", "bigger"):
        cache.put(name, Entry(outputs=(name,)))
        assert cache.get(name) is not None
    assert cache.get("big") is None
    assert cache.stats().used == OVERHEAD + 100
    cache.put("bigger", Entry(outputs=("other",)))
    assert (cache.stats().entries, cache.stats().used) == (1, OVERHEAD + 100)
    cache.clear()
    cache.put("big", Entry(outputs=("big",)))
    assert cache.get("big") is not None


def test_the_rest_has_the_budget_for_itself_besides_what_is_too_big() -> None:
    checkpoint = tuple("abcdefghijklmnopqrst")
    cache = MemoryCache(3 * (100 + OVERHEAD), hundred_each)
    cache.put("checkpoint", Entry(outputs=checkpoint))
    cache.put("patched", Entry(outputs=(*checkpoint, "patch")))  # it shares all but the patch
    for name in ("1", "2", "3"):
        cache.put(name, Entry(outputs=(name,)))
    names = ("checkpoint", "patched", "1", "2", "3")
    assert [name for name in names if cache.get(name)] == ["checkpoint", "1", "2", "3"]
    assert cache.stats().evicted == 1


def test_a_budget_of_nothing_keeps_nothing() -> None:
    cache = MemoryCache(0, hundred_each)
    cache.put("a", Entry())
    assert cache.get("a") is None


def test_an_entry_lives_as_long_as_its_files(tmp_path: Path) -> None:
    written = tmp_path / "made.png"
    cache = MemoryCache(10_000)
    cache.put("a", Entry(files=(written,)))
    assert cache.get("a") is None
    written.touch()
    assert cache.get("a") is not None
    assert (cache.stats().hits, cache.stats().misses) == (1, 1)


class Tensor:
    nbytes = 1000


@dataclass
class Handle:
    weights: Tensor
    note: str = "note"


def test_buffers_are_measured_wherever_they_are() -> None:
    one, two = Tensor(), Tensor()
    nested: list[Any] = [one, {"samples": two, "again": one}, (Handle(one), None, 3.0)]
    nested.append(nested)
    assert sorted(buffers(nested).values()) == [4, 1000, 1000]
    assert buffers(Entry) == {}  # a class is no value of it
    assert buffers((b"12345", "ä")) == {**buffers(b"12345"), **buffers("ä")}


def test_threads_may_share_a_cache() -> None:
    cache = MemoryCache(20 * (100 + OVERHEAD), hundred_each)
    start = threading.Barrier(4)
    failures: list[str] = []

    def work(own: int) -> None:
        start.wait()
        for turn in range(3000):
            name = f"{turn * 7 % 60}"
            entry = cache.get(name)
            if entry is not None and entry.outputs != (name,):
                failures.append(f"{own}: {name} held {entry.outputs}")
            cache.put(name, Entry(outputs=(name,)))

    threads = [threading.Thread(target=work, args=(own,)) for own in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    stats = cache.stats()
    assert stats.used == stats.entries * (100 + OVERHEAD) <= stats.budget
    assert stats.hits + stats.misses == 4 * 3000
