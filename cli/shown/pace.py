"""How fast a node goes on, and how long it will still take."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Pace:
    """The steps of one node against the clock; times in seconds.

    The first step is left out of the speed: it often carries the loading of a model.
    """

    first_at: float = 0.0
    first_done: int = 0
    at: float = 0.0
    done: int = 0
    total: int = 0

    def tell(self, at: float, done: int, total: int) -> None:
        """Take note that `done` of `total` steps were done at a time."""
        if not self.total or done < self.done:
            self.first_at, self.first_done = at, done
        self.at, self.done, self.total = at, done, total

    @property
    def speed(self) -> float | None:
        """Steps a second, or None while it is not known."""
        steps, seconds = self.done - self.first_done, self.at - self.first_at
        return steps / seconds if steps > 0 and seconds > 0 else None

    @property
    def left(self) -> float | None:
        """Seconds until the last step, or None while that is not known."""
        return None if self.speed is None else (self.total - self.done) / self.speed


def speed_text(speed: float | None) -> str:
    """Write a speed as people read it: `6.1 steps/s`, or `2.5 s/step` for slow ones."""
    if speed is None:
        return ""
    return f"{speed:.1f} steps/s" if speed >= 1 else f"{1 / speed:.1f} s/step"


def duration_text(seconds: float) -> str:
    """Write a time: `0.08 s`, `3.2 s`, `42 s`, `1 min 05 s`, `2 h 03 min`."""
    if seconds < 0.995:
        return f"{seconds:.2f} s"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    if round(seconds) < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02} s"
    return f"{minutes // 60} h {minutes % 60:02} min"
