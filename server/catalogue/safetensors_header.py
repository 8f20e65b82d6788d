"""The header of a safetensors file: JSON before the tensors, with what its maker noted."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple, cast

import msgspec

from ...executor import Json
from ..body import read_json
from ..limits import LIMITS

NOTES = "__metadata__"
"""The key of what is no tensor."""

COVERS = "ssmd_cover_images"
"""The note that holds pictures of a model: a JSON list of them in base64."""

KNOWN = 4096
"""Files of which it is remembered what they note, while they stay as they are."""


class Noted(NamedTuple):
    """Whether a header notes anything that is shown, and whether pictures are among it."""

    any: bool
    pictures: bool


NOTHING_NOTED = Noted(any=False, pictures=False)


class _Header(msgspec.Struct):
    notes: dict[str, msgspec.Raw] = msgspec.field(name=NOTES, default_factory=dict[str, msgspec.Raw])


@lru_cache(KNOWN)
def what_is_noted(path: Path, changed: int, size: int) -> Noted:
    """Tell of a file that was `changed` then (ns) and has so many bytes what its header notes.

    Quicker than reading the notes: tensors are passed over.
    """
    del changed, size  # another file of this name is asked for anew
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            header = file.read(length) if length <= LIMITS.covers_bytes else b""
        notes = msgspec.json.decode(header, type=_Header).notes
    except (OSError, ValueError):
        return NOTHING_NOTED
    return Noted(any=bool(notes) and length <= LIMITS.notes_bytes, pictures=_has_covers(notes))


def _has_covers(notes: Mapping[str, msgspec.Raw]) -> bool:
    if COVERS not in notes:
        return False
    try:
        covers = msgspec.json.decode(msgspec.json.decode(notes[COVERS], type=str), type=list[Any])
    except ValueError:
        return False
    return any(isinstance(cover, str) for cover in covers)


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
