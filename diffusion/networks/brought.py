"""What is told of weights that were brought into the form that computes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class Brought:
    """Bytes of weights that were copied, and the seconds of work that it was.

    `layers` counts those that passed by one at a time, again whenever they did; 0 for what came whole.
    """

    nbytes: int = 0
    seconds: float = 0.0
    layers: int = 0

    def __add__(self, other: Brought) -> Brought:
        return Brought(self.nbytes + other.nbytes, self.seconds + other.seconds, self.layers + other.layers)

    def __sub__(self, other: Brought) -> Brought:
        return Brought(self.nbytes - other.nbytes, self.seconds - other.seconds, self.layers - other.layers)


NOTHING = Brought()

Listener: TypeAlias = Callable[[Brought, float], object]
"""Is told what was brought, and how many seconds ago that was begun."""
