"""Where a user's models, pictures and settings live when no `--root` is given."""

import errno
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryFile

from .usage import UsageError

VARIABLE = "INKLOOM_ROOT"


def default_root(environ: Mapping[str, str], platform: str, home: Path) -> Path:
    """Return the data folder of this user: `INKLOOM_ROOT`, else the platform's place for application data.

    `platform` is a `sys.platform` string. The rule of each platform: XDG base directories on Linux and other
    Unix systems, Application Support on macOS, %LOCALAPPDATA% on Windows.
    """
    if chosen := environ.get(VARIABLE):
        return Path(chosen)
    if platform == "win32":
        local = environ.get("LOCALAPPDATA")
        return (Path(local) if local else home / "AppData" / "Local") / "inkloom"
    if platform == "darwin":
        return home / "Library" / "Application Support" / "inkloom"
    data = Path(environ.get("XDG_DATA_HOME", ""))
    # The XDG rule: a relative path there is invalid and must be ignored.
    return (data if data.is_absolute() else home / ".local" / "share") / "inkloom"


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
            errno.ENOTDIR: "a part of its path is a file",
        }
        reason = reasons.get(error.errno or 0, error.strerror or str(error))
        raise UsageError(f"can't use {what}: {reason} ({error.filename or folder})", advice=advice) from error
