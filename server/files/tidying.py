"""Old files in `temp`: pictures that were only shown."""

import os
from contextlib import suppress
from pathlib import Path

KEPT = 7 * 24 * 3600.0
"""Seconds that a file in `temp` stays: the history shows it that long."""


def tidy(folder: Path, now: float) -> int:
    """Delete the files below a folder that nobody has written for `KEPT`; return how many.

    Links are neither followed nor deleted. A result whose file is gone counts as not computed.
    """
    gone = 0
    for place, _, names in os.walk(folder):
        for path in (Path(place, name) for name in names):
            with suppress(OSError):  # another server has just deleted it, or it may not be deleted
                if not path.is_symlink() and now - path.stat().st_mtime > KEPT:
                    path.unlink()
                    gone += 1
    return gone
