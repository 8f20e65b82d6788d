"""How far a run is."""

from collections.abc import Iterable, Mapping
from typing import cast


class Advance:
    """The part of a run's nodes that is done, as its events tell it."""

    def __init__(self) -> None:
        self._nodes = frozenset[str]()
        self._done = set[str]()

    def hear(self, event: Mapping[str, object]) -> None:
        """Take an event into account."""
        match event.get("type"):
            case "run_started":
                self._nodes = frozenset(cast("Iterable[str]", event["nodes"]))
                self._done = set(self._nodes.intersection(cast("Iterable[str]", event["cached"])))
            case "node_finished":
                if (node := cast(str, event["node"])) in self._nodes:
                    self._done.add(node)
            case _:
                pass

    @property
    def part(self) -> float:
        """The part that is done, 0..1."""
        return len(self._done) / len(self._nodes) if self._nodes else 0.0
