"""JSON as the quick encoder and the standard library write and read it."""

import json
from types import MappingProxyType
from typing import Any

import pytest

from inkloom.server.json_text import json_of, value_of

VALUES: list[Any] = [
    {"a": [1, 2.5, -0.0, 1e22, None, True], "ä": {"": []}},
    [2**53 + 1, 2**64, -(2**63) - 1, 10**40],
    '\0\x1f"\\/ä\u2028\U0001f58b',
    "half \ud800 of a pair",
    {"\udc00": "half of a pair as a key"},
]


@pytest.mark.parametrize("value", VALUES, ids=ascii)
def test_a_value_comes_back_as_it_went(value: Any) -> None:
    text = json_of(value)
    assert b"\n" not in text
    assert value_of(text) == json.loads(text) == value
    assert value_of(json.dumps(value)) == value


def test_a_mapping_is_an_object_and_a_number_that_is_none_is_null() -> None:
    assert json_of({"a": MappingProxyType({"b": (1, float("nan"))})}) == b'{"a":{"b":[1,null]}}'


@pytest.mark.parametrize("text", ["", "{", "[1,]", "nothing", '"\x01"'])
def test_what_is_no_json_is_a_value_error(text: str) -> None:
    with pytest.raises(ValueError, match="char"):
        value_of(text)


def test_what_has_no_json_is_a_type_error() -> None:
    with pytest.raises(TypeError, match="no JSON: <object"):
        json_of([object()])
