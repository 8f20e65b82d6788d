"""What lies in a cache folder, and what of it is worth least.

The worth of an entry is the seconds it took, times how likely it is used again, over its bytes. How likely
falls with the hours since it was last written or read, which is the time of its file. Of the states that one
run of a sampler left, all but the newest are worth nothing: they go first.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ..files.atomic import UNFINISHED
from .entry_file import SUFFIX, read_facts
from .memory_cache import cost_of

BLOCK = 4096
"""Bytes that a file system gives a file at least."""

RESERVE = 2**30
"""Bytes of the disk that a cache leaves free for others, whatever its size may be."""

SHARE = 10
"""By default a cache takes the tenth part of its disk, and no more than `MOST`."""

MOST = 20 * 2**30

ABANDONED = 3600.0
"""Seconds after which a file that was never finished is taken for the rest of a killed process."""

GROUPED = "-"
"""Ends the part of a file's name that the states of one run have in common."""


@dataclass(frozen=True, slots=True)
class Item:
    """One file of a cache: its bytes, the time it was last used, and whether it is still being written."""

    path: Path
    size: int
    used_at: float
    finished: bool

    @property
    def group(self) -> str:
        """What the states of one run have in common; "" for a result."""
        return self.path.name.rpartition(GROUPED)[0]


def items(folder: Path) -> Iterator[Item]:
    """Yield what is in a cache folder, in no order; nothing where it is not there."""
    waiting = [folder]
    while waiting:
        with suppress(OSError), os.scandir(waiting.pop()) as entries:
            for entry in entries:
                with suppress(OSError):  # it went away meanwhile
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append(Path(entry.path))
                    elif (unfinished := entry.name.startswith(UNFINISHED)) or entry.name.endswith(SUFFIX):
                        status = entry.stat(follow_symlinks=False)
                        size = -(-status.st_size // BLOCK) * BLOCK
                        yield Item(Path(entry.path), size, status.st_mtime, not unfinished)


def default_size(folder: Path) -> int:
    """Return the bytes that a cache in this folder should take: a tenth of the disk, `MOST` at most."""
    return min(MOST, shutil.disk_usage(_existing(folder)).total // SHARE)


def allowed(folder: Path, size: int, used: int) -> int:
    """Return the bytes that a cache may take that is `used` now, so that `RESERVE` stays free on the disk."""
    return max(0, min(size, used + shutil.disk_usage(_existing(folder)).free - RESERVE))


def drop(found: Iterable[Item], room: int, seconds: Mapping[str, float]) -> int:
    """Delete the files that are worth least until the rest fits into `room` bytes; return what that takes.

    `seconds` has what is known already of what entries cost, by their file's name; of the others their
    beginning is read.
    """
    now = time.time()
    left = [item for item in found if not _abandoned(item, now)]
    used = sum(item.size for item in left)
    if used <= room:
        return used
    newest: dict[str, float] = {}
    for item in left:
        newest[item.group] = max(newest.get(item.group, 0.0), item.used_at)

    def worth(item: Item) -> float:
        if item.group and item.used_at < newest[item.group]:
            return 0.0
        hours = max(now - item.used_at, 0.0) / 3600
        return _cost(item.path, seconds) / ((1 + hours) * item.size)

    rated = ((worth(item), item.used_at, place) for place, item in enumerate(left) if item.finished)
    for _, _, place in sorted(rated):
        if used <= room:
            break
        if delete(left[place].path):
            used -= left[place].size
    return used


def delete(path: Path) -> bool:
    """Delete a file; True when it is gone, by whomever."""
    try:
        path.unlink()
    except FileNotFoundError:
        return True
    except OSError:  # Windows keeps what somebody reads; a folder may be read-only
        return False
    return True


def _abandoned(item: Item, now: float) -> bool:
    return not item.finished and item.used_at < now - ABANDONED and delete(item.path)


def _cost(path: Path, seconds: Mapping[str, float]) -> float:
    known = seconds.get(path.name)
    if known is None:
        facts = read_facts(path)
        known = 0.0 if facts is None else cost_of(facts.seconds)
    return known


def _existing(folder: Path) -> Path:
    return next(path for path in (folder, *folder.parents) if path.exists())
