"""The canonical form of values: one text for equal ones, different texts for different ones, everywhere."""

from __future__ import annotations

import enum
import json
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from inkloom.executor.graphs.canonical import canonical

TEXTS = st.text(st.characters(exclude_categories=()), max_size=4)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXTS
FEW = st.sampled_from([None, True, False, 0, 1, 0.0, -0.0, 1.0, "1", "", "true", "null", 10**30, 1e30])
VALUES = st.recursive(
    SCALARS | FEW, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3)
)


def parts(value: Any) -> Any:
    """A value with its types spelled out, so that Python's == tells 1, 1.0 and True apart, 0.0 and -0.0."""
    if isinstance(value, dict):
        return {name: parts(held) for name, held in value.items()}
    return [parts(held) for held in value] if isinstance(value, list) else (type(value), repr(value))


@given(VALUES)
@example({"b": [1.5, {'ä\ud83d\U0001f600\x00"\\/': -0.0}], "a": 10**4000, "a!": 1e16, "Z": 5e-324})
def test_is_what_json_writes_with_sorted_names(value: Any) -> None:
    assert canonical(value) == json.dumps(value, sort_keys=True, separators=(",", ":"), allow_nan=False)


@given(VALUES, VALUES)
@example(0.0, -0.0)
@example([1], [True])
@example({"a": 1, "b": 2}, {"b": 2, "a": 1})
def test_equal_values_and_only_they_are_equal_texts(one: Any, other: Any) -> None:
    pairs = (canonical(one), canonical(other))
    # What Python can hold as two halves of a surrogate pair is one character in JSON, and so for us.
    joined = [json.loads(json.dumps(value)) for value in (one, other)]
    assert (pairs[0] == pairs[1]) == (parts(joined[0]) == parts(joined[1]))


class Colour(str, enum.Enum):  # noqa: UP042 -- a str of another type, as libraries have them
    RED = "red"


@pytest.mark.parametrize(
    ("given", "text"),
    [(np.float64(0.1), "0.1"), (Colour.RED, '"red"'), ((1, (2,)), "[1,[2]]"), (np.str_("a"), '"a"')],
)
def test_texts_and_numbers_of_other_libraries(given: object, text: str) -> None:
    assert canonical(given) == text


def nested(levels: int) -> Any:
    value: Any = 0
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("given", "error", "says"),
    [
        (float("nan"), ValueError, "nan is not a finite number, so it has no content key"),
        ({"a": [float("-inf")]}, ValueError, "-inf is not a finite number"),
        ({1: 2}, TypeError, r"dict \{1: 2\} is not a JSON value"),
        ([b"x"], TypeError, "bytes b'x' is not a JSON value"),
        (nested(101), ValueError, "deeper than 100 levels"),
    ],
)
def test_what_has_none(given: object, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        canonical(given)


def test_the_deepest() -> None:
    assert canonical(nested(100)) == "[" * 100 + "0" + "]" * 100
