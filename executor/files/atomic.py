"""Files that are whole or not there: written under another name, and renamed."""

from __future__ import annotations

import errno
import itertools
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

UNFINISHED = ".unfinished-"
"""How the names of files begin that are being written."""

NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK)
"""What a file system says on which a file can't have two names."""

_number = itertools.count()


def unfinished_name(folder: Path) -> Path:
    """Return a new name for a file that is to be written in a folder."""
    return folder / f"{UNFINISHED}{os.getpid()}-{next(_number)}"


def write_whole(path: Path, pieces: Iterable[bytes | bytearray | memoryview], *, sync: bool = False) -> None:
    """Write a file in place of what has its name, in a folder that is there.

    With `sync` it is on the disk before it has its name, so that it outlives a loss of power too. Raises
    OSError, and leaves nothing new then.
    """
    temporary = unfinished_name(path.parent)
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


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on the disk, where the system can be asked for that."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def rename_if_free(temporary: Path, path: Path) -> bool:
    """Rename a file unless one has that name already, and tell whether it was; two can't both get a name."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in NO_LINKS:
            raise
        try:
            path.open("xb").close()
        except FileExistsError:
            return False
        os.replace(temporary, path)
        return True
    temporary.unlink()
    return True
