"""Files that are written whole or not at all, under the next free number: name_00001_.png and up."""

from __future__ import annotations

import errno
import json
import os
import re
import secrets
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from ..executor import Json, Receipt, UnsafeNameError
from ..executor.files.atomic import sync_folder
from ..executor.files.names import below

PART = ".part"
ABANDONED_SECONDS = 3600
"""How old an unfinished file must be before it is taken for one that nobody will finish."""

NO_HARD_LINKS = frozenset({errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EMLINK})


class OutputError(Exception):
    """A file could not be written; the message says where, why and what to do."""


def workflow_texts(prompt: Json, extra: Json) -> dict[str, str]:
    """Return what carries a workflow inside of a file: `prompt` and each key of `extra`, as JSON."""
    texts = {} if prompt is None else {"prompt": json.dumps(prompt)}
    return texts | (
        {key: json.dumps(value) for key, value in extra.items()} if isinstance(extra, dict) else {}
    )


def save_numbered(
    root: Path,
    prefix: str,
    suffix: str,
    write: Callable[[BinaryIO], object],
    tokens: Mapping[str, object] | None = None,
    receipt: Receipt | None = None,
) -> Path:
    """Write a file `<root>/<prefix>_00001_<suffix>` and up; return its path.

    The prefix may hold folders and the tokens %year% %month% %day% %hour% %minute% %second% and those of
    `tokens`. Numbers go on from the highest one there; no file is ever overwritten, by whatever process.
    A file that an earlier attempt wrote, as its `receipt` says, is not written again while it is there.
    Raises OutputError when the prefix leads out of `root` or the file can't be written.
    """
    folder, base = _target(root, _filled(prefix, tokens or {}))
    try:
        if receipt is not None and (path := _written_before(root, suffix, receipt)):
            return path
        folder.mkdir(parents=True, exist_ok=True)
        return _save(root, folder, base, suffix, write, receipt)
    except OSError as error:
        raise OutputError(_why_not_written(folder, error)) from error


def _filled(prefix: str, tokens: Mapping[str, object]) -> str:
    now = datetime.now().astimezone()
    values = {
        "year": f"{now:%Y}",
        "month": f"{now:%m}",
        "day": f"{now:%d}",
        "hour": f"{now:%H}",
        "minute": f"{now:%M}",
        "second": f"{now:%S}",
        **tokens,
    }
    return re.sub(r"%(\w+)%", lambda found: str(values.get(found[1], found[0])), prefix)


def _target(root: Path, prefix: str) -> tuple[Path, str]:
    """Split a prefix into the folder below `root` and the base name, refusing every way out of `root`."""
    parts = PurePosixPath(prefix.replace("\\", "/"))
    folder, base = parts.parent.as_posix(), parts.name
    try:
        # With a number behind it even the name of a device is none; so only the folder's name may be bad.
        path = below(root, f"{folder}/{base}_" if folder != "." else f"{base}_")
    except (UnsafeNameError, UnicodeEncodeError, OSError) as error:
        raise OutputError(
            f"filename_prefix {prefix!r} leads out of the output folder {root}, or can't be a file's name; "
            "use a plain name or folders below it, such as 'holiday/beach'"
        ) from error
    return path.parent.resolve(), base


def _save(
    root: Path,
    folder: Path,
    base: str,
    suffix: str,
    write: Callable[[BinaryIO], object],
    receipt: Receipt | None,
) -> Path:
    """Write to a temporary name, then give it the first free number in one step of the file system."""
    temporary = folder / f".{secrets.token_hex(8)}{PART}"
    try:
        with temporary.open("xb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        _sweep(folder)
        if receipt is not None:
            receipt.keep(_as_receipt(root, temporary, base))
        return _numbered(temporary, folder, base, suffix)
    finally:
        temporary.unlink(missing_ok=True)


def _numbered(temporary: Path, folder: Path, base: str, suffix: str) -> Path:
    """Give a whole file the first free number."""
    number = _highest_number(folder, base) + 1
    while True:
        path = folder / f"{base}_{number:05}_{suffix}"
        if _renamed(temporary, path):
            temporary.unlink(missing_ok=True)
            sync_folder(folder)
            return path
        number += 1


def _as_receipt(root: Path, temporary: Path, base: str) -> Json:
    """Say which file it is that is about to get a number: by what stays the same when it is renamed."""
    folder = temporary.parent.relative_to(root.resolve()).as_posix()
    return {"folder": folder, "base": base, "temporary": temporary.name, "file": _identity(temporary)}


def _identity(path: Path) -> list[Json]:
    status = path.stat()
    return [status.st_ino, status.st_mtime_ns, status.st_size]


def _written_before(root: Path, suffix: str, receipt: Receipt) -> Path | None:
    """Return the file of a receipt, which may still wait for its number; None when it is not there."""
    match receipt.found():
        case {"folder": str(below), "base": str(base), "temporary": str(name), "file": list(identity)}:
            folder = root.resolve() / below
        case _:
            return None
    temporary = folder / name
    named = re.compile(re.escape(base) + r"_\d+_" + re.escape(suffix))
    with suppress(FileNotFoundError):  # the user may have removed it, or all of the folder
        for path in map(Path, list(os.scandir(folder))):
            if named.fullmatch(path.name) and _identity(path) == identity:
                temporary.unlink(missing_ok=True)
                return path
        if _identity(temporary) == identity:
            return _numbered(temporary, folder, base, suffix)
    return None


def _renamed(source: Path, target: Path) -> bool:
    """Move `source` to `target` unless something is there already; a hard link tells in one step."""
    try:
        os.link(source, target)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in NO_HARD_LINKS:
            raise
        return _claimed(source, target)
    return True


def _claimed(source: Path, target: Path) -> bool:
    """Move without a hard link: claim the name, then put the file in its place."""
    try:
        os.close(os.open(target, os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return False
    try:
        os.replace(source, target)
    except OSError:
        target.unlink()
        raise
    return True


def _sweep(folder: Path) -> None:
    """Remove what processes left behind that were killed while they wrote here."""
    for entry in os.scandir(folder):
        if entry.name.startswith(".") and entry.name.endswith(PART):
            # Another process may finish or sweep it meanwhile.
            with suppress(FileNotFoundError):
                if entry.stat().st_mtime < time.time() - ABANDONED_SECONDS:
                    os.unlink(entry)


def _highest_number(folder: Path, base: str) -> int:
    numbered = re.compile(re.escape(base) + r"_(\d+)_.*", re.IGNORECASE if os.name == "nt" else 0)
    found = (numbered.fullmatch(entry.name) for entry in os.scandir(folder))
    return max((int(match[1]) for match in found if match), default=0)


def _why_not_written(folder: Path, error: OSError) -> str:
    reasons = {
        errno.ENOSPC: "the disk is full; free some space",
        errno.EDQUOT: "your disk quota is used up; free some space",
        errno.EFBIG: "the file would be larger than this process may write",
        errno.EACCES: "you may not write there; choose another folder or change its rights",
        errno.EPERM: "you may not write there; choose another folder or change its rights",
        errno.EROFS: "it lies on a read-only disk; choose another folder",
        errno.EEXIST: "a file has the name of a folder in its path; choose another folder",
        errno.ENOTDIR: "a file has the name of a folder in its path; choose another folder",
    }
    reason = reasons.get(error.errno or 0, error.strerror or str(error))
    return f"can't write to {folder}: {reason}. Nothing half-written was left behind."
