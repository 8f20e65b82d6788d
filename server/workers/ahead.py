"""How many jobs a worker is given ahead: none, but where jobs are over before the next one would be there."""

from typing import ClassVar


class Ahead:
    """Decides from how long the last job lasted."""

    MOST: ClassVar[int] = 32
    """Jobs that a worker has at most: the one that it runs, and those after it."""
    PATIENCE: ClassVar[float] = 0.05
    """Seconds that all of them should take at most, and that one may run before those behind it wait in the
    queue again, where all can see them."""

    def __init__(self) -> None:
        self._room = 1
        self._coming = 0

    def lasted(self, seconds: float) -> None:
        """Take into account how long a job has run."""
        self._room = max(1, min(self.MOST, int(self.PATIENCE / max(seconds, 0.001))))

    def wanted(self, there: int, *, alone: bool) -> int:
        """Return how many jobs to ask for, which `came` has to be told of, where the worker has some already.

        While another worker waits for jobs, this one is not `alone`, and leaves them to that one.
        """
        room = self._room if alone else 1
        there += self._coming
        asked = room - there if 2 * there <= room else 0  # several at a time: asking costs more than a job
        self._coming += max(asked, 0)
        return max(asked, 0)

    def came(self, asked: int) -> None:
        """Take into account that what was asked for is there, as far as it was."""
        self._coming -= asked
