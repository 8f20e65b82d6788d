"""Shared by the tests of what runs mean: play a workflow, and look at what was told."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from inkloom.executor import (
    Event,
    Folders,
    Graph,
    MemoryCache,
    NodeBlocked,
    NodeFailed,
    NodeFinished,
    NodeStarted,
    NodeTable,
    declared_by,
    run,
)


@dataclass
class Played:
    """What a run told."""

    events: list[Event]

    @property
    def last(self) -> Event:
        """The run's end."""
        return self.events[-1]

    @property
    def started(self) -> list[str]:
        """The nodes that were called, in their order."""
        return [event.node for event in self.events if isinstance(event, NodeStarted)]

    @property
    def blocked(self) -> dict[str, str | None]:
        """What blocked nodes told."""
        return {event.node: event.message for event in self.events if isinstance(event, NodeBlocked)}

    @property
    def failed(self) -> dict[str, str]:
        """What nodes of items told that failed."""
        return {event.node: event.message for event in self.events if isinstance(event, NodeFailed)}

    @property
    def shown(self) -> dict[str, Any]:
        """What nodes showed as "value"."""
        finished = [event for event in self.events if isinstance(event, NodeFinished)]
        return {event.node: event.ui["value"] for event in finished if event.ui}


@pytest.fixture
def play(tmp_path: Path) -> Iterator[Callable[..., Played]]:
    """Give a function that runs a workflow of nodes, all with one cache; no thread may be left after it."""
    before = set(threading.enumerate())
    cache = MemoryCache(2**20)

    def played(flow: dict[str, Any], nodes: ModuleType | Iterable[Callable[..., Any]], **more: Any) -> Played:
        if isinstance(nodes, ModuleType):
            table = NodeTable.collect(nodes)
        else:
            table = NodeTable({found.name: found for one in nodes if (found := declared_by(one))})
        more = {"cache": cache, **more}
        return Played(list(run(Graph.parse(flow), table, Folders(tmp_path), more.pop("cache"), **more)))

    yield played
    assert set(threading.enumerate()) <= before
