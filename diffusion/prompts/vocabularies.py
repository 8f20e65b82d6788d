"""Which vocabulary a text encoder reads with, found by its files as the loaders find it. Loads no torch."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from pathlib import Path
from typing import Any, NamedTuple, cast

from ..errors import CheckpointError
from .tokenizer import METADATA, Tokenizer, clip_tokenizer, folder_tokenizer, from_text

LARGEST = 2**26
"""Bytes of a header that is read; those of the largest models have less than one million."""

KNOWN = 4
"""Vocabularies of models that are remembered, while their files stay as they are."""


class Vocabulary(NamedTuple):
    """A vocabulary, and whether it came with the files; else it is CLIP's own."""

    tokenizer: Tokenizer
    own: bool


def vocabulary_of(paths: Sequence[Path]) -> Vocabulary:
    """Return the vocabulary of text encoders in these files, or in a folder of diffusers' layout.

    It is the one in a file's metadata, else that of a folder `tokenizer/` beside the first, else CLIP's own.
    Raises CheckpointError for a vocabulary that can't be used.
    """
    for path in reversed(paths):
        if path.is_file() and (inside := _inside(path, *_stamp(path))) is not None:
            return Vocabulary(inside, own=True)
    for folder in _folders(paths[0]) if paths else ():
        if folder.is_dir():
            return Vocabulary(_beside(folder, _stamp(folder / "vocab.json")), own=True)
    return Vocabulary(_clip(), own=False)


def _folders(first: Path) -> tuple[Path, ...]:
    """Return where the folder of a vocabulary may be: in a model's folder, or beside a model's file."""
    if first.is_dir():
        return first / "tokenizer", first / "tokenizer_2"
    return (first.parent / "tokenizer",)


def header_of(path: Path) -> Mapping[str, Any]:
    """Return the header of a safetensors file; an empty one for a file of another kind.

    Raises CheckpointError for a file that can't be read.
    """
    try:
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if length > LARGEST:
                return {}
            read: object = json.loads(file.read(length))
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {error.strerror or error}") from error
    except (ValueError, RecursionError):
        return {}
    return cast("Mapping[str, Any]", read) if isinstance(read, dict) else {}


def _stamp(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_mtime_ns, found.st_size


@lru_cache(KNOWN)
def _inside(path: Path, changed: int, size: int) -> Tokenizer | None:
    del changed, size  # another file of this name is read anew
    metadata: object = header_of(path).get("__metadata__")
    text = cast("dict[str, object]", metadata).get(METADATA) if isinstance(metadata, dict) else None
    return from_text(text) if isinstance(text, str) else None


@lru_cache(KNOWN)
def _beside(folder: Path, stamp: tuple[int, int]) -> Tokenizer:
    del stamp
    return folder_tokenizer(folder)


@cache
def _clip() -> Tokenizer:
    return clip_tokenizer()
