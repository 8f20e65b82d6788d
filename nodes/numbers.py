"""Nodes that reckon with numbers and compare them."""

from __future__ import annotations

import math
import operator
from typing import TYPE_CHECKING, Annotated

from ..executor import Choice, Port, Range, node
from .primitives import LARGEST

if TYPE_CHECKING:
    from collections.abc import Callable

Whole = Annotated[int, Range(-LARGEST, LARGEST)]
Real = Annotated[float, Range(-LARGEST, LARGEST, step=0.01)]
Number = Annotated[float, Port("INT,FLOAT")]

WHOLE_OPERATIONS: dict[str, Callable[[int, int], int]] = {
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
    "divide": lambda a, b: a // b,
    "remainder": operator.mod,
    "minimum": min,
    "maximum": max,
}
REAL_OPERATIONS: dict[str, Callable[[float, float], float]] = {
    "add": operator.add,
    "subtract": operator.sub,
    "multiply": operator.mul,
    "divide": lambda a, b: a / b,
    "remainder": operator.mod,
    "power": math.pow,
    "minimum": min,
    "maximum": max,
}
COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "a < b": operator.lt,
    "a <= b": operator.le,
    "a == b": operator.eq,
    "a != b": operator.ne,
    "a >= b": operator.ge,
    "a > b": operator.gt,
}
ROUNDINGS: dict[str, Callable[[float], int]] = {"nearest": round, "down": math.floor, "up": math.ceil}


@node("IntMath", category="logic/number", display_name="Int Math")
def int_math(
    *, a: Whole = 0, b: Whole = 0, operation: Annotated[str, Choice(WHOLE_OPERATIONS)] = "add"
) -> int:
    """Reckon with two whole numbers; `divide` rounds down, `remainder` is what it leaves."""
    if b == 0 and operation in ("divide", "remainder"):
        raise ValueError(f"IntMath can't {operation} {a} by 0")
    return WHOLE_OPERATIONS[operation](a, b)


@node("FloatMath", category="logic/number", display_name="Float Math")
def float_math(
    *, a: Real = 0.0, b: Real = 0.0, operation: Annotated[str, Choice(REAL_OPERATIONS)] = "add"
) -> float:
    """Reckon with two numbers."""
    try:
        return REAL_OPERATIONS[operation](a, b)
    except (ZeroDivisionError, OverflowError, ValueError) as error:
        raise ValueError(f"FloatMath can't {operation} {a:g} and {b:g}: {error}") from error


@node("CompareNumbers", category="logic/number", display_name="Compare Numbers")
def compare_numbers(
    *, a: Number, b: Number, comparison: Annotated[str, Choice(COMPARISONS)] = "a < b"
) -> bool:
    """Tell whether a comparison of two numbers holds."""
    return COMPARISONS[comparison](a, b)


@node("RoundNumber", category="logic/number", display_name="Round Number")
def round_number(*, number: Number, direction: Annotated[str, Choice(ROUNDINGS)] = "nearest") -> int:
    """Make a whole number of any; "nearest" takes the even one of two that are equally near."""
    return ROUNDINGS[direction](number)


@node("NumberToText", category="logic/number", display_name="Number to Text")
def number_to_text(
    *, number: Number, decimals: Annotated[int, Range(0, 10)] = 2, digits: Annotated[int, Range(0, 20)] = 0
) -> str:
    """Write a number as text; whole numbers have no decimals, `digits` fills up with zeros in front."""
    return f"{number:0{digits}d}" if isinstance(number, int) else f"{number:0{digits}.{decimals}f}"
