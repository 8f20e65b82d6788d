"""Nodes that work on texts."""

from __future__ import annotations

from typing import Annotated, Literal, NamedTuple

from ..executor import Choice, Text, node

LongText = Annotated[str, Text(multiline=True)]


class Length(NamedTuple):
    """How many characters."""

    length: int


class Contains(NamedTuple):
    """Whether it is in there."""

    contains: bool


@node("StringConcatenate", category="utils/string", display_name="Concatenate")
def string_concatenate(*, string_a: LongText, string_b: LongText, delimiter: str = "") -> str:
    """Join two texts, with a delimiter between them."""
    return delimiter.join((string_a, string_b))


@node("StringSubstring", category="utils/string", display_name="Substring")
def string_substring(*, string: LongText, start: int, end: int) -> str:
    """Take the characters from number `start` up to, not with, number `end`.

    Numbers count from 0, negative ones from the end of the text.
    """
    return string[start:end]


@node("StringLength", category="utils/string", display_name="Length")
def string_length(*, string: LongText) -> Length:
    """Count the characters of a text."""
    return Length(len(string))


@node("CaseConverter", category="utils/string", display_name="Case Converter")
def case_converter(
    *, string: LongText, mode: Annotated[str, Choice(("UPPERCASE", "lowercase", "Capitalize", "Title Case"))]
) -> str:
    """Write a text in capitals, in small letters, or with a capital first in the text or in every word."""
    change = {
        "UPPERCASE": str.upper,
        "lowercase": str.lower,
        "Capitalize": str.capitalize,
        "Title Case": str.title,
    }
    return change[mode](string)


@node("StringTrim", category="utils/string", display_name="Trim")
def string_trim(*, string: LongText, mode: Annotated[str, Choice(("Both", "Left", "Right"))]) -> str:
    """Take spaces and line ends off the ends of a text."""
    return {"Both": str.strip, "Left": str.lstrip, "Right": str.rstrip}[mode](string)


@node("StringReplace", category="utils/string", display_name="Replace")
def string_replace(*, string: LongText, find: LongText, replace: LongText) -> str:
    """Replace every place where one text stands in another."""
    return string.replace(find, replace)


@node("StringContains", category="utils/string", display_name="Contains")
def string_contains(*, string: LongText, substring: LongText, case_sensitive: bool = True) -> Contains:
    """Tell whether a text stands somewhere in another."""
    return Contains(_as_compared(substring, case_sensitive) in _as_compared(string, case_sensitive))


@node("StringCompare", category="utils/string", display_name="Compare")
def string_compare(
    *,
    string_a: LongText,
    string_b: LongText,
    mode: Literal["Starts With", "Ends With", "Equal"],
    case_sensitive: bool = True,
) -> bool:
    """Tell whether the first text starts with, ends with or equals the second."""
    a, b = (_as_compared(text, case_sensitive) for text in (string_a, string_b))
    return {"Starts With": a.startswith(b), "Ends With": a.endswith(b), "Equal": a == b}[mode]


def _as_compared(text: str, case_sensitive: bool) -> str:
    return text if case_sensitive else text.casefold()
