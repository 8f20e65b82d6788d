"""How many tokens a prompt has, and rows of them, as the text encoders would read it. Loads no torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, cast

from ..errors import CheckpointError
from ..files.embedding_names import EmbeddingFiles, by_tower, embedding_file
from ..names import row
from .prompt import SYNTAXES, Break
from .token_rows import LENGTH, LONGEST, pieces, token_rows
from .vocabularies import header_of, vocabulary_of

ROOM = LENGTH - 2
"""Tokens of a prompt that one row has place for."""

DEEPEST = 64
"""Brackets inside of each other that are counted: reading takes as long as they are deep."""


MOST_VECTORS = 1000
"""Vectors of an embedding that are counted; those that people share have a few dozen at most."""


class PromptSize(NamedTuple):
    """The tokens of a prompt, the rows they fill, and whether they are of the model's own vocabulary."""

    tokens: int
    rows: int
    own: bool


def prompt_size(
    text: str, *, embeddings: EmbeddingFiles, syntax: str = "comfyui", paths: Sequence[Path] = ()
) -> PromptSize:
    """Count the tokens of a prompt, without weights and brackets, by the vocabulary of files `paths`.

    `syntax` is a row of SYNTAXES; without paths CLIP's own vocabulary counts.
    Raises ValueError for a prompt that is longer or deeper than is counted, UnknownNameError for an unknown
    syntax or embedding, CheckpointError for a vocabulary or an embedding that can't be read here.
    """
    notation = row(SYNTAXES, syntax, "prompt syntax")
    if len(text) > LONGEST:
        raise ValueError(f"the prompt has {len(text)} characters; {LONGEST} are the most")
    if (depth := _depth(text)) > DEEPEST:
        raise ValueError(f"brackets of the prompt lie {depth} deep in each other; {DEEPEST} are counted")
    tokenizer, own = vocabulary_of(paths)

    @cache
    def vectors(name: str) -> list[None]:
        return [None] * _vectors_in(embedding_file(embeddings, name))

    found = list(pieces(notation.parse(text), tokenizer, vectors))
    rows = token_rows(found, bos=tokenizer.bos, eos=tokenizer.eos, pad=tokenizer.eos)
    return PromptSize(sum(len(piece) for piece in found if not isinstance(piece, Break)), len(rows), own)


def _depth(text: str) -> int:
    """Return how deep brackets lie in each other at most, as if each was one."""
    depth = deepest = 0
    for letter in text:
        if letter in "([":
            depth += 1
            deepest = max(deepest, depth)
        elif letter in ")]":
            depth = max(0, depth - 1)
    return deepest


def _vectors_in(path: Path) -> int:
    """Return how many vectors an embedding's file has, for the tower that gets most of them."""
    header = {key: entry for key, entry in header_of(path).items() if key != "__metadata__"}
    found = by_tower(header)
    shapes = [_shape(entry) for entry in found.values()]
    if not shapes or not all(len(shape) in (1, 2) for shape in shapes):
        raise CheckpointError(f"{path} does not say how many vectors it holds; only safetensors files do")
    count = max(shape[0] if len(shape) == 2 else 1 for shape in shapes)
    if count > MOST_VECTORS:
        raise CheckpointError(f"{path} holds {count} vectors; {MOST_VECTORS} are counted")
    return count


def _shape(entry: object) -> tuple[int, ...]:
    """Return the shape that a header's entry tells; an empty one where it tells none."""
    shape: object = cast("Mapping[str, Any]", entry).get("shape") if isinstance(entry, dict) else None
    sides = cast("list[object]", shape) if isinstance(shape, list) else []
    return tuple(side for side in sides if isinstance(side, int) and side >= 0)
