"""What a run's passing events told of what was done besides the nodes: a short form of it, for its end."""

from __future__ import annotations

import heapq
import threading
from collections.abc import Mapping
from itertools import count
from typing import Any

from ..events import Mark, Span
from ..problems import Json

MOST_SPANS = 200
"""Spans of a run that are told again; of more, the longest."""

MOST_MARKS = 100
"""Marks of a run that are told again; of more, the first."""

Told = dict[str, Json]


class Recollection:
    """Collects spans and marks; any thread may `note` one, and none is held on to once there are too many."""

    def __init__(self) -> None:
        self._spans: list[tuple[float, int, Told]] = []  # a heap: the shortest is first
        self._marks: list[Told] = []
        self._left_out = 0
        self._numbers = count()
        self._lock = threading.Lock()

    def note(self, node: str, at: float, kind: type[Span] | type[Mark], facts: Mapping[str, Any]) -> None:
        """Take in what a node told at `at`; `facts` are the fields of the event, and a span has its start."""
        told: Told = {"node": node, **{name: value for name, value in facts.items() if value not in ("", {})}}
        with self._lock:
            if kind is Mark:
                if len(self._marks) < MOST_MARKS:
                    self._marks.append({"at": round(at, PLACES), **told})
                else:
                    self._left_out += 1
                return
            for name in ("start", "seconds"):
                told[name] = round(facts[name], PLACES)
            entry = (facts["seconds"], next(self._numbers), told)
            if len(self._spans) < MOST_SPANS:
                heapq.heappush(self._spans, entry)
            else:
                heapq.heappushpop(self._spans, entry)
                self._left_out += 1

    def facts(self) -> dict[str, Any] | None:
        """Return the fields of the event that tells all of it, in the order of the run; None for nothing."""
        with self._lock:
            if not self._spans and not self._marks:
                return None
            spans = tuple(told for _, _, told in sorted(self._spans, key=lambda entry: entry[1]))
            return {"spans": spans, "marks": tuple(self._marks), "left_out": self._left_out}


PLACES = 4
"""Of a second: a tenth of a millisecond is less than anybody sees."""
