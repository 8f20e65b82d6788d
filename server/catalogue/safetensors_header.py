"""The header of a safetensors file: JSON before the tensors, with what its maker noted."""

from collections.abc import Mapping
from pathlib import Path
from typing import cast

from ...executor import Json
from ..body import read_json

NOTES = "__metadata__"
"""The key of what is no tensor."""


def notes_of(path: Path, limit: int) -> Mapping[str, Json] | None:
    """Return the notes in a header of no more than `limit` bytes; None where there are none to be read."""
    try:
        with path.open("rb") as file:
            size = int.from_bytes(file.read(8), "little")
            header = file.read(size) if size <= limit else b""
    except OSError:
        return None
    try:
        read = read_json(header)
    except ValueError:
        return None
    notes = read.get(NOTES) if isinstance(read, dict) else None
    return cast(Mapping[str, Json], notes) if isinstance(notes, dict) and notes else None
