"""What comes out of a worker process beside its messages: of libraries in C, or of Python when it crashes."""

import asyncio
from collections.abc import Callable

LONGEST = 4000
"""Characters of a line that are told."""

SHORT = 300
"""Characters of a process's last words."""


class LastWords:
    """Passes lines on, and remembers the last one: that is where Python says of what a process has died."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self._tell = tell
        self._last = ""

    def __call__(self, line: str) -> None:
        """Pass a line on."""
        self._tell(line)
        if line.strip():
            self._last = line.strip()

    def after(self, how: str) -> str:
        """Return how a process ended, with its last words where it had any."""
        return f"{how}: {self._last[:SHORT]}" if self._last else how


async def told_on(source: asyncio.StreamReader, tell: Callable[[str], None]) -> None:
    """Tell each line of a stream until it ends; one that is too long in pieces."""
    rest = b""
    while read := await source.read(2**16):
        *lines, rest = (rest + read).split(b"\n")
        for line in lines:
            _tell(line, tell)
        if len(rest) > LONGEST:
            _tell(rest, tell)
            rest = b""
    _tell(rest, tell)


def _tell(line: bytes, tell: Callable[[str], None]) -> None:
    text = line.decode(errors="replace").rstrip()
    for begin in range(0, len(text), LONGEST):
        tell(text[begin : begin + LONGEST])
