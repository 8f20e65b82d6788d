"""Numbers: one table of calls and results, and what can't be reckoned."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from inkloom.nodes.numbers import compare_numbers, float_math, int_math, number_to_text, round_number


@pytest.mark.parametrize(
    ("operation", "whole", "real"),
    [
        ("add", 5, 5.0),
        ("subtract", -9, -9.0),
        ("multiply", -14, -14.0),
        ("divide", -1, -2 / 7),
        ("remainder", 5, 5.0),
        ("minimum", -2, -2.0),
        ("maximum", 7, 7.0),
    ],
)
def test_minus_two_and_seven(operation: str, whole: int, real: float):
    assert int_math(a=-2, b=7, operation=operation) == whole
    assert float_math(a=-2.0, b=7.0, operation=operation) == pytest.approx(real)


@pytest.mark.parametrize(
    ("function", "inputs", "result"),
    [
        (float_math, {"a": 2.0, "b": 0.5, "operation": "power"}, 2**0.5),
        (int_math, {"a": 2**62, "b": 4, "operation": "multiply"}, 2**64),
        (compare_numbers, {"a": 1, "b": 1.5, "comparison": "a < b"}, True),
        (compare_numbers, {"a": 2, "b": 2.0, "comparison": "a == b"}, True),
        (compare_numbers, {"a": 2, "b": 2.0, "comparison": "a != b"}, False),
        (compare_numbers, {"a": 2, "b": 2.0, "comparison": "a >= b"}, True),
        (round_number, {"number": 2.5}, 2),
        (round_number, {"number": -2.1, "direction": "down"}, -3),
        (round_number, {"number": 2.1, "direction": "up"}, 3),
        (round_number, {"number": 7}, 7),
        (number_to_text, {"number": 7, "digits": 3}, "007"),
        (number_to_text, {"number": 0.125}, "0.12"),
        (number_to_text, {"number": 2.0, "decimals": 0}, "2"),
        (number_to_text, {"number": -2.5, "decimals": 1, "digits": 6}, "-002.5"),
    ],
)
def test_numbers(function: Callable[..., Any], inputs: dict[str, Any], result: Any):
    assert function(**inputs) == result


@pytest.mark.parametrize(
    ("function", "inputs", "told"),
    [
        (int_math, {"a": 7, "b": 0, "operation": "divide"}, "IntMath can't divide 7 by 0"),
        (int_math, {"a": 7, "b": 0, "operation": "remainder"}, "IntMath can't remainder 7 by 0"),
        (float_math, {"a": 7.0, "b": 0.0, "operation": "divide"}, "FloatMath can't divide 7 and 0"),
        (float_math, {"a": -8.0, "b": 0.5, "operation": "power"}, "FloatMath can't power -8 and 0.5"),
        (float_math, {"a": 9.0, "b": 999.0, "operation": "power"}, "FloatMath can't power 9 and 999"),
        (round_number, {"number": float("nan")}, "NaN"),
    ],
)
def test_what_has_no_result(function: Callable[..., Any], inputs: dict[str, Any], told: str):
    with pytest.raises(ValueError, match=told):
        function(**inputs)
