"""Files that are whole or not there: written under another name, and renamed."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

UNFINISHED = ".unfinished-"
"""How the names of files begin that are being written."""

_number = itertools.count()


def write_whole(path: Path, pieces: Iterable[bytes | bytearray | memoryview], *, sync: bool = False) -> None:
    """Write a file in place of what has its name, in a folder that is there.

    With `sync` it is on the disk before it has its name, so that it outlives a loss of power too. Raises
    OSError, and leaves nothing new then.
    """
    temporary = path.parent / f"{UNFINISHED}{os.getpid()}-{next(_number)}"
    try:
        with temporary.open("xb") as file:
            for piece in pieces:
                file.write(piece)
            if sync:
                file.flush()
                os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            temporary.unlink()
        raise
