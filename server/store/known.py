"""Jobs that were read before: whoever looks at a long queue again and again finds most of them here."""

from collections.abc import Iterable

from .values import Job, Place

MOST = 2**22
"""Bytes that the jobs were given which are kept; the oldest go first."""


class Known:
    """Jobs by where they lie: of what is shown of one, nothing but its number ever changes."""

    def __init__(self, most: int = MOST) -> None:
        self._most = most
        self._bytes = 0
        self._jobs: dict[tuple[int, float], tuple[Job, int]] = {}

    def get(self, place: Place) -> Job | None:
        """Return the job at a place, if it is known."""
        found = self._jobs.get((place.ticket, place.number))
        return None if found is None else found[0]

    def add(self, jobs: Iterable[Job]) -> None:
        """Keep jobs, as far as there is room."""
        for job in jobs:
            size = len(job.prompt) + len(job.extra_data) + len(job.targets)
            if size <= self._most and (job.ticket, job.number) not in self._jobs:
                self._jobs[job.ticket, job.number] = (job, size)
                self._bytes += size
        while self._bytes > self._most:
            _, size = self._jobs.pop(next(iter(self._jobs)))
            self._bytes -= size
