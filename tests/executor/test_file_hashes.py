"""A file is read once until it changes; what is remembered of it never counts for another content."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from inkloom.executor.files import hashes
from inkloom.executor.files.hashes import LARGE, LEAF, FileHashes, content_hash

OLD_NS = time.time_ns() - 10**12


def written(path: Path, content: bytes, size: int = LARGE, changed_ns: int = OLD_NS) -> Path:
    with path.open("wb") as file:
        file.write(content)
        file.truncate(size)
    os.utime(path, ns=(changed_ns, changed_ns))
    return path


class Counted(FileHashes):
    """Hashes that tell how often a file was read."""

    def __init__(self, memo: Path | None) -> None:
        super().__init__(memo)
        self.read = 0

    def once(self, path: Path) -> tuple[str, int]:
        """Return a hash and whether the file was read for it."""
        checks: list[None] = []
        found = self.of(path, lambda: checks.append(None))
        return found, int(bool(checks))


def test_the_next_process_reads_nothing(tmp_path: Path) -> None:
    memo, path = tmp_path / "cache" / "hashes.json", written(tmp_path / "a", b"1")
    expected = hashlib.blake2b(path.read_bytes(), digest_size=20).hexdigest()
    first = Counted(memo)
    assert [first.once(path), first.once(path)] == [(expected, 1), (expected, 0)]
    assert Counted(memo).once(path) == (expected, 0)
    assert Counted(None).once(path) == (expected, 1)


CHANGES: dict[str, Callable[[Path], object]] = {
    "size": lambda path: written(path, b"2", LARGE + 1),
    "time": lambda path: written(path, b"2", changed_ns=OLD_NS + 1),
    "inode": lambda path: os.replace(written(path.with_name("new"), b"2"), path),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=list(CHANGES))
def test_what_changed_is_read_again(tmp_path: Path, change: Callable[[Path], object]) -> None:
    memo, path = tmp_path / "hashes.json", written(tmp_path / "a", b"1")
    hashes = FileHashes(memo)
    before = hashes.of(path)
    change(path)
    after = content_hash(path)
    assert before != after
    assert [hashes.of(path), FileHashes(memo).of(path)] == [after, after]


def test_what_may_change_unseen_is_not_kept(tmp_path: Path) -> None:
    memo = tmp_path / "hashes.json"
    path = written(tmp_path / "a", b"1", changed_ns=time.time_ns())
    FileHashes(memo).of(path)
    assert not memo.exists()
    FileHashes(memo).of(written(tmp_path / "small", b"1", LARGE - 1))
    assert not memo.exists()
    path = written(tmp_path / "b", b"1")
    # Somebody writes to it while it is read.
    FileHashes(memo).of(path, lambda: os.utime(path, ns=(OLD_NS, OLD_NS + 5)))
    assert not memo.exists()


def test_a_damaged_memo_is_as_none(tmp_path: Path) -> None:
    memo, path = tmp_path / "hashes.json", written(tmp_path / "a", b"1")
    expected = FileHashes(memo).of(path)
    content = memo.read_bytes()
    damaged = [
        content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]
        for place in range(0, len(content), 11)
    ]
    for text in (*damaged, content[:-9], b"", b"[]", b"{}", b'{"files": 1, "checksum": 2}'):
        memo.write_bytes(text)
        assert FileHashes(memo).of(path) == expected
        memo.unlink()
    memo.mkdir()
    assert FileHashes(memo).of(path) == expected


def test_several_files_and_processes_are_kept_beside_each_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    memo = tmp_path / "hashes.json"
    monkeypatch.setattr(hashes, "MOST", 3)
    paths = [written(tmp_path / name, name.encode()) for name in "abcd"]
    for path in paths:
        FileHashes(memo).of(path)
    assert [Counted(memo).once(path)[1] for path in reversed(paths)] == [0, 0, 0, 1]


@pytest.mark.parametrize("size", [LEAF, LEAF + 1, 2 * LEAF, 2 * LEAF + 12345])
def test_a_large_file_is_hashed_as_a_tree(tmp_path: Path, size: int) -> None:
    path = written(tmp_path / "a", os.urandom(3000), size)
    content = path.read_bytes()
    if size <= LEAF:
        assert content_hash(path) == hashlib.blake2b(content, digest_size=20).hexdigest()
        return
    pieces = [content[start : start + LEAF] for start in range(0, size, LEAF)]
    root = hashlib.blake2b(
        digest_size=20, fanout=0, depth=2, leaf_size=LEAF, inner_size=64, node_depth=1, last_node=True
    )
    for place, piece in enumerate(pieces):
        leaf = hashlib.blake2b(
            piece,
            digest_size=64,
            fanout=0,
            depth=2,
            leaf_size=LEAF,
            inner_size=64,
            node_offset=place,
            last_node=place == len(pieces) - 1,
        )
        root.update(leaf.digest())
    assert content_hash(path) == root.hexdigest()


def test_hashing_a_large_file_can_be_ended(tmp_path: Path) -> None:
    path = written(tmp_path / "a", b"1", 20 * LEAF)
    seen = 0

    def check() -> None:
        nonlocal seen
        seen += 1
        if seen == 3:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        content_hash(path, check)
