"""What earlier runs took and were made of, kept in a small database beside the caches.

Any number of processes may use one file at once, and each may be killed at any moment. The history is a
convenience: when its file can't be used, that is told once and nothing is remembered; when it is damaged, it
is moved aside and begun anew. A run never fails for it.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import sqlite3
import threading
import weakref
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from ..graphs.graph import Graph
from .places import Place, from_json, to_json

T = TypeVar("T")

log = logging.getLogger(__name__)

FILE = "history-2.sqlite"
"""Name of the file in a cache folder; a change of the tables changes the number."""

PATIENCE = 2.0
"""Seconds to wait for another process that writes."""

ALIKE = 1 / 3
"""Two workflows are taken for one that was edited when they share this part of all nodes that they have."""

SKETCH = 64
"""Nodes by which workflows are compared."""

_TABLES = """
CREATE TABLE IF NOT EXISTS costs (
    id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, seconds REAL NOT NULL, peak INTEGER,
    stamp TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS workflows (
    id INTEGER PRIMARY KEY AUTOINCREMENT, shape TEXT NOT NULL UNIQUE, sketch TEXT NOT NULL,
    used INTEGER NOT NULL, bytes INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS places (
    workflow INTEGER NOT NULL, node TEXT NOT NULL, class_type TEXT NOT NULL, key TEXT, parts TEXT,
    PRIMARY KEY (workflow, node)
) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What the result of one content key took: seconds, and bytes of memory where they were measured.

    `stamp` stands for the code that computed it, as in `History`.
    """

    seconds: float
    peak_bytes: int | None = None
    stamp: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much is remembered, the oldest goes first; `place_bytes` counts the text that is kept of places."""

    keys: int = 100_000
    workflows: int = 200
    place_bytes: int = 32 * 2**20


@dataclass(frozen=True, slots=True)
class Shape:
    """What tells workflows apart: the class of every node by its id, and a digest of that."""

    classes: Mapping[str, str]
    digest: str

    @classmethod
    def of(cls, graph: Graph) -> Shape:
        """Return the shape of a graph."""
        classes = {name: node.class_type for name, node in graph.nodes.items()}
        text = json.dumps(sorted(classes.items()))
        return cls(classes, hashlib.blake2b(text.encode(), digest_size=20).hexdigest())

    def sketch(self) -> list[str]:
        """Return hashes of nodes by which to compare workflows: of big ones the lowest, a fair sample."""
        pairs = map(json.dumps, self.classes.items())
        return sorted(hashlib.blake2b(pair.encode(), digest_size=8).hexdigest() for pair in pairs)[:SKETCH]


def alike(first: Sequence[str], second: Sequence[str]) -> float:
    """Return the part of two workflows' nodes that is common to both, from their sketches."""
    lowest = sorted({*first, *second})[:SKETCH]
    return len({*first}.intersection(second, lowest)) / max(len(lowest), 1)


class History:
    """Costs by content key, and places by workflow, in the file `path`; safe to use from several threads.

    Workflows are told apart by their shape, the ids and classes of all their nodes; one of a new shape takes
    over the places of the latest that is like it, so that an edited workflow keeps its past. Reading makes no
    file. Nothing here raises for what the file or the disk does. `stamp` stands for the code that runs now:
    what other code computed is not found by a cache on the disk, though its key is the same.
    """

    def __init__(self, path: Path, limits: Limits | None = None, *, stamp: str = "") -> None:
        self._path, self._limits = path, limits or Limits()
        self.stamp = stamp
        self._connection: sqlite3.Connection | None = None
        self._identity: tuple[int, int] | None = None
        self._close: Callable[[], object] = lambda: None
        self._told = False
        self._unpruned = self._limits.keys  # the first writing looks whether there is too much
        self._lock = threading.Lock()

    def costs(self, keys: Iterable[str]) -> dict[str, Cost]:
        """Return what these results took, as far as that is known."""
        asked = json.dumps(list(keys))

        def read(connection: sqlite3.Connection) -> dict[str, Cost]:
            found = connection.execute(
                "SELECT key, seconds, peak, stamp FROM costs WHERE key IN (SELECT value FROM json_each(?))",
                [asked],
            )
            return {
                key: Cost(seconds=seconds, peak_bytes=peak, stamp=stamp)
                for key, seconds, peak, stamp in found
            }

        return self._read(read, {})

    def places(self, shape: Shape) -> dict[str, Place]:
        """Return the places, by node id, of the workflow most like one of this shape.

        All are given, also those of nodes that the given workflow has not.
        """

        def read(connection: sqlite3.Connection) -> dict[str, Place]:
            found = connection.execute(
                "SELECT node, class_type, key, parts FROM places WHERE workflow = ? AND key IS NOT NULL",
                [_most_alike(connection, shape)],
            )
            return {
                _name(node): from_json(_name(class_type), key, parts)
                for node, class_type, key, parts in found
            }

        return self._read(read, {})

    def keys(self, shape: Shape) -> dict[str, str]:
        """Return the last keys, by node id, of a workflow of exactly this shape, where they are known."""

        def read(connection: sqlite3.Connection) -> dict[str, str]:
            found = connection.execute(
                "SELECT node, key FROM places WHERE workflow = (SELECT id FROM workflows WHERE shape = ?)"
                " AND key IS NOT NULL",
                [shape.digest],
            )
            return {_name(node): key for node, key in found}

        return self._read(read, {})

    def record(self, shape: Shape, costs: Mapping[str, Cost], places: Mapping[str, Place]) -> None:
        """Remember costs by key, and places by node id of a workflow of this shape."""

        def write(connection: sqlite3.Connection) -> None:
            connection.execute("BEGIN IMMEDIATE")
            with connection:  # commits, or rolls back
                connection.executemany(
                    "INSERT OR REPLACE INTO costs (key, seconds, peak, stamp) VALUES (?, ?, ?, ?)",
                    [(key, cost.seconds, cost.peak_bytes, cost.stamp) for key, cost in costs.items()],
                )
                if places:
                    _write_places(connection, _workflow(connection, shape), places)
                self._unpruned += len(costs)
                if self._unpruned >= self._limits.keys // 10:
                    connection.execute(
                        "DELETE FROM costs WHERE id <= (SELECT max(id) FROM costs) - ?", [self._limits.keys]
                    )
                    self._unpruned = 0
                _drop_workflows(connection, self._limits)

        self._guarded(write, None, create=True)

    def close(self) -> None:
        """Close the file; the next use opens it again."""
        with self._lock:
            self._shut()

    def _read(self, work: Callable[[sqlite3.Connection], T], otherwise: T) -> T:
        return self._guarded(work, otherwise, create=False)

    def _guarded(self, work: Callable[[sqlite3.Connection], T], otherwise: T, *, create: bool) -> T:
        """Do `work`; begin a new file when this one is damaged, give `otherwise` when it can't be used."""
        with self._lock:
            for _ in range(2):
                try:
                    connection = self._open(create=create)
                    return otherwise if connection is None else work(connection)
                except (sqlite3.Error, ValueError) as error:
                    if not _is_damage(error):
                        self._tell("can't use %s: %s; what runs take is not remembered", error)
                        break
                    self._move_aside(error)
                except OSError as error:
                    self._tell("can't use %s: %s; what runs take is not remembered", error)
                    break
            return otherwise

    def _open(self, *, create: bool) -> sqlite3.Connection | None:
        identity = _identity(self._path)
        if self._connection is not None and identity == self._identity:
            return self._connection
        self._shut()  # somebody moved or removed the file
        if identity is None:
            if not create:
                return None
            self._path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(
            self._path, timeout=PATIENCE, isolation_level=None, check_same_thread=False
        )
        self._connection, self._identity = connection, _identity(self._path)
        self._close = finalizer = weakref.finalize(self, connection.close)
        finalizer.atexit = False  # the end of the process writes what is left
        # The write-ahead log lets others read while one writes, and survives a process that is killed.
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.executescript(_TABLES)
        self._identity = _identity(self._path)
        return connection

    def _shut(self) -> None:
        self._close()
        self._connection, self._close = None, lambda: None

    def _move_aside(self, error: Exception) -> None:
        if _identity(self._path) != self._identity:
            return self._shut()  # another process did it already
        self._shut()
        aside = self._path.with_name(f"{self._path.name}.damaged")
        self._tell(f"%s is damaged (%s); it is kept as {aside.name}, and a new one begun", error)
        with suppress(FileNotFoundError):
            os.replace(self._path, aside)
        for ending in ("-wal", "-shm"):
            self._path.with_name(self._path.name + ending).unlink(missing_ok=True)
        return None

    def _tell(self, message: str, error: Exception) -> None:
        if not self._told:
            log.warning(message, self._path, error)
        self._told = True


_NO_DAMAGE = frozenset(
    (
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_PROTOCOL,
    )
)
"""What a file in order may answer when others use it, the disk is full or it may not be written."""


def _is_damage(error: Exception) -> bool:
    """Tell whether a file is no history: no database, a torn one, other tables, a place that is none."""
    code = getattr(error, "sqlite_errorcode", None)
    return not isinstance(code, int) or code & 0xFF not in _NO_DAMAGE


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = os.stat(path)
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino


def _text(name: str) -> str:
    """Return a name as ASCII: it may hold anything that JSON can, half of a surrogate pair too."""
    return name if name.isascii() and name.isalnum() else json.dumps(name)[1:-1]


def _name(text: str) -> str:
    return text if "\\" not in text else json.loads(f'"{text}"')


def _listed(classes: Mapping[str, str]) -> str:
    return json.dumps({_text(node): _text(class_type) for node, class_type in classes.items()})


def _most_alike(connection: sqlite3.Connection, shape: Shape) -> int | None:
    """Return the workflow of this shape, else the one most like it, the latest of equals."""
    same = connection.execute("SELECT id FROM workflows WHERE shape = ?", [shape.digest]).fetchone()
    if same is not None:
        return same[0]
    rows = connection.execute("SELECT id, sketch FROM workflows ORDER BY used DESC")
    own = shape.sketch()
    ranked = [(alike(own, sketch.split()), workflow) for workflow, sketch in rows]
    best = max(ranked, key=lambda row: row[0], default=(0.0, None))
    return best[1] if best[0] >= ALIKE else None


def _workflow(connection: sqlite3.Connection, shape: Shape) -> int:
    """Return the workflow of this shape as the latest; a new one gets the places of the one most like it."""
    (latest,) = connection.execute("SELECT coalesce(max(used), 0) + 1 FROM workflows").fetchone()
    known = connection.execute("SELECT id FROM workflows WHERE shape = ?", [shape.digest]).fetchone()
    if known is not None:
        connection.execute("UPDATE workflows SET used = ? WHERE id = ?", [latest, known[0]])
        return known[0]
    like = _most_alike(connection, shape)
    made = connection.execute(
        "INSERT INTO workflows (shape, sketch, used, bytes) VALUES (?, ?, ?, 0)",
        [shape.digest, " ".join(shape.sketch()), latest],
    ).lastrowid
    assert made is not None
    connection.execute(
        "INSERT INTO places SELECT ?, given.key, given.value, old.key, old.parts FROM json_each(?) AS given"
        " LEFT JOIN places AS old ON workflow = ? AND node = given.key AND class_type = given.value",
        [made, _listed(shape.classes), like],
    )
    return made


def _write_places(connection: sqlite3.Connection, workflow: int, places: Mapping[str, Place]) -> None:
    connection.executemany(
        "UPDATE places SET key = ?, parts = ? WHERE workflow = ? AND node = ?",
        [(place.key, to_json(place), workflow, _text(node)) for node, place in places.items()],
    )
    connection.execute(
        "UPDATE workflows SET bytes = (SELECT coalesce(sum(length(parts)), 0) + 100 * count(*) FROM places"
        " WHERE workflow = workflows.id) WHERE id = ?",
        [workflow],
    )


def _drop_workflows(connection: sqlite3.Connection, limits: Limits) -> None:
    """Forget the workflows that were not used for longest; the latest stays, however big it is."""
    taken = 0
    rows = connection.execute("SELECT id, bytes FROM workflows ORDER BY used DESC").fetchall()
    for number, (workflow, size) in enumerate(rows):
        taken += size
        if number and (number >= limits.workflows or taken > limits.place_bytes):
            connection.execute("DELETE FROM places WHERE workflow = ?", [workflow])
            connection.execute("DELETE FROM workflows WHERE id = ?", [workflow])
