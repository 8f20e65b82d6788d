"""The file of `inkloom run --trace`: looked at before the run, written after it, however that ended."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from .root import folder, require_writable
from .usage import UsageError

if TYPE_CHECKING:
    from ..executor import Event, NodeTable

ADVICE = "name another file: --trace FILE"


def trace_file(text: str) -> Path:
    """Return the path that an argument names, `~` being a home folder."""
    return folder(text).absolute()


def require_trace_file(path: Path) -> None:
    """Make the folder of a trace; raises UsageError with the reason when none can be written there."""
    if path.is_dir():
        raise UsageError(f"can't use {path} for the trace: it is a folder", advice=ADVICE)
    if not _is_special(path):
        require_writable(path.parent, f"{path} for the trace", ADVICE)


def write_trace(path: Path, events: Iterable[Event], table: NodeTable) -> None:
    """Write the trace of a run, whole or not at all; raises OSError when that fails."""
    from ..executor.explaining.trace import trace

    def lane_of(class_type: str) -> str:
        node_type = table[class_type]
        return "async" if node_type.is_async else node_type.lane

    text = json.dumps(trace(events, lane_of), separators=(",", ":"))
    if _is_special(path):
        path.write_text(text, encoding="ascii")
        return
    path = path.resolve()
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        part.write_text(text, encoding="ascii")
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def _is_special(path: Path) -> bool:
    """Tell whether the path is a pipe or a device, which nothing may be renamed over."""
    return path.exists() and not path.is_file()
