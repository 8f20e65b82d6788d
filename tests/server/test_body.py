"""Bodies read quickly: what they say is what Python's own reader says, and why they are refused is, too."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inkloom.server.body import read_json
from inkloom.server.limits import LIMITS

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def refuse(name: str) -> None:
    raise ValueError(f"{name} is not a JSON number")


def outcome(read: Any, text: bytes | str) -> str:
    try:
        return repr(read(text))
    except ValueError as error:
        return f"refused: {error}"


def same(text: bytes | str) -> None:
    assert outcome(read_json, text) == outcome(lambda text: json.loads(text, parse_constant=refuse), text)


@given(VALUES, st.booleans())
def test_what_is_right_is_read_as_ever(value: Any, ascii_only: bool) -> None:
    text = json.dumps(value, ensure_ascii=ascii_only)
    same(text)
    same(text.encode(errors="surrogatepass"))


@given(VALUES, st.data())
def test_what_is_wrong_is_refused_as_ever(value: Any, data: st.DataObject) -> None:
    text = bytearray(json.dumps(value, ensure_ascii=data.draw(st.booleans())).encode(errors="surrogatepass"))
    for _ in range(data.draw(st.integers(1, 3))):
        text[data.draw(st.integers(0, len(text) - 1))] = data.draw(
            st.sampled_from(b'09eE+-."\\,[]{}:u\0\x1f\x80 ')
        )
    same(bytes(text))


@pytest.mark.parametrize(
    "text",
    [
        *(
            b"-0",
            b"1e400",
            b"-1E309",
            b"1e-400",
            b"123456789012345678901234567890",
            b"1" * 5000,
            b"01",
            b"1.",
            b"NaN",
        ),
        *(b"-Infinity", b'{"a":1,"b":2,"a":3}', b'"\\ud800"', b'"\xed\xa0\x80"', b'"\xff"', b"\xef\xbb\xbf1"),
        *(
            '{"a": "ü"}'.encode("utf-16"),
            '"\ud800"',
            b"",
            b" ",
            b"1 2",
            b'"a\x01"',
            b'"a\x7f"',
            b"[1,]",
            b"{1:2}",
        ),
    ],
)
def test_what_readers_disagree_on(text: bytes | str) -> None:
    same(text)


@pytest.mark.parametrize(("opens", "closes"), [("[", "]"), ('{"a":', "}")])
def test_depth(opens: str, closes: str) -> None:
    most = LIMITS.json_depth
    read_json(opens * most + "1" * (opens != "[") + closes * most)
    for inner in ("1", "[]", "{}"):
        with pytest.raises(ValueError, match="too deeply"):
            read_json(opens * (most + 1) + inner + closes * (most + 1))
    # As many in a row are no depth.
    read_json("[" + ",".join(["[]"] * (most + 5)) + "]")
