"""Amounts of memory and disk, as people read them."""

from __future__ import annotations

UNITS = ("B", "kB", "MB", "GB", "TB")


def size_text(count: float) -> str:
    """Write a number of bytes: `812 B`, `3.4 MB`, `1.2 GB`, `24 GB`."""
    for unit in UNITS[:-1]:
        if count < 999.5:
            return f"{count:.1f} {unit}" if unit != "B" and count < 9.95 else f"{count:.0f} {unit}"
        count /= 1000
    return f"{count:.1f} {UNITS[-1]}"
