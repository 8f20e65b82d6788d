"""Results on the disk: what is found again, what a damaged, full or shared folder does to them."""

from __future__ import annotations

import errno
import os
import random
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Container
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from inkloom.executor import DiskCache, Entry, MemoryCache, Tiers
from inkloom.executor.caches import disk_cache, disk_space
from inkloom.executor.caches.disk_space import ABANDONED, RESERVE, allowed, default_size
from inkloom.executor.caches.entry_file import Blob, CodecError, Encoded, Facts
from inkloom.executor.files import atomic
from inkloom.executor.files.atomic import UNFINISHED

SIZE = 2**24


class Plain:
    """A codec of lists, texts, numbers and bytes, without torch."""

    def size(self, value: object) -> int | None:
        if isinstance(value, bytes):
            return len(value)
        if isinstance(value, list | tuple):
            sizes = [self.size(item) for item in value]  # type: ignore[misc]  # any items
            return None if None in sizes else sum(filter(None, sizes))
        if isinstance(value, dict):
            return self.size([*value.values()])
        return 8 if value is None or isinstance(value, str | int | float) else None

    def encode(self, value: object) -> Encoded:
        blobs: list[Blob] = []

        def form(value: Any) -> Any:
            if isinstance(value, bytes):
                blobs.append(Blob("U8", (len(value),), value))
                return {"b": len(blobs) - 1}
            if isinstance(value, dict):
                return {"d": {key: form(item) for key, item in value.items()}}
            if isinstance(value, list | tuple):
                return {"t" if isinstance(value, tuple) else "l": [form(item) for item in value]}
            if value is None or isinstance(value, str | int | float):
                return value
            raise CodecError(f"{value!r}")

        return Encoded(form(value), tuple(blobs))

    def allocate(self, size: int) -> memoryview:
        return memoryview(bytearray(size))

    def decode(self, encoded: Encoded) -> object:
        def value(form: Any) -> Any:
            match form:
                case {"b": place}:
                    return bytes(encoded.blobs[place].data)
                case {"d": table}:
                    return {key: value(item) for key, item in table.items()}
                case {"l": items}:
                    return [value(item) for item in items]
                case {"t": items}:
                    return tuple(value(item) for item in items)
                case _:
                    return form

        return value(encoded.body)


def opened(
    folder: Path, size: int = SIZE, stamp: str = "one", warnings: list[str] | None = None
) -> DiskCache:
    return DiskCache(folder, Plain(), size, stamp=stamp, warn=([] if warnings is None else warnings).append)


def put(cache: DiskCache, **entries: Entry) -> None:
    for key, entry in entries.items():
        cache.put(key, entry)
    assert cache.flush(10)


def entry(value: object = b"x", seconds: float = 1.0, **more: Any) -> Entry:
    return Entry(outputs=(value,), seconds=seconds, **more)


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_what_was_put_is_found_by_the_next_process(tmp_path: Path) -> None:
    written = tmp_path / "picture.png"
    written.touch()
    whole = Entry(
        outputs=(b"1" * 5000, "two", (3, [4.5])),
        ui={"images": ["a"]},
        files=(written,),
        seconds=2.5,
        class_type="Two",
    )
    put(opened(tmp_path), a=whole, b=Entry(seconds=1e-6))
    cache = opened(tmp_path)
    assert cache.get("a") == whole
    assert cache.get("b") == Entry(seconds=1e-6)
    assert (cache.get("c"), cache.where("a"), cache.where("c")) == (None, "disk", None)
    written.unlink()
    assert cache.get("a") is None


def test_what_is_told_of_an_entry_without_reading_it(tmp_path: Path) -> None:
    cache = opened(tmp_path)
    pictures = [tmp_path / (letter * 120 + '".png') for letter in "üö"]
    for picture in pictures:
        picture.touch()
    put(cache, a=entry(class_type='My "ünïcode" node', files=tuple(pictures)))
    [kept] = cache.kept()
    assert kept.facts == Facts(
        key="a",
        seconds=1.0,
        about=f"{pictures[0].name}, {pictures[1].name}, U8 1"[:256],
        class_type='My "ünïcode" node',
    )
    # As versions before wrote it, that did not know the node.
    content = kept.path.read_bytes()
    start = content.index(b',"class_type"')
    kept.path.write_bytes(content[:start] + content[content.index(b',"body"') :])
    assert [found.facts for found in cache.kept()] == [replace(kept.facts, class_type="")]


def test_what_is_still_waiting_is_found_too(tmp_path: Path) -> None:
    cache, there = opened(tmp_path), entry()
    gate = threading.Event()

    class Slow(Plain):
        def encode(self, value: object) -> Encoded:
            gate.wait()
            return super().encode(value)

    cache = DiskCache(tmp_path, Slow(), SIZE, stamp="one")
    cache.put("a", there)
    cache.put("b", entry(seconds=0.001))
    assert (cache.get("a"), cache.where("b")) == (there, "disk")
    assert not cache.flush(0.01)
    gate.set()
    assert cache.flush(10)
    assert len(files(tmp_path)) == 2


