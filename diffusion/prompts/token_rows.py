"""From a prompt's segments to rows of tokens, as a text tower takes them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from ..names import EMBEDDING_PATTERN
from .prompt import BREAK, Break, Weighted
from .tokenizer import Tokenizer

if TYPE_CHECKING:
    from torch import Tensor

LONGEST = 20_000
"""Characters of a prompt, some sixty rows of words: what is far longer would be encoded for minutes."""

LENGTH = 77
"""Tokens of a row, with those of its beginning and end: what every CLIP was trained with."""

WHOLE = 8
"""A stretch of fewer tokens is never cut at the end of a row."""

DIRECTIVE = re.compile(rf"(?<![^\s,]){EMBEDDING_PATTERN}")
"""Where vectors take the place of text: at its beginning, after white space or a comma."""

Vectors: TypeAlias = "Callable[[str], Iterable[Tensor | None]]"
"""From an embedding's name to its vectors [n,width]; None for each where only their number matters."""


class Token(NamedTuple):
    """A token and its weight; `vector` [width] stands in its place, where there is one."""

    id: int
    weight: float = 1.0
    vector: Tensor | None = None


Piece: TypeAlias = Sequence[Token] | Break


def pieces(segments: Iterable[Weighted | Break], tokenizer: Tokenizer, vectors: Vectors) -> Iterator[Piece]:
    """Turn segments into the tokens of each, an embedding's vectors apart from the text around them."""
    for segment in segments:
        if isinstance(segment, Break):
            yield BREAK
            continue
        text, weight = segment
        while found := DIRECTIVE.search(text):
            yield _tokens(tokenizer, text[: found.start()], weight)
            yield [Token(0, weight, vector) for vector in vectors(found[1])]
            text = text[found.end() :]
        yield _tokens(tokenizer, text, weight)


def _tokens(tokenizer: Tokenizer, text: str, weight: float) -> list[Token]:
    return [Token(token, weight) for token in tokenizer.ids(text)] if text.strip() else []


def token_rows(
    pieces: Iterable[Piece], *, bos: int, eos: int, pad: int, length: int = LENGTH
) -> list[list[Token]]:
    """Lay pieces out in rows of `length`: BOS, up to `length - 2` tokens, EOS, padding; one row at least.

    A piece of fewer than WHOLE tokens that does not fit into a row starts the next one; a longer one is cut.
    """
    room = length - 2
    rows: list[list[Token]] = [[]]
    for piece in pieces:
        if isinstance(piece, Break):
            rows.append([])
            continue
        if len(piece) < WHOLE and len(rows[-1]) + len(piece) > room:
            rows.append([])
        while len(rows[-1]) + len(piece) > room:
            fitting = room - len(rows[-1])
            rows[-1] += piece[:fitting]
            piece = piece[fitting:]
            rows.append([])
        rows[-1] += piece
    return [[Token(bos), *row, Token(eos), *[Token(pad)] * (room - len(row))] for row in rows]
