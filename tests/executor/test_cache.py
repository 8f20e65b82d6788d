"""What a cache keeps, what it drops, and what it counts."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inkloom.executor import Entry, MemoryCache
from inkloom.executor.caches.memory_cache import OVERHEAD, buffers


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


def test_what_is_worth_least_goes_first() -> None:
    cache = MemoryCache(10 * (100 + OVERHEAD), hundred_each)
    cache.put("dear", Entry(outputs=("dear",), seconds=20.0))
    for turn in range(100):
        cache.put(f"cheap {turn}", Entry(outputs=(turn,), seconds=0.01))
    assert cache.get("dear") is not None
    assert [turn for turn in range(100) if cache.get(f"cheap {turn}")] == [*range(91, 100)]


def test_what_is_dear_does_not_stay_for_ever() -> None:
    cache = MemoryCache(10 * (100 + OVERHEAD), hundred_each)
    cache.put("dear", Entry(outputs=("dear",), seconds=0.5))
    for turn in range(1000):
        cache.put(f"cheap {turn}", Entry(outputs=(turn,), seconds=0.01))
    assert cache.get("dear") is None


def test_what_is_small_for_what_it_cost_stays_and_what_is_large_goes() -> None:
    sizes = {"large": 100_000, "small": 100}
    cache = MemoryCache(150_000, lambda outputs: {name: sizes[name[:5]] for name in outputs})  # type: ignore[attr-defined]  # texts
    for name in ("large 1", "small", "large 2"):
        cache.put(name, Entry(outputs=(name,), seconds=1.0))
    assert [name for name in ("large 1", "small", "large 2") if cache.get(name)] == ["small", "large 2"]


def test_what_is_dropped_frees_its_memory_at_once() -> None:
    cache = MemoryCache(3 * (1000 + OVERHEAD))
    gone: list[str] = []
    for name in "abcd":
        tensor = Tensor()
        weakref.finalize(tensor, gone.append, name)
        cache.put(name, Entry(outputs=(tensor,)))
        del tensor
    assert gone == ["a"]
    cache.put("b", Entry())
    assert gone == ["a", "b"]
    cache.clear()
    assert gone == ["a", "b", "c", "d"]


class Part:
    def __init__(self, *weights: str, each: int = 100) -> None:
        self.weights, self.each = weights, each
        self.nbytes = each * len(weights)

    def held(self) -> dict[Hashable, int]:
        return dict.fromkeys(self.weights, self.each)


def test_a_holder_says_what_it_shares() -> None:
    cache = MemoryCache(10_000)
    cache.put("whole", Entry(outputs=(Part("x", "y"),)))
    cache.put("skipped", Entry(outputs=({"clip": Part("x", "y")},)))
    cache.put("changed", Entry(outputs=([Part("y", "z")],)))
    assert cache.stats().used == 300 + 3 * OVERHEAD


def test_what_another_one_holds_too_is_not_worth_dropping() -> None:
    cache = MemoryCache(1_000_000)
    for name in ("model", "skip"):
        cache.put(name, Entry(outputs=(Part(*"abcdefgh", each=100_000),), seconds=1.0))
    for name in ("picture", "other"):
        cache.put(name, Entry(outputs=(bytes(150_000),), seconds=1.0))
    every = ("model", "skip", "picture", "other")
    assert [name for name in every if cache.get(name)] == ["model", "skip", "other"]
    cache.put("skip", Entry())  # now the weights are held by one alone
    cache.put("picture", Entry(outputs=(bytes(150_000),), seconds=1.0))
    assert [name for name in every if cache.get(name)] == ["skip", "picture", "other"]


@given(
    st.lists(
        st.tuples(
            st.sampled_from("abcdefgh"),
            st.sets(st.sampled_from("uvwxyz")),
            st.sampled_from([0.0, 1e-6, 0.1, 50.0]),
        ),
        max_size=60,
    ),
    st.integers(1, 3000),
)
def test_what_is_counted_is_what_is_there(puts: list[tuple[str, set[str], float]], budget: int) -> None:
    cache = MemoryCache(budget, hundred_each)
    last: dict[str, Entry] = {}
    for place, (name, parts, seconds) in enumerate(puts):
        last[name] = Entry(outputs=tuple(sorted(parts)), seconds=seconds)
        cache.put(name, last[name])
        if place % 3 == 0:
            cache.get(puts[place // 2][0])
        there = {key: entry for key in last if (entry := cache.get(key)) is not None}
        assert all(entry is last[key] for key, entry in there.items())
        held = {part for entry in there.values() for part in entry.outputs}
        assert cache.stats().used == len(there) * OVERHEAD + 100 * len(held)
        large = [entry for entry in there.values() if OVERHEAD + 100 * len(entry.outputs) > budget]
        assert cache.stats().used <= budget or large


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
