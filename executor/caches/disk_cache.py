"""Results that outlive the process: one file each, checked when read, the least valuable deleted first."""

from __future__ import annotations

import errno
import logging
import os
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Any, cast

from .disk_space import BLOCK, GROUPED, RESERVE, allowed, delete, drop, items
from .disk_writer import MOST_BYTES, Writer
from .entry_file import (
    SUFFIX,
    Codec,
    CodecError,
    DamagedError,
    Encoded,
    Facts,
    read_entry,
    read_facts,
    read_small,
    write_entry,
)
from .memory_cache import Entry, Stats, cost_of

RESULTS = "results"
"""Name of the folder of entries in a cache folder; what else a cache remembers lies beside it."""

SYNCED = 1.0
"""Seconds that a result took from which on it is worth waiting until it is on the disk for good."""

ROOM = 7 / 8
"""Part of the size that stays when there is too much, so that the folder is seldom looked through."""

LARGEST = 1 / 4
"""Part of the size that one entry may take."""

REMEMBERED = 2**12
"""Entries written last whose seconds are at hand when there is too much; of others they are read."""

PAUSE = 60.0
"""Seconds until writing is tried again where it failed."""

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)

_PLAIN = re.compile(r"[0-9a-z]+(?: [0-9a-z]+){0,3}")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """One entry of a cache on the disk: what it is, its bytes, when it was last used (seconds since 1970)."""

    path: Path
    size: int
    used_at: float
    facts: Facts

    @property
    def group(self) -> str:
        """What the keys of one run's states have in common; "" for a result."""
        return _group(self.facts.key) or ""


