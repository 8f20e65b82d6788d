"""What runs tell, noted down in the history while they go, by a thread of its own."""

from __future__ import annotations

import atexit
import threading
import time
import weakref
from collections.abc import Generator, Iterable, Mapping
from contextlib import closing
from dataclasses import replace

from ..caches.keys import node_key
from ..events import Event, NodeFinished, NodeStarted, RunStarted
from ..files.folders import Folders
from ..graphs.graph import Graph
from ..node_types.declaration import NodeTable
from .explain import sources_of
from .history import Cost, History, Shape
from .places import Place, always, place_of

PAUSE = 0.5
"""Seconds between two writings: a killed process loses what was finished since the last one began."""

SHARE = 20
"""A writing is followed by a pause of at least so many times its own length."""

LINGER = 5.0
"""Seconds without a run after which the thread ends; the next run starts another."""


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

    The arguments are those of `Scribe` and `Scribe.noted`.
    """
    with closing(Scribe(history, table, folders, pause)) as scribe:
        yield from scribe.noted(events, graph, digests)


class Scribe:
    """Notes runs down in a history, `pause` seconds after the writing before; no run waits for it.

    What many short runs bring is written together, and of a node that several of them settled only the last
    place. Safe to use from several threads. The end of the process writes what is left, unless it is a sudden
    one.
    """

    def __init__(self, history: History, table: NodeTable, folders: Folders, pause: float = PAUSE) -> None:
        self._history, self._table, self._folders, self._pause = history, table, folders, pause
        self._runs: list[_Notes] = []
        self._changed = threading.Condition()
        self._writing = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closed = False
        self._ever = False  # a thread was started

    def noted(self, events: Generator[Event], graph: Graph, digests: Mapping[str, str]) -> Generator[Event]:
        """Yield the events of a run of a validated graph, and have what they tell written.

        `digests` are those of the run's nodes, as it finds them. Closing this generator closes the run's.
        """
        notes = _Notes(graph, digests, self._history.stamp)
        self._begin(notes)
        with closing(events):
            try:
                for event in events:
                    notes.take(event)
                    yield event
            finally:
                notes.is_over = True

    def flush(self) -> None:
        """Write what was told so far."""
        with self._writing:
            with self._changed:
                runs = self._runs
                # Looked at before its notes are taken: what is told later is found the next time.
                self._runs = [notes for notes in runs if not notes.is_over]
            self._write(runs)

    def close(self) -> None:
        """Write what is left and end the thread."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            thread = self._thread
        if thread is not None:
            thread.join()
        self.flush()

    def _begin(self, notes: _Notes) -> None:
        with self._changed:
            self._runs.append(notes)
            if self._thread is None and not self._closed:
                if not self._ever:
                    self._ever = True
                    atexit.register(_flush_at_exit, weakref.ref(self))
                self._thread = threading.Thread(target=self._work, name="inkloom history", daemon=True)
                self._thread.start()
            elif len(self._runs) == 1:
                self._changed.notify_all()

    def _work(self) -> None:
        pause = self._pause
        try:
            while self._wait(pause):
                began = time.perf_counter()
                self.flush()
                pause = max(self._pause, SHARE * (time.perf_counter() - began))
        finally:
            with self._changed:
                if self._thread is threading.current_thread():  # a fault ends this thread, not the writing
                    self._thread = None

    def _wait(self, pause: float) -> bool:
        """Wait for a run, then so many seconds; False when there was no run for long, or all is over."""
        with self._changed:
            if not self._runs and not self._closed:
                self._changed.wait(LINGER)
            if not self._runs or self._closed:
                self._thread = None
                return False
            self._changed.wait_for(lambda: self._closed, pause)
            return True

    def _write(self, runs: Iterable[_Notes]) -> None:
        """Write what these runs told since the last time, together for all of one shape."""
        shapes: dict[str, _Shaped] = {}
        for notes in runs:
            costs, settled = notes.fetch()
            if not costs and not settled:
                continue
            found = shapes.get(notes.shape.digest)
            if found is None:
                known = self._history.keys(notes.shape) if settled else {}
                found = shapes[notes.shape.digest] = _Shaped(notes.shape, known)
            elif settled and not found.known:
                found.known = self._history.keys(notes.shape)
            found.costs |= costs
            self._settle(found, notes, settled)
        for found in shapes.values():
            places = {
                name: place for name in found.latest if (place := self._place(name, found.latest[name]))
            }
            if found.costs or places:
                self._history.record(found.shape, found.costs, places)

    def _settle(self, found: _Shaped, notes: _Notes, settled: Iterable[str]) -> None:
        """Mark those of a run's settled nodes, and of those above them, whose keys differ from the known."""
        waiting = list(settled)
        while waiting:
            name = waiting.pop()
            digest = notes.digests.get(name)
            # Where a key is the same, so is everything above it.
            if digest is None or found.known.get(name) == digest:
                continue
            found.known[name] = digest
            found.latest[name] = notes
            sources = sources_of(notes.graph.nodes[name], notes.graph, self._table)
            waiting += [source for source, sure in sources if sure]

    def _place(self, name: str, notes: _Notes) -> Place | None:
        """Return the place of a node; None when a file was changed since the run read it."""
        node, digest = notes.graph.nodes[name], notes.digests[name]
        try:
            key = node_key(node, self._table[node.class_type], notes.digests, self._folders)
        except (OSError, ValueError):
            return None
        if always(key) is not None:
            key = replace(key, digest=digest)
        return place_of(node, key) if key.digest == digest else None


