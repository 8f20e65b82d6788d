"""Text in columns, as wide as the terminal, coloured where a terminal shows it."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
from collections.abc import Sequence

PIPE_WIDTH = 110
"""Columns where there is no terminal to ask."""

STYLES = {"bold": "1", "dim": "2", "red": "31", "green": "32", "yellow": "33", "cyan": "36"}

Cell = str | tuple[str, str]
"""A text, or a text and its own style, which goes before that of its column."""


def width() -> int:
    """Return how many columns standard output has."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else PIPE_WIDTH


def styled(text: str, style: str) -> str:
    """Return text in a style of `STYLES` for a terminal, as it is for anything else or with NO_COLOR set."""
    if not text or not sys.stdout.isatty() or os.environ.get("NO_COLOR"):
        return text
    return f"\x1b[{STYLES[style]}m{text}\x1b[0m"


def in_columns(rows: Sequence[Sequence[Cell]], styles: Sequence[str | None], total: int) -> list[str]:
    """Lay out rows of equal length; the last column is wrapped to what is left of `total` columns."""
    widths = [max(len(_text(cell)) for cell in column) for column in zip(*rows, strict=True)][:-1]
    indent = sum(widths) + 2 * len(widths)
    lines: list[str] = []
    for *cells, last in rows:
        # Padding is counted before styles are put on: they have no width.
        head = "".join(
            _styled(cell, style) + " " * (size - len(_text(cell)) + 2)
            for cell, size, style in zip(cells, widths, styles, strict=True)
        )
        wrapped = textwrap.wrap(_text(last), max(total - indent, 20)) or [""]
        lines.append((head + wrapped[0]).rstrip())
        lines += [" " * indent + line for line in wrapped[1:]]
    return lines


def _text(cell: Cell) -> str:
    return cell if isinstance(cell, str) else cell[0]


def _styled(cell: Cell, style: str | None) -> str:
    text, own = (cell, style) if isinstance(cell, str) else cell
    return styled(text, own) if own else text
