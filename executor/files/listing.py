"""What files lie below a folder, remembered until one of its folders changes."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

RECENT_NS = 2_000_000_000
"""A folder changed so shortly before it was read may have changed again within one tick of its clock."""

SKIPPED = "."
"""Names that begin so are left out: hidden files, `.git`."""


@dataclass(frozen=True, slots=True)
class Found:
    """A file or folder by its relative name with forward slashes; `link` tells whether it is a link."""

    name: str
    folder: bool
    link: bool


@dataclass(frozen=True, slots=True)
class _Read:
    changed_ns: int
    read_ns: int
    content: tuple[Found, ...]


class Listing:
    """Lists folders; those that did not change since are not read again. Safe to use from several threads."""

    def __init__(self) -> None:
        self._known: dict[str, _Read] = {}
        self._lock = threading.Lock()

    def below(self, root: Path, *, deep: bool) -> Iterator[Found]:
        """Yield files and folders in a folder, with `deep` also in those inside it; links are followed.

        Left out are what is hidden, links to nothing, and a folder that lies inside of itself by a link. A
        folder that is not there or can't be read has nothing.
        """
        waiting: list[tuple[str, str, tuple[tuple[int, int], ...]]] = [(str(root), "", ())]
        while waiting:
            path, prefix, around = waiting.pop()
            try:
                status = os.stat(path)
                content = self._content(path, status.st_mtime_ns)
            except OSError:
                continue
            me = (status.st_dev, status.st_ino)
            if me in around:
                continue
            for found in content:
                name = prefix + found.name
                yield Found(name, found.folder, found.link)
                if deep and found.folder:
                    waiting.append((f"{path}/{found.name}", f"{name}/", (*around, me)))

    def _content(self, path: str, changed_ns: int) -> tuple[Found, ...]:
        with self._lock:
            known = self._known.get(path)
        if known and known.changed_ns == changed_ns and changed_ns < known.read_ns - RECENT_NS:
            return known.content
        read_ns = time.time_ns()
        with os.scandir(path) as entries:
            content = tuple(
                Found(entry.name, entry.is_dir(), entry.is_symlink())
                for entry in entries
                if not entry.name.startswith(SKIPPED) and (entry.is_dir() or entry.is_file())
            )
        with self._lock:
            self._known[path] = _Read(changed_ns, read_ns, content)
        return content