class _Notes:
    """What a run told and is not written down yet; told by one thread, fetched by another."""

    def __init__(self, graph: Graph, digests: Mapping[str, str], stamp: str) -> None:
        self.graph, self.digests = graph, digests
        self.is_over = False
        self._shape: Shape | None = None
        self._stamp = stamp
        self._costs: dict[str, Cost] = {}
        self._settled: list[str] = []  # nodes of the graph that have their result
        self._began: dict[str, float] = {}
        self._parents: set[str] = set()
        self._lock = threading.Lock()

    @property
    def shape(self) -> Shape:
        """The shape of the run's graph."""
        if self._shape is None:
            self._shape = Shape.of(self.graph)
        return self._shape

    def take(self, event: Event) -> None:
        """Note an event."""
        match event:
            case RunStarted():
                with self._lock:
                    self._settled += event.cached
            case NodeStarted():
                self._began[event.node] = event.at
                if event.parent is not None:
                    self._parents.add(event.parent)
            case NodeFinished():
                with self._lock:
                    self._finished(event)
            case _:
                pass

    def fetch(self) -> tuple[dict[str, Cost], list[str]]:
        """Return what was noted since the last time: costs by key, and settled nodes."""
        with self._lock:
            costs, self._costs = self._costs, {}
            settled, self._settled = self._settled, []
        return costs, settled

    def _finished(self, event: NodeFinished) -> None:
        began = self._began.pop(event.node, event.at)
        if not event.cached:
            # One that expanded took what those took that it made, which ran until it finished.
            seconds = event.at - began if event.node in self._parents else event.seconds
            self._costs[event.key] = Cost(seconds=seconds, peak_bytes=event.peak_bytes, stamp=self._stamp)
        if event.parent is None:
            self._settled.append(event.node)


class _Shaped:
    """What runs of one shape brought: costs by key, and for each changed place the last run that settled it.

    `known` are the keys of nodes as they will be.
    """

    def __init__(self, shape: Shape, known: dict[str, str]) -> None:
        self.shape, self.known = shape, known
        self.costs: dict[str, Cost] = {}
        self.latest: dict[str, _Notes] = {}


def _flush_at_exit(scribe: weakref.ref[Scribe]) -> None:
    found = scribe()
    if found is not None:
        found.flush()
