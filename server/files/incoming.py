"""A file that comes in: written piece by piece under a name of its own, then given its place."""

import asyncio
import hashlib
import os
import shutil
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from ...executor.files.atomic import UNFINISHED, rename_if_free, unfinished_name

BLOCK = 2**20
"""Bytes that are gathered before they are written."""

ABANDONED = 3600.0
"""Seconds after its last change when a file that is being received is taken for left behind."""


class Incoming:
    """A file on its way; what was written is whole once `flush` has returned."""

    def __init__(self, path: Path, file: BinaryIO) -> None:
        self.path = path
        self.size = 0
        self._file = file
        self._gathered = bytearray()
        self._digest = hashlib.sha256()

    async def write(self, piece: bytes) -> None:
        """Add a piece."""
        self.size += len(piece)
        self._gathered += piece
        if len(self._gathered) >= BLOCK:
            await asyncio.to_thread(self._write)

    async def flush(self) -> None:
        """Write what is left; nothing comes any more."""
        await asyncio.to_thread(self._write)
        self._file.close()

    def is_like(self, path: Path) -> bool:
        """Tell whether a file has the same bytes."""
        if not path.is_file() or path.stat().st_size != self.size:
            return False
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").digest() == self._digest.digest()

    def _write(self) -> None:
        self._digest.update(self._gathered)
        self._file.write(self._gathered)
        self._gathered.clear()


@asynccontextmanager
async def incoming(folder: Path) -> AsyncGenerator[Incoming]:
    """Open a file to write in a folder, made if need be; it is gone afterwards if it got no place."""
    path = unfinished_name(folder)
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    file = await asyncio.to_thread(path.open, "xb")
    try:
        with file:
            yield Incoming(path, file)
    finally:
        path.unlink(missing_ok=True)


def sweep(folder: Path, now: float) -> None:
    """Delete what a server that was killed was about to receive into a folder."""
    for path in folder.glob(f"{UNFINISHED}*"):
        with suppress(OSError):  # another server has just deleted it
            if now - path.stat().st_mtime > ABANDONED:
                path.unlink()


def put(temporary: Path, path: Path, *, overwrite: bool) -> bool:
    """Give a file its place, in folders made if need be; False where one is there and may not be replaced."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = _beside(temporary, path.parent)
    try:
        if not overwrite:
            return rename_if_free(beside, path)
        os.replace(beside, path)
    finally:
        if beside != temporary:
            beside.unlink(missing_ok=True)
    return True


def _beside(temporary: Path, folder: Path) -> Path:
    """Return the file, or a copy of it where a folder is on another disk: there it can't be renamed to."""
    if temporary.stat().st_dev == folder.stat().st_dev:
        return temporary
    copy = unfinished_name(folder)
    try:
        shutil.copyfile(temporary, copy)
    except BaseException:
        copy.unlink(missing_ok=True)
        raise
    return copy
