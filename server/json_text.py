"""Values as JSON and back, quickly, and with halves of surrogate pairs, which have no encoding."""

import json
from collections.abc import Mapping
from typing import Any, cast

from msgspec import DecodeError
from msgspec import json as quick


def _as_object(value: object) -> object:
    """Return a mapping that is no dictionary as one; raises TypeError when it is something else."""
    if isinstance(value, Mapping):
        return dict(cast(Mapping[str, object], value))
    raise TypeError(f"no JSON: {value!r}")


ENCODER = quick.Encoder(enc_hook=_as_object)
DECODER = quick.Decoder()


def json_of(value: object) -> bytes:
    """Return a value as JSON text in one line; a number that is none as null."""
    try:
        return ENCODER.encode(value)
    except UnicodeEncodeError:  # as an escape such a half has a place in JSON
        return json.dumps(value, default=_as_object).encode()


def value_of(text: bytes | str) -> Any:
    """Return what JSON text says; raises ValueError when it is none."""
    try:
        return DECODER.decode(text)
    except (DecodeError, UnicodeEncodeError):  # it may be right, with such a half in it, or infinities
        return json.loads(text)
