"""What the engine does around a run, however that ends."""

from __future__ import annotations

from collections.abc import Generator, Iterable
from typing import Any

import pytest

from inkloom.executor import Event, NodeFinished, NodeStarted, RunCancelled, RunDone, RunFailed, RunStarted
from inkloom.nodes.engine import tidied

NODE: dict[str, Any] = {"node": "a", "class_type": "A", "display_node": "a"}
BEGIN = RunStarted(nodes=("a",), cached=(), outputs=("a",))
STARTED = NodeStarted(at=0.001, **NODE)
FAILED = {"exception_type": "ValueError", "message": "no", "inputs": {}}


def finished(seconds: float, *, cached: bool = False) -> NodeFinished:
    return NodeFinished(at=seconds, seconds=seconds, cached=cached, **NODE)


RUNS: list[tuple[list[Event], int]] = [
    ([BEGIN, STARTED, finished(9.0), RunDone(at=9.1, seconds=9.1)], 1),
    ([BEGIN, STARTED, finished(0.01), RunDone(at=9.1, seconds=9.1)], 0),
    ([BEGIN, STARTED, *[finished(0.01)] * 6, RunDone(at=9.1, seconds=9.1)], 1),
    ([BEGIN, finished(9.0, cached=True), RunDone(at=9.1, seconds=9.1)], 0),
    ([BEGIN, STARTED, RunCancelled(at=9.0, **NODE)], 1),
    ([BEGIN, STARTED, RunCancelled(at=0.01, **NODE)], 0),
    ([BEGIN, STARTED, RunFailed(at=9.0, **NODE, **FAILED)], 1),
    ([BEGIN, RunFailed(at=0.01, **NODE, **FAILED)], 0),
]


class Source:
    """The events of a run, and what was done in which order."""

    def __init__(self) -> None:
        self.did: list[str] = []

    def run(self, events: Iterable[Event]) -> Generator[Event]:
        try:
            yield from events
        finally:
            self.did.append("ended")

    def give_back(self) -> None:
        self.did.append("gave back")


@pytest.mark.parametrize(("events", "times"), RUNS)
def test_memory_is_given_back_once_after_a_run_that_computed_much(events: list[Event], times: int):
    source = Source()
    assert list(tidied(source.run(events), source.give_back)) == events
    assert source.did == ["ended", *["gave back"] * times]


@pytest.mark.parametrize("events", [events for events, _ in RUNS])
def test_it_is_given_back_too_when_nobody_listens_to_the_end(events: list[Event]):
    source = Source()
    told = tidied(source.run(events), source.give_back)
    for _ in events[:-1]:
        next(told)
    told.close()
    much = events[-2].at >= 0.05
    assert source.did == ["ended", *["gave back"] * much]