def test_other_code_finds_nothing(tmp_path: Path) -> None:
    put(opened(tmp_path), a=entry())
    assert opened(tmp_path, stamp="two").get("a") is None
    assert opened(tmp_path).get("a") is not None


def test_what_has_no_form_is_not_kept(tmp_path: Path) -> None:
    put(cache := opened(tmp_path), a=entry(object()), b=Entry(outputs=(1,), ui={"x": object()}))  # type: ignore[dict-item]  # what a node may wrongly show
    assert cache.get("a") is None
    assert not files(tmp_path)


DAMAGE: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda content: b"",
    "cut": lambda content: content[: len(content) // 2],
    "cut by one": lambda content: content[:-1],
    "longer": lambda content: content + b"\0",
    "header only": lambda content: content[:8],
    "huge header": lambda content: b"\xff" * 8 + content[8:],
    "zeros": lambda content: bytes(len(content)),
    "other format": lambda content: b"\x89PNG" + content[4:],
    "other json": lambda content: (2).to_bytes(8, "little") + b"{}",
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=list(DAMAGE))
def test_a_damaged_entry_is_deleted_and_told_as_missing(
    tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    put(cache := opened(tmp_path), a=entry(b"12345" * 100), b=entry(b"other"))
    [path] = [path for path in files(tmp_path) if path.stem == "a"]
    path.write_bytes(damage(path.read_bytes()))
    assert cache.get("a") is None
    assert not path.exists()
    assert cache.get("b") == entry(b"other")
    put(cache, a=entry(b"again"))
    assert opened(tmp_path).get("a") == entry(b"again")


def test_every_flipped_bit_is_noticed(tmp_path: Path) -> None:
    there = entry((b"12345", "text", 1.5), ui={"a": 1})
    put(cache := opened(tmp_path), a=there)
    [path] = files(tmp_path)
    content = path.read_bytes()
    for place in range(len(content)):
        path.write_bytes(content[:place] + bytes([content[place] ^ 1 << place % 8]) + content[place + 1 :])
        assert cache.get("a") is None, place
    path.write_bytes(content)
    assert cache.get("a") == there


def test_an_entry_under_another_s_name_is_not_taken_for_it(tmp_path: Path) -> None:
    put(cache := opened(tmp_path), a=entry())
    [path] = files(tmp_path)
    path.rename(path.with_stem("b"))
    assert cache.get("b") is None


def test_what_is_worth_least_goes_first(tmp_path: Path) -> None:
    cache = opened(tmp_path, size=100_000)
    costs = [0.01 * 2**place for place in range(20)]
    random.Random(1).shuffle(costs)
    for cost in costs:
        put(cache, **{f"k{cost}": entry(b"x" * 10_000, cost)})
    assert all(cache.get(f"k{cost}") for cost in sorted(costs)[-5:])
    assert cache.used() <= 100_000
    put(cache, large=entry(b"x" * 30_000, 1000.0))
    assert cache.get("large") is None, "one entry must not push out all others"


def test_of_one_run_s_states_the_old_ones_go_first(tmp_path: Path) -> None:
    cache = opened(tmp_path, size=100_000)
    for run, step in [("a", 1), ("a", 2), ("b", 1), ("b", 2), ("b", 3)]:
        put(cache, **{f"partial {run} {step}": entry(b"x" * 10_000, 0.0)})
        for path in files(tmp_path):  # the clock of files is not fine enough for a test
            os.utime(path, (time.time() - 100, path.stat().st_mtime - 1))
    for place in range(6):
        put(cache, **{f"k{place}": entry(b"x" * 10_000, 1e-9)})
    kept = {key for key in ("a 1", "a 2", "b 1", "b 2", "b 3") if cache.get(f"partial {key}")}
    assert {"a 2", "b 3"} <= kept
    assert len(kept) < 5


def test_a_state_is_replaced_while_it_waits(tmp_path: Path) -> None:
    gate = threading.Event()

    class Slow(Plain):
        def encode(self, value: object) -> Encoded:
            gate.wait()
            return super().encode(value)

    cache = DiskCache(tmp_path, Slow(), SIZE, stamp="one")
    for step in range(10):
        cache.put(f"partial run {step}", entry(seconds=0.0))
    gate.set()
    assert cache.flush(10)
    *begun, last = [path.stem for path in files(tmp_path)]
    assert last == "partial-run-9"
    assert len(begun) <= 1, "that which was being written already"


@pytest.mark.parametrize("fault", [errno.ENOSPC, errno.EDQUOT, errno.EIO])
def test_a_full_disk_is_told_once_and_runs_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fault: int
) -> None:
    real = atomic.os.replace

    def full(*_: object) -> None:
        raise OSError(fault, os.strerror(fault))

    monkeypatch.setattr(atomic.os, "replace", full)
    cache = opened(tmp_path, warnings=(told := []))
    put(cache, a=entry(), b=entry())
    put(cache, c=entry())
    monkeypatch.setattr(atomic.os, "replace", real)
    put(cache, d=entry())
    assert not files(tmp_path), "it is not tried again at once"
    monkeypatch.setattr(atomic.os, "replace", full)
    monkeypatch.setattr(disk_cache, "PAUSE", 0.0)
    cache = opened(tmp_path, warnings=(again := []))
    put(cache, a=entry())
    put(cache, a=entry())
    assert [len(told), len(again)] == [1, 1]
    assert "results are not kept" in told[0]
    assert not files(tmp_path)
    monkeypatch.setattr(atomic.os, "replace", real)
    put(cache, a=entry())
    assert cache.get("a") == entry()


