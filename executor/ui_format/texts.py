"""What the editor does to texts before it sends them: draws choices like {red|blue}, fills in %tokens%."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

Choose = Callable[[int], int]
"""Given a number of alternatives, returns the number of one, from 0."""

_COMMENT, _LINE_COMMENT = re.compile(r"/\*|//"), re.compile("//")
_LINE = re.compile(r"[^\n\r]*")
_PIECE = re.compile(r"\\[{}|]|[{}|]|[^\\{}|]+|\\")

Pieces = list["str | Pieces"]


@dataclass(slots=True)
class _Open:
    """A brace that is not closed yet: the alternatives before the present one, and that one."""

    before: list[Pieces] = field(default_factory=list["Pieces"])
    now: Pieces = field(default_factory=list["str | Pieces"])


def without_choices(text: str, choose: Choose) -> str:
    r"""Return a prompt with its comments removed and one alternative of each {a|b|c} kept.

    Braces may lie inside of each other; a brace that is never closed, or never opened, stays. `\{`, `\}` and
    `\|` stand for the characters themselves.
    """
    opened = [_Open()]
    for piece in _PIECE.findall(_without_comments(text)):
        top = opened[-1]
        if piece == "{":
            opened.append(_Open())
        elif piece == "|" and len(opened) > 1:
            top.before.append(top.now)
            top.now = []
        elif piece == "}" and len(opened) > 1:
            opened.pop()
            alternatives = [*top.before, top.now]
            # Kept as it is, not copied: braces in braces would cost the square of their depth.
            opened[-1].now.append(alternatives[choose(len(alternatives))])
        else:
            top.now.append(piece[1] if len(piece) == 2 and piece[0] == "\\" else piece)
    whole: Pieces = []
    for number, brace in enumerate(opened):
        whole.append("{" if number else "")
        for alternative in brace.before:
            whole += [alternative, "|"]
        whole.append(brace.now)
    return "".join(_flat(whole))


def _without_comments(text: str) -> str:
    kept: list[str] = []
    at, comment = 0, _COMMENT
    while found := comment.search(text, at):
        if found[0] == "//":
            kept.append(text[at : found.start()])
            at = _LINE.match(text, found.end()).end()  # type: ignore[union-attr] -- it always matches
        elif (end := text.find("*/", found.end())) >= 0:
            kept.append(text[at : found.start()])
            at = end + 2
        else:  # nor does any later one end
            kept.append(text[at : found.end()])
            at, comment = found.end(), _LINE_COMMENT
    return "".join([*kept, text[at:]])


def _flat(pieces: Pieces) -> Iterable[str]:
    waiting = [iter(pieces)]
    while waiting:
        for piece in waiting[-1]:
            if isinstance(piece, list):
                waiting.append(iter(piece))
                break
            yield piece
        else:
            waiting.pop()


_TOKEN = re.compile(r"%([^%]+)%")
_DATE = re.compile(r"yyyy|yy|MM|M|dd|d|hh|h|mm|m|ss|s")
LONGEST = 4096
"""Characters beyond which no file system takes a name."""

_UNSAFE = re.compile(r'[/?<>\\:*|"\x00-\x1f\x7f]')


def with_tokens(text: str, value_of: Callable[[str, str], object | None], now: datetime) -> str:
    """Return the name of a file with %date:FORMAT% and %Node.field% filled in.

    `value_of` returns the value of a node's field, None when there is none; such a token stays, as do those
    that the node itself fills in, like %width%. Once what was filled in is longer than any name can be, the
    rest stays.
    """
    room = LONGEST

    def filled(found: re.Match[str]) -> str:
        nonlocal room
        token = found[1]
        if room <= 0:
            return found[0]
        if token.startswith("date:"):
            return _DATE.sub(lambda part: _part(part[0], now), token.removeprefix("date:"))
        node, dot, name = token.partition(".")
        value = value_of(node, name) if dot and "." not in name else None
        if value is None:
            return found[0]
        text = _UNSAFE.sub("_", as_text(value))
        room -= len(text)
        return text

    return _TOKEN.sub(filled, text)


def _part(letters: str, now: datetime) -> str:
    number = {"y": now.year, "M": now.month, "d": now.day, "h": now.hour, "m": now.minute, "s": now.second}[
        letters[0]
    ]
    return f"{number:04}"[-len(letters) :] if letters[0] == "y" else f"{number:0{len(letters)}}"


def as_text(value: object) -> str:
    """Write a value as a browser does: true, 8 for 8.0."""
    match value:
        case bool():
            return "true" if value else "false"
        case float() if value.is_integer():
            return str(int(value))
        case _:
            return str(value)


def kept(text: str) -> str:
    r"""Return a prompt of which `without_choices` makes `text`.

    A brace becomes `\{`; what would begin a comment becomes a choice of one, `/{/}`.
    """
    braced = re.sub(r"[{}]|(?<=\\)\|", lambda found: "\\" + found[0], text)
    return re.sub(r"/([/*])", r"/{\1}", braced)
