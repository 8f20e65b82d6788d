"""Small pieces of the editor's file: ids, numbers, types; and how a wrong one is written in a message."""

from __future__ import annotations

import math
from collections.abc import Mapping

LONGEST_ID = 64
"""Digits of an id that is a number."""


def identity(given: object) -> str | None:
    """Return an id as text, None for what is no id."""
    if isinstance(given, str):
        return given
    number = whole(given)
    return str(number) if number is not None and abs(number) < 10**LONGEST_ID else None


def whole(given: object) -> int | None:
    """Return a whole number, None for what is none."""
    if isinstance(given, bool):
        return None
    if isinstance(given, float):
        return int(given) if math.isfinite(given) and given.is_integer() else None
    return given if isinstance(given, int) else None


def whole_text(given: str) -> int:
    """Return the number that a text is, -1 for other texts."""
    return int(given) if given.isascii() and given.isdecimal() and len(given) < LONGEST_ID else -1


def type_text(given: object) -> str:
    """Return a slot's type as text: a list is a list of choices, nothing and 0 are anything."""
    match given:
        case str():
            return given or "*"
        case list():
            return "COMBO"
        case int() | float() if given:
            return shown(given)
        case _:
            return "*"


def shown(given: object) -> str:
    """Write a value for a message, not at length."""
    match given:
        case None:
            return "null"
        case bool():
            return "true" if given else "false"
        case str():
            return repr(given if len(given) <= 40 else f"{given[:37]}...")
        case Mapping():
            return "an object"
        case list() | tuple():
            return "a list"
        case int() if abs(given) >= 10**LONGEST_ID:
            return "a number of very many digits"
        case _:
            return str(given)
