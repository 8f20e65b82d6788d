"""Files of the server on this machine's disk: whole or not at all, and never outside of their folder."""

from __future__ import annotations

import filecmp
import itertools
import os
import re
import uuid
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from .errors import LocalFileError
from .values import File

UNSAFE = re.compile(
    r"[\x00-\x1f\\]|^[a-z]:|^\.*$|^(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[1-9¹²³]) *(?:[.:].*)?$",
    re.IGNORECASE,
)
"""Names that mean something else than a file beside the others, here or on another system."""


class Saving:
    """A file on its way to its place."""

    def __init__(self, place: Path, temporary: Path, file: BinaryIO) -> None:
        self._place = place
        self._temporary = temporary
        self._file = file

    def begin(self) -> None:
        """Forget what was written."""
        self._file.seek(0)
        self._file.truncate()

    def write(self, piece: bytes) -> None:
        """Add some bytes."""
        self._file.write(piece)

    def finish(self) -> Path:
        """Give the file its name and return its path.

        Where there is a file of that name already, one with the same bytes stays, and beside another one this
        becomes `name (1).png`.
        """
        self._file.close()
        for path in _names(self._place):
            if path.is_file() and filecmp.cmp(self._temporary, path, shallow=False):
                return path
            if _renamed_if_free(self._temporary, path):
                return path
        raise AssertionError("there are always further names")


@contextmanager
def saving(file: File, folder: Path) -> Generator[Saving]:
    """Open a file to be kept in a folder, which is made if need be; it is gone afterwards if it got no name.

    Raises LocalFileError for a name that leads out of the folder, and when this machine can't keep it.
    """
    place = place_of(file, folder)
    temporary = place.parent / f".{uuid.uuid4().hex}.part"
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        if not place.parent.resolve().is_relative_to(folder.resolve()):
            raise LocalFileError(f"{place.parent} is a link that leads out of {folder}")
        with temporary.open("xb") as opened:
            try:
                yield Saving(place, temporary, opened)
            finally:
                opened.close()
                temporary.unlink(missing_ok=True)
    except OSError as error:
        raise LocalFileError(f"{file.filename!r} can't be kept in {folder}: {error.strerror}") from error


def place_of(file: File, folder: Path) -> Path:
    """Return where a file of the server belongs below a folder; raises LocalFileError for an unsafe name."""
    parts = [*(part for part in file.subfolder.split("/") if part), file.filename]
    for part in parts:
        if "/" in part or UNSAFE.search(part):
            raise LocalFileError(f"the server names a file {part!r}: that is no safe name, so it is not kept")
    return folder.joinpath(*parts)


def _names(place: Path) -> Generator[Path]:
    yield place
    for number in itertools.count(1):
        yield place.with_name(f"{place.stem} ({number}){place.suffix}")


def _renamed_if_free(temporary: Path, path: Path) -> bool:
    """Rename a file unless the name is taken: an empty file holds it meanwhile, so no two can have it."""
    try:
        path.open("xb").close()
    except FileExistsError:
        return False
    try:
        os.replace(temporary, path)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return True
