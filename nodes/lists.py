"""Nodes that make lists and take them apart: what follows a list runs once for each of its values."""

from __future__ import annotations

from typing import Annotated

from ..executor import Range, Text, node
from .ports import Any_
from .primitives import LARGEST

MOST = 1_000_000


@node("ListOfLines", category="logic/list", display_name="List of Lines")
def list_of_lines(*, text: Annotated[str, Text(multiline=True)], skip_empty: bool = True) -> list[str]:
    """Give each line of a text by itself, without blanks around it."""
    lines = [line.strip() for line in text.splitlines()]
    return [line for line in lines if line] if skip_empty else lines


@node("ListOfNumbers", category="logic/list", display_name="List of Numbers")
def list_of_numbers(
    *,
    start: Annotated[int, Range(-LARGEST, LARGEST)] = 0,
    count: Annotated[int, Range(0, MOST)] = 4,
    step: Annotated[int, Range(-LARGEST, LARGEST)] = 1,
) -> list[int]:
    """Give `count` whole numbers from `start` on, such as seeds to try."""
    return [start + place * step for place in range(count)]


@node("ListItem", category="logic/list", display_name="List Item")
def list_item(*, items: list[Any_], index: Annotated[int, Range(-MOST, MOST)] = 0) -> Any_:
    """Give one value of a list, counted from 0, or from its end below 0."""
    if not -len(items) <= index < len(items):
        raise ValueError(f"ListItem: there is no item {index} in a list of {len(items)}")
    return items[index]


@node("ListLength", category="logic/list", display_name="List Length")
def list_length(*, items: list[Any_]) -> int:
    """Count the values of a list."""
    return len(items)


@node("JoinLists", category="logic/list", display_name="Join Lists")
def join_lists(*, first: list[Any_], second: list[Any_], third: list[Any_] | None = None) -> list[Any_]:
    """Give the values of several lists as one list; a single value is a list of one."""
    return [*first, *second, *(third or ())]
