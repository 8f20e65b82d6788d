"""Which places of an encoded prompt each of its words has."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from .token_rows import Token
from .tokenizer import Tokenizer, byte_letters, byte_order

END = "</w>"
"""What the last token of a word ends with."""

VECTORS = "embedding"
"""What the vectors of an embedding are called: their name is not among the tokens."""


class Word(NamedTuple):
    """A word as it was read, and the places of its tokens in rows laid end to end."""

    text: str
    places: tuple[int, ...]


def words_in(rows: Sequence[Sequence[Token]], tokenizer: Tokenizer) -> list[Word]:
    """Return the words of a prompt in their order; stretches of punctuation are none.

    The vectors of embeddings that stand side by side are one word.
    """
    return [word for word in _groups(rows, tokenizer) if any(letter.isalnum() for letter in word.text)]


def _groups(rows: Sequence[Sequence[Token]], tokenizer: Tokenizer) -> Iterator[Word]:
    names = {number: name for name, number in tokenizer.vocabulary.items()}
    text, places, vectors = "", list[int](), list[int]()
    place = -1
    for row in rows:
        ended = False
        for token in row:
            place += 1
            if vectors and token.vector is None:
                yield Word(VECTORS, tuple(vectors))
                vectors = []
            if token.vector is not None:
                vectors.append(place)
            elif token.id == tokenizer.eos or ended:
                ended = True  # what follows is padding
            elif token.id != tokenizer.bos:
                name = names[token.id]
                text, places = text + name.removesuffix(END), [*places, place]
                if name.endswith(END):
                    yield Word(_as_text(text), tuple(places))
                    text, places = "", []


def _as_text(letters: str) -> str:
    """Return text from letters that stand for its bytes."""
    byte_of = dict(zip(byte_letters(), byte_order(), strict=True))
    return bytes(byte_of[letter] for letter in letters).decode("utf-8", "replace")