class DiskCache:
    """Entries by content key as files in `folder`/results/`stamp`, of `size` bytes together.

    `codec` says what has a form as data; what has none is not kept. Only what was written under the same
    `stamp` is found again: it stands for all that decides results besides keys, such as the program's own
    code. What waits to be written holds `waiting` bytes at most. Several processes may use one folder, and
    each may be killed at any moment. A file that is damaged or that another program left is deleted and
    counts as not there. Where nothing can be written (a full disk, a read-only folder) that is told once, and
    runs go on without. A `size` of 0 keeps nothing.
    Safe to use from several threads.
    """

    def __init__(
        self,
        folder: Path,
        codec: Codec,
        size: int,
        *,
        stamp: str,
        waiting: int = MOST_BYTES,
        warn: Callable[[str], None] = log.warning,
    ) -> None:
        self.folder = folder / RESULTS
        self.size = size
        self.stamp = stamp
        self._codec = codec
        self._warn = warn
        self._place = self.folder / stamp
        self._prefix = f"{self._place}{os.sep}"
        self._writer = Writer(self._write, waiting)
        self._seconds: dict[str, float] = {}
        self._used = 0
        self._unseen: float = float("inf")  # bytes written since the folder was looked through
        self._paused_until = 0.0
        self._warned = False
        self._lock = threading.Lock()  # of the bookkeeping by the writing thread and `clear`
        self._hits = self._misses = 0
        self._counting = threading.Lock()

    def get(self, key: str) -> Entry | None:
        """Return an entry and count it as used; None when it is not there whole, or a file of it is gone."""
        entry = self._get(key)
        self._count(found=entry is not None)
        return entry

    def _get(self, key: str) -> Entry | None:
        if (waiting := self._writer.waiting(key)) is not None:
            return waiting if waiting.whole() else None
        name = self._prefix + _name(key)
        if not os.access(name, os.R_OK):
            return None
        path = Path(name)
        try:
            facts, encoded = read_entry(path, self._codec)
            if facts.key != key:
                raise DamagedError(f"it is of {facts.key}")
            entry = self._entry(facts, encoded)
        except OSError:
            return None
        except (DamagedError, CodecError):
            delete(path)
            return None
        if not entry.whole():
            return None
        with suppress(OSError):  # of a folder that is read-only
            os.utime(path)
        return entry

    def there(self, key: str) -> bool:
        """Tell whether an entry is there, without reading it: it may turn out to be damaged."""
        found = self._writer.waiting(key) is not None or os.access(self._prefix + _name(key), os.R_OK)
        self._count(found=found)
        return found

    def where(self, key: str) -> str | None:
        """Tell where an entry is, "disk" or None, without counting it as used.

        Whether the files are there that its node wrote is looked at; values are not read.
        """
        if (waiting := self._writer.waiting(key)) is not None:
            return "disk" if waiting.whole() else None
        try:
            # What writes files has no outputs that take blobs, so most are told by their size alone.
            found = read_small(Path(self._prefix + _name(key)))
            return "disk" if found is None or self._entry(*found).whole() else None
        except (OSError, DamagedError, CodecError):
            return None

    def put(self, key: str, entry: Entry) -> None:
        """Have an entry written soon, by a thread of its own; the newest of a group takes precedence."""
        if not self.size or time.monotonic() < self._paused_until:
            return
        size = self._codec.size((entry.outputs, entry.ui))
        if size is None or size > self.size * LARGEST:
            return
        group = _group(key)
        self._writer.put(key, entry, size, urgent=bool(group), slot=group)

    def flush(self, seconds: float) -> bool:
        """Wait until all is written, no longer than so many seconds; tell whether it is.

        The rest goes on being written.
        """
        return self._writer.flush(seconds)

    def settle(self, seconds: float) -> bool:
        """Wait until all that cost much is written, no longer than so many seconds; tell whether it is."""
        return self._writer.settle(seconds)

    def kept(self) -> Iterator[Kept]:
        """Yield what is there, also under other stamps, in no order."""
        for item in items(self.folder):
            if item.finished and (facts := read_facts(item.path)) is not None:
                yield Kept(path=item.path, size=item.size, used_at=item.used_at, facts=facts)

    def used(self) -> int:
        """Return the bytes that all takes that is there."""
        return sum(item.size for item in items(self.folder))

    def stats(self) -> Stats:
        """Return what is there, also of other programs, and what was asked of it through this one."""
        found = [item.size for item in items(self.folder) if item.finished]
        with self._counting:
            return Stats(
                entries=len(found),
                used=sum(found),
                budget=self.size,
                hits=self._hits,
                misses=self._misses,
            )

    def clear(self) -> int:
        """Delete everything, also what was left by other versions and by killed processes; return its bytes.

        Raises OSError where something can't be deleted.
        """
        self._writer.forget()
        freed = 0
        for item in items(self.folder):
            with suppress(FileNotFoundError):
                item.path.unlink()
                freed += item.size
        with self._lock:
            self._seconds.clear()
            self._unseen = float("inf")
        return freed

    def _count(self, *, found: bool) -> None:
        with self._counting:
            self._hits += found
            self._misses += not found

    def _entry(self, facts: Facts, encoded: Encoded) -> Entry:
        values = self._codec.decode(encoded)
        try:
            told = cast("dict[str, Any]", values)
            files = tuple(Path(name) for name in told.pop("files"))
            return Entry(**told, files=files, seconds=facts.seconds, class_type=facts.class_type)
        except (TypeError, AttributeError, KeyError) as error:
            raise DamagedError("it is no result") from error

    def _write(self, key: str, entry: Entry) -> None:
        values = {
            "outputs": entry.outputs,
            "ui": None if entry.ui is None else dict(entry.ui),
            "files": [str(path) for path in entry.files],
        }
        try:
            encoded = self._codec.encode(values)
        except CodecError:
            return
        path = Path(self._prefix + _name(key))
        facts = Facts(
            key=key, seconds=entry.seconds, about=_about(encoded, entry), class_type=entry.class_type
        )
        # Of a run's states the next one takes the place soon.
        sync = entry.seconds >= SYNCED and _group(key) is None
        with self._lock:
            try:
                if not self._make_room(sum(len(blob.data) for blob in encoded.blobs) + BLOCK):
                    return
                try:
                    written = write_entry(path, facts, encoded, sync=sync)
                except FileNotFoundError:  # the first one, or somebody deleted the folder
                    self._place.mkdir(parents=True, exist_ok=True)
                    written = write_entry(path, facts, encoded, sync=sync)
            except OSError as error:
                self._pause("the disk is full" if error.errno in FULL else error.strerror or str(error))
                return
            size = -(-written // BLOCK) * BLOCK
            if len(self._seconds) >= REMEMBERED:
                del self._seconds[next(iter(self._seconds))]
            self._seconds[path.name] = cost_of(entry.seconds)
            self._used += size
            self._unseen += size

    def _make_room(self, size: int) -> bool:
        """Delete what is worth least so that `size` more bytes fit; tell whether they do."""
        # Other processes write too: what is there is looked at again after every so many bytes.
        fresh = self._unseen <= self.size / 16
        if fresh and self._used + size <= allowed(self.folder, self.size, self._used):
            return True
        found = list(items(self.folder))
        room = allowed(self.folder, self.size, sum(item.size for item in found))
        full = sum(item.size for item in found) + size > room
        self._used = drop(found, int(room * ROOM) - size if full else room, self._seconds)
        self._unseen = 0
        if self._used + size <= room:
            return True
        if room < self.size:
            self._pause(f"less than {RESERVE / 2**30:.0f} GiB of the disk would stay free")
        return False

    def _pause(self, reason: str) -> None:
        self._paused_until = time.monotonic() + PAUSE
        self._writer.forget()
        if self._warned:
            return
        self._warned = True
        self._warn(f"results are not kept in {self._place}: {reason}; runs go on without")


def _name(key: str) -> str:
    """Return the name of an entry's file: its key, "-" for spaces."""
    if not key.isalnum() or not key.isascii() or not key.islower():
        if not _PLAIN.fullmatch(key):
            key = blake2b(key.encode("utf-8", "surrogatepass"), digest_size=20).hexdigest()
        key = key.replace(" ", GROUPED)
    return key + SUFFIX


def _group(key: str) -> str | None:
    """Return what keys have in common of which the newest counts most: all but the last of their words."""
    return key.rpartition(" ")[0] or None if _PLAIN.fullmatch(key) else None


def _about(encoded: Encoded, entry: Entry) -> str:
    """Say in words what an entry holds."""
    tensors = [f"{blob.dtype} {'x'.join(map(str, blob.shape))}" for blob in encoded.blobs]
    parts = [path.name for path in entry.files] + tensors[:3] + (["…"] if len(tensors) > 3 else [])
    return ", ".join(parts) or "values"
