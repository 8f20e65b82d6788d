"""Hashes of files' content, remembered by path, size, time and inode, so that a big file is read once."""

from __future__ import annotations

import hashlib
import json
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeAlias, cast

from .atomic import write_whole

BLOCK = 2**22
"""Bytes of a file that are hashed at a time: a few milliseconds."""

LEAF = 2**26
"""Bytes beyond which a file is hashed in pieces of this size at the same time, as a tree."""

THREADS = 8

LARGE = 2**23
"""Bytes from which on a hash is kept on the disk: a smaller file is read as fast as what is remembered."""

RECENT_NS = 2_000_000_000
"""A file changed so shortly before it was read may have changed again within one tick of its clock."""

MOST = 4096
"""Hashes that are kept on the disk; those kept longest ago are left out beyond."""

FILE = "file-hashes-1.json"
"""Name of the file in a cache folder; a change of the format or of the hash changes the number."""

State: TypeAlias = tuple[int, int, int]
"""Size, time of the last change in nanoseconds, inode."""


def content_hash(path: Path, check: Callable[[], None] = lambda: None) -> str:
    """Return the hex BLAKE2b digest (160 bits) of a file's content.

    Of more than `LEAF` bytes it is BLAKE2b's own tree mode (unlimited fan-out, depth 2), which several
    threads compute at once. `check` is called before each block that is read and may raise to end that.
    """
    with path.open("rb", buffering=0) as file:
        size = os.fstat(file.fileno()).st_size
        if size <= LEAF:
            digest = hashlib.blake2b(digest_size=20)
            block = memoryview(bytearray(BLOCK))
            check()
            while count := file.readinto(block):
                digest.update(block[:count])
                check()
            return digest.hexdigest()
    return _tree_hash(path, -(-size // LEAF), check)


def _tree_hash(path: Path, leaves: int, check: Callable[[], None]) -> str:
    shape: dict[str, Any] = {"fanout": 0, "depth": 2, "leaf_size": LEAF, "inner_size": 64}
    ended = threading.Event()

    def leaf(place: int) -> bytes:
        last = place == leaves - 1
        digest = hashlib.blake2b(node_offset=place, node_depth=0, last_node=last, digest_size=64, **shape)
        block = memoryview(bytearray(BLOCK))
        with path.open("rb", buffering=0) as file:
            file.seek(place * LEAF)
            left = LEAF
            while not ended.is_set() and (count := file.readinto(block[:left])):
                digest.update(block[:count])
                left -= count
        return digest.digest()

    root = hashlib.blake2b(node_depth=1, last_node=True, digest_size=20, **shape)
    threads = min(os.cpu_count() or 1, THREADS)
    with ThreadPoolExecutor(threads, "inkloom hash") as pool:
        waiting: deque[Future[bytes]] = deque()
        try:
            for place in range(leaves):
                check()
                waiting.append(pool.submit(leaf, place))
                if len(waiting) > threads:
                    root.update(_awaited(waiting.popleft(), check))
            while waiting:
                root.update(_awaited(waiting.popleft(), check))
        finally:
            ended.set()
    return root.hexdigest()


def _awaited(future: Future[bytes], check: Callable[[], None]) -> bytes:
    while True:
        check()
        with suppress(TimeoutError):
            return future.result(0.02)


class FileHashes:
    """The hashes of files, remembered in memory and those of large files in `memo`, a file of its own.

    What `memo` says of a file counts as long as the file has the path, size, time and inode that it had. One
    that can't be read or written, or is damaged, is as one that is not there. Several processes may share it.
    Safe to use from several threads.
    """

    def __init__(self, memo: Path | None = None) -> None:
        self._memo = memo
        self._known: dict[str, tuple[State, str]] = {}
        self._lock = threading.Lock()

    def of(self, path: Path, check: Callable[[], None] = lambda: None) -> str:
        """Return the hash of a file, see `content_hash`; raises OSError where it can't be read."""
        name, state = str(path), _state(path)
        with self._lock:
            known = self._known.get(name)
        if known is None or known[0] != state:
            large = self._memo is not None and state[0] >= LARGE
            known = self._kept().get(name) if large else None
            if known is None or known[0] != state:
                began_ns = time.time_ns()
                known = (state, content_hash(path, check))
                # While it was read it may have been written too: then nobody knows of which state this is.
                if large and _state(path) == state and abs(began_ns - state[1]) > RECENT_NS:
                    self._keep(name, known)
            with self._lock:
                self._known[name] = known
        return known[1]

    def _kept(self) -> dict[str, tuple[State, str]]:
        """Return what the memo has."""
        if self._memo is None:
            return {}
        try:
            content = json.loads(self._memo.read_bytes())
            rows = cast("Mapping[str, list[Any]]", content["files"])
            if content["checksum"] != _checksum(rows):
                return {}
            return {name: ((row[0], row[1], row[2]), row[3]) for name, row in rows.items()}
        except (OSError, ValueError, TypeError, LookupError, AttributeError, RecursionError):
            return {}

    def _keep(self, name: str, known: tuple[State, str]) -> None:
        """Add a hash to the memo; others that are added at the same moment may be lost, and hashed again."""
        if self._memo is None:
            return
        with self._lock:
            every = self._kept()
            every.pop(name, None)
            every[name] = known
            rows = {name: [*state, digest] for name, (state, digest) in list(every.items())[-MOST:]}
            text = json.dumps({"checksum": _checksum(rows), "files": rows}, indent=0)
            # With a full disk or a read-only folder the file is hashed again by the next process.
            with suppress(OSError):
                self._memo.parent.mkdir(parents=True, exist_ok=True)
                write_whole(self._memo, [text.encode("ascii")])


def _state(path: Path) -> State:
    status = path.stat()
    return status.st_size, status.st_mtime_ns, status.st_ino


def _checksum(rows: object) -> str:
    text = json.dumps(rows, sort_keys=True, separators=(",", ":"))
    return hashlib.blake2b(text.encode("ascii"), digest_size=16).hexdigest()
