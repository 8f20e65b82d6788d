"""The check of one value, compiled once from the JSON Schema that describes it to clients.

It says what a JSON Schema validator says (draft 2020-12; a test holds them side by side), without that
validator's cost for each value and without loading one.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from typing import Any, NamedTuple


class Broken(NamedTuple):
    """The keyword of a schema that a value breaks, and what the schema has for it."""

    keyword: str
    limit: Any


Check = Callable[[Any], Broken | None]


def compiled(schema: Mapping[str, object]) -> Check:
    """Return what finds the first keyword, in the schema's order, that a value breaks; None if none is.

    Raises ValueError for a schema with a keyword that has no rule here.
    """
    if unknown := sorted(schema.keys() - RULES.keys() - NOTES):
        raise ValueError(f"no rule for {', '.join(unknown)}; there are {', '.join(RULES)}")
    rules = [(RULES[word](limit), Broken(word, limit)) for word, limit in schema.items() if word in RULES]

    def first_broken(value: Any) -> Broken | None:
        for keeps, broken in rules:
            if not keeps(value):
                return broken
        return None

    return first_broken


NOTES = frozenset({"default", "description"})
"""Keywords that say nothing about which values are right."""


# Tuples, since a union would be put together anew with every value.
_NUMBERS = (int, float)
_SCALARS = (str, int, float, type(None))


def _is_number(value: object) -> bool:
    return isinstance(value, _NUMBERS) and not isinstance(value, bool)


_TYPES: Mapping[str, Callable[[Any], bool]] = {
    "integer": lambda value: type(value) is int or (_is_number(value) and float(value).is_integer()),
    "number": _is_number,
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "null": lambda value: value is None,
}


def _type(names: str | Sequence[str]) -> Callable[[Any], bool]:
    if isinstance(names, str):
        return _TYPES[names]
    tests = [_TYPES[name] for name in names]
    return lambda value: any(test(value) for test in tests)


def _enum(options: Sequence[object]) -> Callable[[Any], bool]:
    # Neither is true the number 1 nor false 0, though they are equal in Python.
    truths = {option for option in options if isinstance(option, bool)}
    others = {option for option in options if not isinstance(option, bool)}

    def offered(value: Any) -> bool:
        if isinstance(value, bool):
            return value in truths
        return isinstance(value, _SCALARS) and value in others

    return offered


def _multiple_of(step: float) -> Callable[[Any], bool]:
    def multiple(value: Any) -> bool:
        if not _is_number(value):
            return True
        if isinstance(step, int):
            return not value % step
        try:
            quotient = value / step
            return int(quotient) == quotient
        except OverflowError:  # a number or a quotient beyond all floats
            return abs(value) != math.inf and (Fraction(value) / Fraction(step)).denominator == 1

    return multiple


RULES: Mapping[str, Callable[[Any], Callable[[Any], bool]]] = {
    "type": _type,
    "enum": _enum,
    "minimum": lambda least: lambda value: not (_is_number(value) and value < least),
    "exclusiveMinimum": lambda least: lambda value: not (_is_number(value) and value <= least),
    "maximum": lambda most: lambda value: not (_is_number(value) and value > most),
    "multipleOf": _multiple_of,
}
"""For each keyword that describes a value, what makes of the schema's limit a test of values."""
