"""Which file of textual inversions a prompt means, and what lies in one by its keys. Loads no torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from ..names import UnknownNameError, nearest_first

Entry = TypeVar("Entry")

TOWERS = {
    "clip_l": "clip_l",
    "clip_g": "open_clip_g",
    "clip_h": "open_clip_h",
    "text_encoders_0": "clip_l",
    "text_encoders_1": "open_clip_g",
}
"""Which tower's vectors lie under a key, in files that have some for several."""

SHOWN = 20
"""Known names that are told for an unknown one."""


class EmbeddingFiles(Protocol):
    """Where embedding files lie."""

    def names(self) -> Sequence[str]:
        """Name the files there are, as relative paths."""
        ...

    def find(self, name: str) -> Path | None:
        """Return the file of this name, with or without its ending; None if there is none."""
        ...


def embedding_file(files: EmbeddingFiles, name: str) -> Path:
    """Return the file of the embedding of this name; raises UnknownNameError."""
    if (path := files.find(name)) is None:
        known = dict.fromkeys(known.rpartition(".")[0] or known for known in files.names())
        raise UnknownNameError("embedding", name, nearest_first(name, known)[:SHOWN])
    return path


def by_tower(entries: Mapping[str, Entry]) -> dict[str, Entry]:
    """Return a file's vectors by tower, under "" where it does not say; none where it holds something else.

    The web UI's files have other tensors beside those of their words.
    """
    words = {key: entry for key, entry in entries.items() if key.startswith("string_to_param.")}
    table = words or entries
    if named := {TOWERS[key]: entry for key, entry in table.items() if key in TOWERS}:
        return named
    return {"": next(iter(table.values()))} if len(table) == 1 else {}
