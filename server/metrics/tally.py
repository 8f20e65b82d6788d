"""Numbers that rise while the server works; plain ones, since some do so thousands of times a second.

All are changed by the event loop's thread alone. No label is a text that a client has chosen.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from ...client.values import Residency
from ..store.values import Counts, EndState

BOUNDS = (0.001, 0.0025, 0.01, 0.025, 0.1, 0.25, 1.0, 2.5, 10.0, 25.0, 60.0, 300.0, 1800.0)
"""Seconds within which things are counted: from a node that adds two numbers to a long film."""

REASONS: Mapping[int, str] = {
    400: "invalid",
    401: "not_allowed",
    403: "not_allowed",
    404: "not_found",
    409: "conflict",
    413: "too_large",
    415: "wrong_content_type",
    422: "invalid",
    429: "queue_full",
    503: "unavailable",
}
"""Why a job was not taken in, by the status that told so."""

ANOTHER = "other"
"""What stands for all that is not on a list."""

NODE_FINISHED = "node_finished"
"""The event that tells what a node took."""


@dataclass(slots=True)
class Spread:
    """How long some things took: how many of them within each of `BOUNDS`, and all their seconds."""

    within: list[int] = field(default_factory=lambda: [0] * (len(BOUNDS) + 1))
    seconds: float = 0.0

    def add(self, seconds: float) -> None:
        """Count one more; a clock that was set back gives no time less than none."""
        taken = max(seconds, 0.0)
        self.within[bisect_left(BOUNDS, taken)] += 1
        self.seconds += taken

    @property
    def count(self) -> int:
        """How many there were."""
        return sum(self.within)


@dataclass(slots=True, kw_only=True)
class Tally:
    """What one server has seen of its jobs and requests since it started.

    `classes` are the node types that are told apart, and `makers` the paths of routes that make jobs.
    """

    classes: Collection[str] = ()
    makers: Collection[str] = frozenset()
    accepted: int = 0
    refused: Counter[str] = field(default_factory=Counter[str])
    finished: Counter[EndState] = field(default_factory=Counter[EndState])
    waited: Spread = field(default_factory=Spread)
    """From when a job was accepted until it was first begun."""
    ran: Spread = field(default_factory=Spread)
    """The attempts that ended a job."""
    nodes: dict[str, Spread] = field(default_factory=dict[str, Spread])
    """The nodes that were computed, by class."""
    requests: Counter[tuple[str, str, int]] = field(default_factory=Counter[tuple[str, str, int]])
    """Answers by method, route and status."""

    def ended(self, state: EndState, seconds: float) -> None:
        """Count a run that ended its job."""
        self.finished[state] += 1
        self.ran.add(seconds)

    def heard(self, event: Mapping[str, object]) -> None:
        """Count what an event of a run, in its JSON form, tells of a node that was computed."""
        if event.get("type") != NODE_FINISHED or event.get("cached"):
            return
        match event:
            case {"class_type": str() as kind, "seconds": float() | int() as seconds}:
                name = kind if kind in self.classes else ANOTHER
                spread = self.nodes.get(name)
                if spread is None:
                    spread = self.nodes[name] = Spread()
                spread.add(seconds)
            case _:
                pass  # a worker of another version: nothing to count

    def answered(self, method: str, route: str, status: int) -> None:
        """Count an answer of a route, given as it was declared."""
        self.requests[method, route, status] += 1
        if status >= 400 and method == "POST" and route in self.makers:
            self.refused[REASONS.get(status, ANOTHER)] += 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One server at one moment; `jobs` and `residency` are None where nobody could tell."""

    tally: Tally
    jobs: Counts | None
    residency: Residency | None
    version: str
    python: str
    restarts: int
    """Workers that died or did not start, and were replaced."""
    failures: int
    """What was asked of the database and failed."""
    clients: int
    """Open websockets."""
    messages: int
    """What was sent to all websockets."""
