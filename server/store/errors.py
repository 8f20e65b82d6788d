"""Why a database can't be used: one error, which says what, where and what to do."""

import os
import shutil
import sqlite3
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy.exc import DBAPIError, SQLAlchemyError


class StoreError(Exception):
    """The jobs can't be kept or read; nothing of what was asked is half done. The message says what to do."""


class Failures:
    """How often the database could not do what was asked; several threads may count."""

    def __init__(self) -> None:
        self.total = 0
        self._lock = threading.Lock()

    def one_more(self) -> None:
        """Count one."""
        with self._lock:
            self.total += 1


SQLITE = {
    "SQLITE_FULL": "the disk is full; free some space",
    "SQLITE_READONLY": "it may only be read; change the rights of the file and of its folder, "
    "or choose another place with --database",
    "SQLITE_CANTOPEN": "it can't be opened; its folder must exist, and you must be allowed to write there",
    "SQLITE_PERM": "this user may not open it; change its rights, or choose another place with --database",
    "SQLITE_BUSY": "another program has kept it locked; end that program, or wait until it is done",
    "SQLITE_LOCKED": "another program has kept it locked; end that program, or wait until it is done",
    "SQLITE_NOTADB": "it is no SQLite database; move that file away, or choose another place with --database",
    "SQLITE_CORRUPT": "it is damaged; move it away to begin a new one, "
    "or rescue what is in it: sqlite3 FILE .recover",
    "SQLITE_IOERR": "the disk can't be read or written; see the system's log",
    "SQLITE_TOOBIG": "one text is longer than SQLite takes (1,000,000,000 bytes)",
}
"""What SQLite's result codes mean for a user."""

POSTGRESQL = {
    "53100": "the server's disk is full; free some space there",
    "53300": "the server has too many connections; close some, or raise max_connections",
    "25006": "it may only be read; is it a standby? Name the primary server with --database",
    "28P01": "the password is wrong",
    "28000": "this user may not log in; see pg_hba.conf",
    "3D000": "there is no database of that name; make it: createdb NAME",
    "42501": "this user may not do that there; grant it the rights of the schema's owner",
    "57P01": "the server is being stopped",
    "57P03": "the server is starting; try again soon",
}
"""What PostgreSQL's error codes mean for a user."""


PLACE = "or choose another place with --database"

OF_PLACES = frozenset({"SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM"})
"""SQLite's result codes that something is wrong with a file or its folder: a look there says what."""


def explained(error: SQLAlchemyError, where: str, file: Path | None = None) -> StoreError:
    """Say what an error of a database means; `where` names it, without its password, `file` is SQLite's."""
    original = error.orig if isinstance(error, DBAPIError) else None
    match original:
        case sqlite3.Error():
            # Such as SQLITE_IOERR_WRITE: the first two words are the kind.
            code = "_".join(getattr(original, "sqlite_errorname", "").split("_")[:2])
            reason = (_of_place(code, file) if file is not None else None) or SQLITE.get(code)
        case None:
            reason = None
        case _:
            reason = POSTGRESQL.get(getattr(original, "sqlstate", None) or "")
            if reason is None and isinstance(error, DBAPIError) and _is_unreachable(error):
                reason = f"is the server there, and the address right? {_line(original)}"
    return StoreError(f"can't use the database {where}: {reason or _line(original or error)}")


@contextmanager
def usable(folder: Path) -> Generator[None]:
    """Raise StoreError where the system does not let a folder be used that jobs are kept in."""
    try:
        yield
    except OSError as error:
        told = _of_folder(folder) or f"{error.strerror or error}; see the system's log"
        raise StoreError(f"can't keep jobs in {folder}: {told}") from error


def _of_place(code: str, file: Path) -> str | None:
    """Say what is wrong with where a SQLite database lies; None where nothing is to be seen."""
    if code == "SQLITE_FULL":
        return f"the disk is full; free some space{_room_at(file.parent)}"
    if code not in OF_PLACES:
        return None
    # os.path's functions, since those of Path raise where a folder can't be looked into.
    if os.path.isdir(file):
        return f"it is a folder; move it away, {PLACE}"
    if os.path.exists(file) and not os.access(file, os.R_OK | os.W_OK):
        return f"this user may not write that file; change its rights (chmod u+rw {file}), {PLACE}"
    told = _of_folder(file.parent)
    return None if told is None else f"{told}, {PLACE}"


def _of_folder(folder: Path) -> str | None:
    """Say why nothing can be made in a folder; None where nothing is to be seen."""
    there = next((one for one in (folder, *folder.parents) if os.path.exists(one)), folder)
    if not os.path.isdir(there):
        return f"{there} is a file; move it away"
    if not os.access(there, os.R_OK | os.W_OK | os.X_OK):
        if _is_mounted_read_only(there):
            return f"the disk with {there} may only be read; mount it so that it can be written"
        return f"this user may not write in the folder {there}; change its rights (chmod u+rwx {there})"
    return None if there == folder else f"there is no folder {folder}; make it (mkdir -p {folder})"


def _is_mounted_read_only(folder: Path) -> bool:
    if not hasattr(os, "statvfs"):  # Windows
        return False
    return bool(os.statvfs(folder).f_flag & os.ST_RDONLY)


def _room_at(folder: Path) -> str:
    """Say how much room there is left on the disk of a folder; nothing where that can't be told."""
    with suppress(OSError):
        return f" on the disk of {folder}, which has {shutil.disk_usage(folder).free} bytes left"
    return ""


def _is_unreachable(error: DBAPIError) -> bool:
    no_answer = getattr(error.orig, "sqlstate", None) is None
    return error.connection_invalidated or (no_answer and type(error.orig).__name__ == "OperationalError")


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())
