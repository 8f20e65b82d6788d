"""Where a user's models, pictures and settings live when no `--root` is given."""

import errno
import os
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryFile

from .usage import UsageError

VARIABLE = "INKLOOM_ROOT"


def folder(text: str) -> Path:
    """Return the folder that text names, `~` being a home folder; raises UsageError if there is none."""
    try:
        return Path(text).expanduser()
    except RuntimeError as error:
        raise UsageError(
            f"{text}: no home folder is known for it", advice="name the folder in full"
        ) from error


def home() -> Path | None:
    """Return the home folder of this user, None if it has none."""
    try:
        return Path.home()
    except RuntimeError:
        return None


def default_root(environ: Mapping[str, str], platform: str, home: Path | None) -> Path:
    """Return the data folder of this user: `INKLOOM_ROOT`, else the platform's place for application data.

    `platform` is a `sys.platform` string. The rule of each platform: XDG base directories on Linux and other
    Unix systems, Application Support on macOS, %LOCALAPPDATA% on Windows. Raises UsageError where all that
    is missing and there is no home folder.
    """
    if chosen := environ.get(VARIABLE):
        return folder(chosen)
    at_home = {"win32": "AppData/Local", "darwin": "Library/Application Support"}.get(
        platform, ".local/share"
    )
    if platform == "win32" and (local := environ.get("LOCALAPPDATA")):
        return Path(local) / "inkloom"
    if platform not in ("win32", "darwin"):
        data = folder(environ.get("XDG_DATA_HOME", ""))
        if data.is_absolute():  # the XDG rule: a relative path there is invalid and must be ignored
            return data / "inkloom"
    if home is None:
        raise UsageError("this user has no home folder to keep files in", advice="give one: --root DIR")
    return home / at_home / "inkloom"


def require_folder(root: Path) -> None:
    """Raise UsageError when the root is there and is no folder."""
    if os.path.exists(root) and not os.path.isdir(root):  # the methods of Path raise OSError for long names
        raise UsageError(
            f"can't use the root folder {root}: it is a file", advice="choose another: --root DIR"
        )


def prepare(root: Path) -> None:
    """Make the root folder and those in it that people put files into; raises UsageError when that fails."""
    for folder in (root / "models" / "checkpoints", root / "input", root / "output"):
        require_writable(folder, f"the root folder {root}", "choose another one: --root DIR")


def require_writable(folder: Path, what: str, advice: str) -> None:
    """Make a folder and write an empty file into it; raises UsageError with the reason when that fails."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            pass
    except OSError as error:
        reasons = {
            errno.EACCES: "you may not write there",
            errno.EPERM: "you may not write there",
            errno.EROFS: "it lies on a read-only disk",
            errno.ENOSPC: "the disk is full",
            errno.EDQUOT: "your disk quota is used up",
            errno.EEXIST: "there is a file of that name",
            errno.ENOENT: "no folder can be made there",
            errno.ENOTDIR: "a part of its path is a file",
        }
        reason = reasons.get(error.errno or 0, error.strerror or str(error))
        raise UsageError(f"can't use {what}: {reason} ({error.filename or folder})", advice=advice) from error
