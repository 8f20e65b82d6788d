"""The one way to write a JSON value down, so that equal values are equal texts on every machine.

| value | text |
| --- | --- |
| null, booleans | `null`, `true`, `false` |
| whole numbers | decimal digits, however many |
| floats | the shortest digits that read back the same, always with `.` or `e`: `1.0`, `1e+16`, `-0.0` |
| text | in double quotes, ASCII only, with the escapes of JSON and no others: `"\\u00e4"` |
| lists | their values in order |
| objects | their members by name, names in the order of their code points |

There is no white space. So 1, 1.0, "1" and true are four different texts, and 0.0 and -0.0 are two. NaN and
infinities have no text: they equal nothing, or are no JSON. It is what Python's own `json` writes with sorted
names; a test holds them side by side.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from json.encoder import encode_basestring_ascii
from operator import itemgetter
from typing import Any, cast

from .graph import DEEPEST

quoted: Callable[[str], str] = encode_basestring_ascii
"""Write a text."""


def _number(value: float) -> str:
    if not math.isfinite(value):
        raise ValueError(f"{value} is not a finite number, so it has no content key")
    return float.__repr__(value)


_SCALARS: Mapping[type, Callable[[Any], str]] = {
    str: quoted,
    int: int.__repr__,
    float: _number,
    bool: lambda value: "true" if value else "false",
    type(None): lambda value: "null",
}


def canonical(value: object, room: int = DEEPEST) -> str:
    """Write a JSON value down.

    Raises TypeError for what is none, such as a name that is no text, and ValueError for a number that is not
    finite and for a value nested too deeply.
    """
    if write := _SCALARS.get(type(value)):
        return write(value)
    if not room:
        raise ValueError(f"a value is nested deeper than {DEEPEST} levels, so it has no content key")
    match value:
        case list() | tuple():
            held = [canonical(each, room - 1) for each in cast("list[object]", value)]
            return f"[{','.join(held)}]"
        case dict() if all(isinstance(name, str) for name in cast("dict[object, object]", value)):
            members = sorted(cast("dict[str, object]", value).items(), key=itemgetter(0))
            held = [f"{quoted(name)}:{canonical(each, room - 1)}" for name, each in members]
            return f"{{{','.join(held)}}}"
        case _:
            return _scalar_of_another_kind(value)


def _scalar_of_another_kind(value: object) -> str:
    """Write texts and numbers whose types other libraries derive from Python's."""
    for kind, write in _SCALARS.items():
        if isinstance(value, kind):
            return write(value)
    raise TypeError(f"{type(value).__name__} {value!r:.80} is not a JSON value, so it has no content key")