FULL = """
import resource, signal, sys
from pathlib import Path
from tests.executor.test_disk_cache import *
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
cache = opened(Path(sys.argv[1]), warnings=(told := []))
put(cache, small=entry(b"x"), large=entry(b"x" * 50_000))
print(told, [key for key in ("small", "large") if cache.get(key)], len(files(Path(sys.argv[1]))))
"""


def test_a_file_that_may_not_grow_is_a_full_disk(tmp_path: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", FULL, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).parents[2],
    )
    assert "the disk is full" in ran.stdout
    assert ran.stdout.endswith("['small'] 1\n")


READ_ONLY = """
import os, sys
from tests.executor.test_disk_cache import *
if os.geteuid() == 0:
    os.seteuid(65534)  # root may write everywhere
cache = opened(Path("."), warnings=(told := []))
found = cache.get("a") == entry()
put(cache, b=entry(), c=entry())
print(found, told, cache.get("b"))
"""


def test_a_folder_that_may_not_be_written_is_read(tmp_path: Path) -> None:
    put(opened(tmp_path), a=entry())
    for path in (*files(tmp_path), tmp_path / "results" / "one", tmp_path / "results", tmp_path):
        path.chmod(0o444 if path.is_file() else 0o555)
    ran = subprocess.run(
        [sys.executable, "-c", READ_ONLY],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    (tmp_path / "results" / "one").chmod(0o755)
    assert ran.stdout.startswith("True ['results are not kept in")
    assert ran.stdout.endswith("Permission denied; runs go on without'] None\n")


def test_a_file_where_the_folder_should_be_is_told_once(tmp_path: Path) -> None:
    (tmp_path / "results").write_text("mine")
    cache = opened(tmp_path, warnings=(told := []))
    put(cache, a=entry(), b=entry())
    assert (len(told), cache.get("a"), cache.where("a"), cache.used(), [*cache.kept()]) == (
        1,
        None,
        None,
        0,
        [],
    )
    assert (tmp_path / "results").read_text() == "mine"


def test_a_size_of_nothing_keeps_nothing(tmp_path: Path) -> None:
    put(cache := opened(tmp_path, size=0), a=entry())
    assert cache.get("a") is None
    assert not files(tmp_path)


def test_the_folder_may_be_deleted_meanwhile(tmp_path: Path) -> None:
    put(cache := opened(tmp_path), a=entry())
    shutil.rmtree(tmp_path / "results")
    assert (cache.get("a"), cache.there("a")) == (None, False)
    put(cache, b=entry())
    assert (cache.get("b"), cache.there("b")) == (entry(), True)


def test_clearing_leaves_nothing_of_any_version(tmp_path: Path) -> None:
    put(opened(tmp_path, stamp="old"), a=entry())
    put(cache := opened(tmp_path), a=entry(), b=entry())
    (cache.folder / "one" / f"{UNFINISHED}1-2").write_bytes(b"x")
    (cache.folder / "mine.txt").write_text("not a cache's")
    assert len([*cache.kept()]) == 3
    used = cache.used()
    assert cache.clear() == used > 0
    assert (cache.used(), cache.get("a")) == (0, None)
    assert [path.name for path in files(tmp_path)] == ["mine.txt"]
    put(cache, a=entry())
    assert cache.get("a") == entry()


def test_what_a_killed_process_left_is_cleaned_up_later(tmp_path: Path) -> None:
    put(cache := opened(tmp_path, size=50_000), a=entry())
    old, new = (cache.folder / "one" / f"{UNFINISHED}{number}" for number in "12")
    for path in (old, new):
        path.write_bytes(b"x" * 10_000)
    os.utime(old, (0, time.time() - ABANDONED - 10))
    put(opened(tmp_path, size=50_000), b=entry(), c=entry())
    assert (old.exists(), new.exists()) == (False, True)


def test_the_disk_keeps_room_for_others(tmp_path: Path) -> None:
    assert 0 < default_size(tmp_path / "not" / "there") <= 20 * 2**30
    assert allowed(tmp_path, 1000, 0) in (0, 1000)
    assert allowed(tmp_path, 2**62, 0) < 2**62


@pytest.mark.parametrize(("spare", "kept"), [(100_000, range(1, 100_001)), (-1, [0])])
def test_a_gigabyte_stays_free_whatever_the_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spare: int, kept: Container[int]
) -> None:
    def usage(path: Path) -> Any:
        taken = sum(4096 * -(-file.stat().st_size // 4096) for file in files(tmp_path))
        return SimpleNamespace(free=RESERVE + spare - taken, total=2**40)

    monkeypatch.setattr(disk_space.shutil, "disk_usage", usage)
    warnings: list[str] = []
    cache = opened(tmp_path, 2**34, warnings=warnings)
    for number in range(20):
        put(cache, **{f"k{number}": entry(bytes(20_000))})
        assert cache.used() in kept
    assert len(warnings) == (not cache.used())
    assert all("less than 1 GiB of the disk would stay free" in warning for warning in warnings)


def test_cheap_results_never_crowd_out_the_queue(tmp_path: Path) -> None:
    cache = opened(tmp_path)
    for place in range(3000):
        cache.put(f"k{place}", entry(seconds=1e-5))
    assert cache.flush(20)
    assert cache.get("k2999") is not None
    assert len(files(tmp_path)) < 3000


ENDS = """
import sys
from tests.executor.test_disk_cache import *
cache = opened(Path(sys.argv[1]))
for place in range(300):
    cache.put(f"k{place}", entry(seconds=1e-5))
"""


def test_the_end_of_a_process_waits_for_what_is_not_written(tmp_path: Path) -> None:
    command = [sys.executable, "-c", ENDS, str(tmp_path)]
    subprocess.run(command, check=True, cwd=Path(__file__).parents[2])
    assert len(files(tmp_path)) == 300


WRITER = """
import sys
from pathlib import Path
from tests.executor.test_disk_cache import *
own, folder = int(sys.argv[2]), Path(sys.argv[1])
cache = opened(folder, size=400_000)
wrong = []
sys.stdin.readline()
for turn in range(400):
    key = f"k{turn * 7 % 60}"
    found = cache.get(key)
    if found is not None and found != entry(key.encode() * 2000, 1.0):
        wrong.append(key)
    cache.put(key, entry(key.encode() * 2000, 1.0))
    if turn == 200 and own == 0:
        cache.clear()
    if turn % 20 == 0:
        cache.flush(10)
cache.flush(10)
print(wrong, sum(cache.get(f"k{place}") is not None for place in range(60)) > 5)
"""


def test_two_processes_share_a_folder(tmp_path: Path) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path), str(own)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        for own in range(2)
    ]
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    assert [process.communicate(timeout=60)[0] for process in processes] == ["[] True\n"] * 2
    assert not [path for path in files(tmp_path) if path.name.startswith(UNFINISHED)]
    assert opened(tmp_path, size=400_000).used() < 800_000


