"""A run on its way to its listener, noted down in the history as it goes."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterable, Mapping
from contextlib import closing
from dataclasses import replace

from ..caches.keys import node_key
from ..events import Event, NodeFinished, NodeStarted, RunCancelled, RunDone, RunFailed, RunStarted
from ..files.folders import Folders
from ..graphs.graph import Graph
from ..node_types.declaration import NodeTable
from .explain import sources_of
from .history import Cost, History, Shape
from .places import Place, always, place_of

PAUSE = 1.0
"""Seconds between two writings while a run goes on: what a killed process loses of what was finished."""

SHARE = 20
"""A writing is followed by a pause of at least so many times its own length."""


def recorded(
    events: Generator[Event],
    history: History,
    graph: Graph,
    table: NodeTable,
    folders: Folders,
    digests: Mapping[str, str],
    pause: float = PAUSE,
) -> Generator[Event]:
    """Yield the events of a run of a validated graph; what they tell is in the history when it ends.

    It is there before the last event is yielded. `digests` are those of the run's nodes, as it finds them.
    What was told is written at least `pause` seconds after the writing before. Closing this generator closes
    the run's.
    """
    notes = _Notes(history, graph, table, folders, digests, pause)
    with closing(events):
        try:
            for event in events:
                notes.take(event)
                yield event
        finally:
            notes.write()


class _Notes:
    """What a run told and is not written down yet."""

    def __init__(
        self,
        history: History,
        graph: Graph,
        table: NodeTable,
        folders: Folders,
        digests: Mapping[str, str],
        pause: float,
    ) -> None:
        self._history, self._graph, self._table, self._folders = history, graph, table, folders
        self._digests, self._pause = digests, pause
        self._shape = Shape.of(graph)
        self._costs: dict[str, Cost] = {}
        self._settled: list[str] = []  # nodes of the graph that have their result
        self._began: dict[str, float] = {}
        self._parents: set[str] = set()
        self._next_at = pause

    def take(self, event: Event) -> None:
        """Note an event; write now and then, and when it is the last one."""
        match event:
            case RunStarted():
                self._settled += event.cached
            case NodeStarted():
                self._began[event.node] = event.at
                if event.parent is not None:
                    self._parents.add(event.parent)
            case NodeFinished():
                self._finished(event)
            case RunDone() | RunFailed() | RunCancelled():
                self.write()
            case _:
                pass
        if event.at >= self._next_at:
            began = time.perf_counter()
            self.write()
            self._next_at = event.at + max(self._pause, SHARE * (time.perf_counter() - began))

    def _finished(self, event: NodeFinished) -> None:
        began = self._began.pop(event.node, event.at)
        if not event.cached:
            # One that expanded took what those took that it made, which ran until it finished.
            seconds = event.at - began if event.node in self._parents else event.seconds
            self._costs[event.key] = Cost(
                seconds=seconds, peak_bytes=event.peak_bytes, stamp=self._history.stamp
            )
        if event.parent is None:
            self._settled.append(event.node)

    def write(self) -> None:
        """Write what was noted since the last time."""
        settled, self._settled = self._settled, []
        costs, self._costs = self._costs, {}
        places = self._places(settled) if settled else {}
        if costs or places:
            self._history.record(self._shape, costs, places)

    def _places(self, settled: Iterable[str]) -> dict[str, Place]:
        """Return the places of settled nodes, and of those above them, that differ from the history's."""
        known = self._history.keys(self._shape)
        changed: dict[str, Place] = {}
        waiting = list(settled)
        while waiting:
            name = waiting.pop()
            digest = self._digests.get(name)
            # Where a key is the same, so is everything above it.
            if name in changed or digest is None or known.get(name) == digest:
                continue
            if place := self._place(name, digest):
                changed[name] = place
                sources = sources_of(self._graph.nodes[name], self._graph, self._table)
                waiting += [source for source, sure in sources if sure]
        return changed

    def _place(self, name: str, digest: str) -> Place | None:
        """Return the place of a node; None when a file was changed since the run read it."""
        node = self._graph.nodes[name]
        try:
            key = node_key(node, self._table[node.class_type], self._digests, self._folders)
        except (OSError, ValueError):
            return None
        if always(key) is not None:
            key = replace(key, digest=digest)
        return place_of(node, key) if key.digest == digest else None
