"""Prompts: text with weights, in the two notations that people write.

In both, `(word)` weighs 1.1 times as much, `(word:1.3)` as much as the number says, and `\\(` is a bracket
that is text. The rest differs, so the notation is chosen, never guessed; the rows of SYNTAXES say how.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

from .emphasis import restore_mean, towards_empty

if TYPE_CHECKING:
    from torch import Tensor

NUMBER = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)"


class Weighted(NamedTuple):
    """A stretch of text and how much it weighs; 1 is plain."""

    text: str
    weight: float = 1.0


class Break:
    """Where the text of a prompt goes on in a row of its own."""


BREAK: Final = Break()

Segments: TypeAlias = Sequence[Weighted | Break]


@dataclass(frozen=True)
class Syntax:
    """A notation of prompts.

    `parse` takes a prompt apart; `emphasise` applies weights [R,T] to an encoding [R,T,C], given that of the
    empty prompt [T,C].
    """

    parse: Callable[[str], Segments]
    emphasise: Callable[[Tensor, Tensor, Tensor], Tensor]


def parse_comfyui(prompt: str) -> list[Weighted]:
    r"""Take a prompt apart as ComfyUI's nodes do.

    `(x)` multiplies the weight of what is around it by 1.1, `(x:1.3)` replaces it, and `(` and `)` are text
    after a backslash or where they have no partner. Square brackets and BREAK are text.
    """
    segments: list[Weighted] = []
    pending: list[tuple[Sequence[str], float, bool]] = [(_characters(prompt), 1.0, False)]
    while pending:
        characters, weight, whole = pending.pop()
        if whole:
            segments.append(Weighted("".join(c[-1] if c in ESCAPED else c for c in characters), weight))
            continue
        for group in reversed(list(_groups(characters))):
            if len(group) >= 2 and (group[0], group[-1]) == ("(", ")"):
                pending.append((*_weighed(group[1:-1], weight), False))
            else:
                pending.append((group, weight, True))
    return segments


ESCAPED = ("\\(", "\\)")


def _characters(text: str) -> list[str]:
    """Take text apart into characters; an escaped bracket is one, with its backslash."""
    return re.findall(r"\\[()]|.", text, re.DOTALL)


def _groups(characters: Sequence[str]) -> Iterator[Sequence[str]]:
    """Cut at the outermost brackets; what is left open reaches to the end.

    The depth may fall below zero: after a bracket that closes nothing, the next one opens nothing.
    """
    start = depth = 0
    for i, character in enumerate(characters):
        if character == "(":
            if depth == 0 and i > start:
                yield characters[start:i]
                start = i
            depth += 1
        elif character == ")":
            depth -= 1
            if depth == 0:
                yield characters[start : i + 1]
                start = i + 1
    if start < len(characters):
        yield characters[start:]


def _weighed(inside: Sequence[str], outer: float) -> tuple[Sequence[str], float]:
    """Return what stands between brackets without its weight, and the weight."""
    colon = max((i for i, character in enumerate(inside) if character == ":"), default=0)
    number = "".join(inside[colon + 1 :]).strip()
    if colon and re.fullmatch(rf"{NUMBER}(?:[eE][+-]?[0-9]+)?", number) and math.isfinite(float(number)):
        return inside[:colon], float(number)
    return inside, outer * 1.1


A1111_PARTS = re.compile(rf"\\[()\[\]\\]|[()\[\]]|:\s*({NUMBER})\s*\)|[^\\()\[\]:]+|[\\:]")


def parse_a1111(prompt: str) -> list[Weighted | Break]:
    r"""Take a prompt apart as AUTOMATIC1111's web UI does.

    `(x)` multiplies by 1.1, `[x]` divides by 1.1, `(x:1.3)` multiplies by 1.3; a backslash makes a bracket or
    a backslash text. A bracket left open reaches to the end, one that closes nothing is text. The word BREAK
    starts a new row.
    """
    segments: list[Weighted | Break] = []
    opened: list[tuple[str, int]] = []

    def close(factor: float) -> None:
        _, start = opened.pop()
        for i, segment in enumerate(segments[start:], start):
            if isinstance(segment, Weighted):
                segments[i] = segment._replace(weight=segment.weight * factor)

    for match in A1111_PARTS.finditer(prompt):
        part, number = match.group(0, 1)
        innermost = opened[-1][0] if opened else ""
        if part in ("(", "["):
            opened.append((part, len(segments)))
        elif innermost == "(" and number:
            close(float(number))
        elif innermost + part in BRACKETS:
            close(BRACKETS[innermost + part])
        else:
            text = part[1:] if len(part) == 2 and part[0] == "\\" else part
            for i, words in enumerate(re.split(r"\s*\bBREAK\b\s*", text)):
                segments += [BREAK] if i else []
                segments += [Weighted(words)] if words else []
    while opened:
        close(BRACKETS["()" if opened[-1][0] == "(" else "[]"])
    return _joined(segments)


BRACKETS = {"()": 1.1, "[]": 1 / 1.1}


def _joined(segments: Segments) -> list[Weighted | Break]:
    """Join neighbours of equal weight, so that they become tokens together."""
    joined: list[Weighted | Break] = []
    for segment in segments:
        last = joined[-1] if joined else BREAK
        if isinstance(last, Weighted) and isinstance(segment, Weighted) and last.weight == segment.weight:
            joined[-1] = Weighted(last.text + segment.text, last.weight)
        else:
            joined.append(segment)
    return joined


SYNTAXES: Mapping[str, Syntax] = {
    "comfyui": Syntax(parse_comfyui, towards_empty),
    "a1111": Syntax(parse_a1111, restore_mean),
}
"""The notations of prompts, and how each applies its weights."""