KILLED = """
import sys
from pathlib import Path
from tests.executor.test_disk_cache import *
cache = opened(Path(sys.argv[1]))
for turn in range(10**9):
    cache.put(f"k{turn % 50}", entry(str(turn % 50).encode() * 50_000, 1.0))
    cache.flush(10)
    print(turn, flush=True)
"""


def test_a_kill_at_any_moment_leaves_a_valid_cache(tmp_path: Path) -> None:
    for moment in range(4):
        process = subprocess.Popen(
            [sys.executable, "-c", KILLED, str(tmp_path)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        assert process.stdout is not None
        for _ in range(20 + 7 * moment):
            process.stdout.readline()
        process.kill()
        process.communicate()
        cache = opened(tmp_path)
        found = {place: cache.get(f"k{place}") for place in range(50)}
        assert sum(value is not None for value in found.values()) >= 20
        for place, value in found.items():
            assert value in (None, entry(str(place).encode() * 50_000, 1.0))


def test_memory_comes_before_the_disk(tmp_path: Path) -> None:
    tiers = Tiers(MemoryCache(2**20), opened(tmp_path))
    tiers.put("a", entry())
    assert tiers.flush(10)
    again = Tiers(MemoryCache(2**20), opened(tmp_path))
    assert (again.where("a"), again.where("b")) == ("disk", None)
    assert again.get("a") == entry()
    assert again.where("a") == "memory"
    [path] = files(tmp_path)
    path.unlink()
    assert again.get("a") == entry()
    again.clear()
    assert again.get("a") is None
    assert Tiers(MemoryCache(2**20)).get("a") is None
