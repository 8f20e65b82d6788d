"""Texts: one table of calls and results, and what bad patterns are told."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from inkloom.nodes.patterns import regex_extract, regex_match, regex_replace
from inkloom.nodes.preview_any import as_text
from inkloom.nodes.strings import (
    case_converter,
    string_compare,
    string_concatenate,
    string_contains,
    string_length,
    string_replace,
    string_substring,
    string_trim,
)

SIZES = "12px, 7PX\n300 px"


@pytest.mark.parametrize(
    ("function", "inputs", "result"),
    [
        (string_concatenate, {"string_a": "a", "string_b": "b"}, "ab"),
        (string_concatenate, {"string_a": "a", "string_b": "", "delimiter": ", "}, "a, "),
        (string_substring, {"string": "inkloom", "start": 0, "end": 3}, "ink"),
        (string_substring, {"string": "inkloom", "start": -4, "end": 99}, "loom"),
        (string_substring, {"string": "inkloom", "start": 5, "end": 2}, ""),
        (string_length, {"string": "añ\n"}, (3,)),
        (case_converter, {"string": "a bIG cat", "mode": "UPPERCASE"}, "A BIG CAT"),
        (case_converter, {"string": "a bIG cat", "mode": "lowercase"}, "a big cat"),
        (case_converter, {"string": "a bIG cat", "mode": "Capitalize"}, "A big cat"),
        (case_converter, {"string": "a bIG cat", "mode": "Title Case"}, "A Big Cat"),
        (string_trim, {"string": " \n a \t", "mode": "Both"}, "a"),
        (string_trim, {"string": " a ", "mode": "Left"}, "a "),
        (string_trim, {"string": " a ", "mode": "Right"}, " a"),
        (string_replace, {"string": "aXbX", "find": "X", "replace": "--"}, "a--b--"),
        (string_contains, {"string": "A Cat", "substring": "cat"}, (False,)),
        (string_contains, {"string": "A Cat", "substring": "cat", "case_sensitive": False}, (True,)),
        (string_compare, {"string_a": "Catalog", "string_b": "Cat", "mode": "Starts With"}, True),
        (string_compare, {"string_a": "Catalog", "string_b": "cat", "mode": "Starts With"}, False),
        (
            string_compare,
            {"string_a": "Catalog", "string_b": "LOG", "mode": "Ends With", "case_sensitive": False},
            True,
        ),
        (
            string_compare,
            {"string_a": "Cat", "string_b": "cat", "mode": "Equal", "case_sensitive": False},
            True,
        ),
        (regex_match, {"string": "A Cat", "regex_pattern": "c.t"}, (True,)),
        (regex_match, {"string": "A Cat", "regex_pattern": "c.t", "case_insensitive": False}, (False,)),
        (regex_match, {"string": "a\nb", "regex_pattern": "^b"}, (False,)),
        (regex_match, {"string": "a\nb", "regex_pattern": "^b", "multiline": True}, (True,)),
        (regex_match, {"string": "a\nb", "regex_pattern": "a.b"}, (False,)),
        (regex_match, {"string": "a\nb", "regex_pattern": "a.b", "dotall": True}, (True,)),
        (regex_extract, {"string": SIZES, "regex_pattern": r"(\d+) ?px", "mode": "First Match"}, "12px"),
        (
            regex_extract,
            {"string": SIZES, "regex_pattern": r"(\d+) ?px", "mode": "All Matches"},
            "12px\n7PX\n300 px",
        ),
        (regex_extract, {"string": SIZES, "regex_pattern": r"(\d+) ?px", "mode": "First Group"}, "12"),
        (regex_extract, {"string": SIZES, "regex_pattern": r"(\d+) ?px", "mode": "All Groups"}, "12\n7\n300"),
        (
            regex_extract,
            {"string": SIZES, "regex_pattern": r"(\d)(\d*)", "mode": "All Groups", "group_index": 2},
            "2\n\n00",
        ),
        (regex_extract, {"string": SIZES, "regex_pattern": "cat", "mode": "All Matches"}, ""),
        (regex_extract, {"string": "b", "regex_pattern": "(a)?b", "mode": "First Group"}, ""),
        (
            regex_replace,
            {"string": SIZES, "regex_pattern": r"(\d+) ?px", "replace": r"<\1>"},
            "<12>, <7>\n<300>",
        ),
        (regex_replace, {"string": "aaa", "regex_pattern": "A", "replace": "b", "count": 2}, "bba"),
    ],
)
def test_texts(function: Callable[..., Any], inputs: dict[str, Any], result: Any):
    assert function(**inputs) == result


@pytest.mark.parametrize(
    ("function", "inputs", "told"),
    [
        (regex_match, {"regex_pattern": "a("}, r"regex_pattern: 'a\(' is no regular expression: missing \)"),
        (
            regex_extract,
            {"regex_pattern": "a", "mode": "First Group"},
            "group_index 1: the pattern 'a' has 0 groups",
        ),
        (
            regex_replace,
            {"regex_pattern": "a", "replace": r"\2"},
            "replace: .* can't be used: invalid group reference 2",
        ),
    ],
)
def test_what_is_wrong_with_a_pattern(function: Callable[..., Any], inputs: dict[str, Any], told: str):
    with pytest.raises(ValueError, match=told):
        function(string="a", **inputs)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a\nb", "a\nb"),
        (7, "7"),
        (0.5, "0.5"),
        (True, "True"),
        (None, "None"),
        ({"ä": [1, (2,)]}, '{\n    "ä": [\n        1,\n        [\n            2\n        ]\n    ]\n}'),
        ([range(2)], '[\n    "a range (range(0, 2))"\n]'),
        (range(2), "a range (range(0, 2))"),
    ],
)
def test_anything_as_text(value: object, text: str):
    assert as_text(value) == text
