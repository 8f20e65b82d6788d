"""What computing takes beside weights, measured once for every model and shape, and remembered on disk."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from ..files.atomic import write_whole

log = logging.getLogger(__name__)

FILE = "workspaces-1.json"
"""Name of the file in a cache folder; a change of what it holds changes the number."""

MOST = 500
"""Models, and shapes of each, that are remembered; those measured first go first."""

EXACT, ALIKE = 1.1, 1.25
"""What is added to a measurement of the same shape, and to one that was scaled from others, as a factor."""

LIKELY = 0.05
"""The share of an estimate that computing takes at least."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What is computed: by which kind of model, and of which shape."""

    model: str
    shape: str


class Workspaces:
    """Measured workspaces in bytes; with a `path` in a file of JSON that several processes may use.

    A convenience: without the file, or with one that is damaged, the estimates hold and are measured anew.
    Safe for several threads.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._known: dict[str, dict[str, tuple[int, int]]] | None = None
        self._warned = False
        self._lock = threading.Lock()

    def known(self, shape: Shape) -> int | None:
        """Return what was measured of a shape, in bytes, if it was."""
        with self._lock:
            found = self._loaded().get(shape.model, {}).get(shape.shape)
            return None if found is None else found[1]

    def predicted(self, shape: Shape, estimate: int) -> int:
        """Return the bytes that computing a shape takes: as measured, or the estimate.

        Where other shapes of the model were measured, the estimate is mended as it should have been for them.
        """
        with self._lock:
            found = self._loaded().get(shape.model, {})
        if shape.shape in found:
            return int(found[shape.shape][1] * EXACT)
        shares = [measured / estimated for estimated, measured in found.values() if estimated]
        return int(estimate * max(shares) * ALIKE) if shares else estimate

    def measured(self, shape: Shape, estimate: int, nbytes: int) -> None:
        """Remember what computing a shape took; of several measurements the largest holds.

        What lies far below the estimate is not believed: then hardly anything was computed, since it was
        known already, or the process had the memory at hand.
        """
        if nbytes < LIKELY * estimate:
            return
        with self._lock:
            known = self._loaded()
            before = known.get(shape.model, {}).get(shape.shape)
            if before is not None and before[1] >= nbytes:
                return
            known.setdefault(shape.model, {})[shape.shape] = (estimate, nbytes)
            if self._path is not None:
                # What another process has measured meanwhile is kept, as far as this one has not.
                merged = _read(self._path)
                for model, shapes in known.items():
                    merged[model] = merged.get(model, {}) | shapes
                self._known = {model: _last(shapes) for model, shapes in _last(merged).items()}
                self._write(self._path, self._known)

    def _write(self, path: Path, content: Mapping[str, Mapping[str, tuple[int, int]]]) -> None:
        """Write the file; that this can't be done is said once."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, [json.dumps(content).encode()])
        except OSError as error:
            if not self._warned:
                log.warning("measured memory can't be remembered in %s: %s", path, error.strerror or error)
            self._warned = True

    def _loaded(self) -> dict[str, dict[str, tuple[int, int]]]:
        if self._known is None:
            self._known = {} if self._path is None else _read(self._path)
        return self._known


def _last(found: Mapping[str, Any]) -> dict[str, Any]:
    return dict(list(found.items())[-MOST:])


def _read(path: Path) -> dict[str, dict[str, tuple[int, int]]]:
    try:
        content = cast("dict[str, Any]", json.loads(path.read_text(encoding="utf-8")))
        return {
            model: {shape: (int(estimate), int(measured)) for shape, (estimate, measured) in shapes.items()}
            for model, shapes in content.items()
        }
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, AttributeError) as error:
        log.warning("%s is not used, memory is measured anew: %s", path, error)
        return {}
