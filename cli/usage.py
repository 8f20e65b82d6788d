"""What the command line says when it can't do what was asked."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(eq=False)  # not frozen: a context manager that it passes sets its traceback
class UsageError(Exception):
    """One thing that is wrong with what was asked: what, where was looked, what there is, what to do."""

    what: str
    looked: tuple[str, ...] = ()
    known: tuple[str, ...] = ()
    nearest: str | None = None
    advice: str | None = None

    def lines(self) -> list[str]:
        """Return it as lines to print."""
        return [
            self.what,
            *(f"looked at {place}" for place in self.looked),
            *self.known,
            *([f"did you mean {self.nearest}?"] if self.nearest else []),
            *([self.advice] if self.advice else []),
        ]
