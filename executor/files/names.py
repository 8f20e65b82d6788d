"""Names of files as workflows and requests give them: relative, with forward slashes, inside of a folder."""

from __future__ import annotations

import re
from pathlib import Path

_UNSAFE = re.compile(
    r"""
      [\\\0]                                         # Windows' separator; the end of a name in C
    | ^[a-z]:                                        # a drive of Windows
    | (?: ^ | / ) \.* (?: / | $ )                    # nothing, or dots alone: here, further up, the root
    | (?: ^ | / )                                    # devices of Windows, whatever ending they have
      (?: con | prn | aux | nul | conin\$ | conout\$ | (?: com | lpt ) [1-9¹²³] )
      [ ]* (?: [.:][^/]* )? (?: / | $ )
    """,
    re.VERBOSE | re.IGNORECASE,
)
"""Refused on every system, since workflows move between them."""


DEEPEST = 64
"""Folders that a name may have inside of each other: what makes and walks them goes one deeper for each."""


class UnsafeNameError(ValueError):
    """A file name that would lead out of its folder, or too deep into it."""


def is_safe(name: str) -> bool:
    """Tell whether a name stays in its folder on every system, links aside."""
    return _UNSAFE.search(name) is None


def refuse_unsafe(name: str) -> None:
    """Raise UnsafeNameError for a name that would lead out of its folder, too deep, or mean a device."""
    if name.count("/") > DEEPEST:
        raise UnsafeNameError(f"{name[:80]!r}... has more than {DEEPEST} folders inside of each other")
    if not is_safe(name):
        raise UnsafeNameError(
            f"{name!r} is not a name inside of a folder: use forward slashes, no '..', no drive, "
            "no name of a device"
        )


def inside(path: Path, root: Path) -> bool:
    """Tell whether a path lies in a folder when all links are followed."""
    try:
        return path.resolve().is_relative_to(root.resolve())
    except RuntimeError:  # links that lead to each other
        return False


def below(root: Path, name: str) -> Path:
    """Return the path that a name has below a folder, whether it is there or not.

    Raises UnsafeNameError for a name that leads out of the folder, by itself or by a link that lies there.
    """
    refuse_unsafe(name)
    path = root / name
    if not inside(path, root):
        raise UnsafeNameError(f"{name!r} is a link that leads out of {root}")
    return path
