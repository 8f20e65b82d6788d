"""A run on the screen: a progress bar on a terminal, plain lines elsewhere, or events as JSON."""

from __future__ import annotations

import json
import os
import sys
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Protocol, cast

from ...executor import (
    Event,
    Folders,
    Graph,
    NodeBlocked,
    NodeFailed,
    NodeFinished,
    NodeStarted,
    NodeTable,
    Progress,
    RunStarted,
    to_json,
)
from .pace import Pace, duration_text, speed_text
from .plain import plain

STOPPING = "stopping after this step; Ctrl-C again ends at once"

QUIET = 2.0
"""Seconds between two plain lines about one node."""


class Drawing(Protocol):
    """Somebody who shows a run as it goes."""

    def tell(self, event: Event) -> None:
        """Show an event."""
        ...

    def stopping(self) -> None:
        """Show that Ctrl-C was seen; called from a signal handler."""
        ...

    def close(self) -> None:
        """Leave the terminal as it was."""
        ...


@dataclass(frozen=True)
class Names:
    """What the nodes of a workflow are called on the screen."""

    graph: Graph
    table: NodeTable

    def of(self, node: str) -> str:
        """Return a node's title, or its class's display name; with its id where several share it."""
        name = self._name(node)
        return plain(f"{name} ({node})" if self._uses[name] > 1 else name)

    def without_id(self, node: str) -> str:
        """Return a node's title, or its class's display name, also where several share it."""
        return plain(self._name(node))

    def of_class(self, class_type: str) -> str:
        """Return a class's display name."""
        return self.table[class_type].display_name if class_type in self.table else plain(class_type)

    @cached_property
    def _uses(self) -> Counter[str]:
        return Counter(map(self._name, self.graph.nodes))

    def _name(self, node: str) -> str:
        found = self.graph.nodes.get(node)
        return node if found is None else found.title or self.of_class(found.class_type)


def files_of(event: NodeFinished, folders: Folders) -> list[Path]:
    """Return the paths of the files that an output node shows."""
    found: list[Path] = []
    for shown in (event.ui or {}).values():
        for item in cast("list[object]", shown) if isinstance(shown, list) else []:
            match item:
                case {"filename": str() as name, "subfolder": str() as subfolder, "type": str() as folder}:
                    found.append(folders.root(folder) / subfolder / name)
                case _:
                    pass
    return found


class JsonLines:
    """Every event as a line of JSON on standard output; output nodes also tell the paths of their `files`."""

    def __init__(self, folders: Folders) -> None:
        self._folders = folders

    def tell(self, event: Event) -> None:
        """Print an event."""
        extra: Mapping[str, object] = {}
        if isinstance(event, NodeFinished) and event.ui is not None:
            extra = {"files": [str(path) for path in files_of(event, self._folders)]}
        print(json.dumps({**to_json(event), **extra}), flush=True)

    def stopping(self) -> None:
        """Say nothing: the event of the cancelled run follows."""

    def close(self) -> None:
        """Nothing to leave."""


@dataclass
class PlainLines:
    """A line for what takes time, on standard error."""

    names: Names
    _told: dict[str, float] = field(default_factory=dict[str, float])
    _paces: dict[str, Pace] = field(default_factory=dict[str, Pace])
    _started: dict[str, float] = field(default_factory=dict[str, float])

    def tell(self, event: Event) -> None:
        """Print an event, unless its node was spoken of a moment ago."""
        match event:
            case RunStarted():
                self._say(begun_text(event))
            case NodeStarted(parent=None):
                self._started[event.node] = event.at
            case Progress(parent=None):
                pace = self._paces.setdefault(event.node, Pace())
                pace.tell(event.at, event.done, event.total)
                if event.at - self._told.get(event.node, event.at - QUIET) >= QUIET:
                    self._told[event.node] = event.at
                    self._say(f"{self.names.of(event.node)}: {', '.join(progress_texts(pace))}")
            case NodeFinished(parent=None) if event.node in self._started:
                seconds = event.at - self._started[event.node]
                self._say(f"{self.names.of(event.node)}: done in {duration_text(seconds)}")
            case NodeFailed() | NodeBlocked(message=str()):
                self._say(left_out_text(event))
            case _:
                pass

    def stopping(self) -> None:
        """Tell it past Python's buffers, which a signal handler must not touch."""
        os.write(2, f"{STOPPING}\n".encode())

    def close(self) -> None:
        """Nothing to leave."""

    def _say(self, line: str) -> None:
        print(line, file=sys.stderr, flush=True)


def begun_text(event: RunStarted) -> str:
    """Return what a run begins with: how many nodes, and how many of them have their result already."""
    if set(event.outputs) <= set(event.cached):
        return "nothing to run: all results are cached"
    cached = f", {len(event.cached)} of them cached" if event.cached else ""
    return f"running {len(event.nodes)} nodes{cached}"


def left_out_text(event: NodeFailed | NodeBlocked) -> str:
    """Return what was not done, and why, while the run goes on."""
    if isinstance(event, NodeBlocked):
        return plain(f"node {event.display_node}, {event.class_type}: not run: {event.message}")
    where = f"node {event.display_node}, {event.class_type} ({event.node})"
    return plain(f"{where}: failed, so this item is left out: {event.message}")


def progress_texts(pace: Pace) -> list[str]:
    """Return what there is to say of a node's progress: steps, speed, time left."""
    left = "" if pace.left is None or not pace.total - pace.done else f"{duration_text(pace.left)} left"
    return [text for text in (f"step {pace.done} of {pace.total}", speed_text(pace.speed), left) if text]
