"""Nodes that hold a value, so that one widget serves several nodes."""

from __future__ import annotations

from typing import Annotated

from ..executor import Range, Seed, Text, node

LARGEST = 2**63 - 1
"""What the wire allows for numbers that mean nothing in particular."""


@node("PrimitiveString", category="utils/primitive", display_name="String")
def primitive_string(*, value: str) -> str:
    """Give a text of one line."""
    return value


@node("PrimitiveStringMultiline", category="utils/primitive", display_name="String (Multiline)")
def primitive_string_multiline(*, value: Annotated[str, Text(multiline=True)]) -> str:
    """Give a text of several lines."""
    return value


@node("PrimitiveInt", category="utils/primitive", display_name="Int")
def primitive_int(*, value: Annotated[int, Range(-LARGEST, LARGEST), Seed()]) -> int:
    """Give a whole number."""
    return value


@node("PrimitiveFloat", category="utils/primitive", display_name="Float")
def primitive_float(*, value: Annotated[float, Range(-LARGEST, LARGEST)]) -> float:
    """Give a number."""
    return value


@node("PrimitiveBoolean", category="utils/primitive", display_name="Boolean")
def primitive_boolean(*, value: bool) -> bool:
    """Give yes or no."""
    return value
