"""Values of a workflow made into what an input's type says, by the rules of the wire."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from typing import Any, cast

from .node_type import Input


def _finite(given: Any) -> float:
    number = float(given)
    if not math.isfinite(number):
        raise ValueError("not a finite number")
    return number


CONVERSIONS: Mapping[str, Callable[[Any], object]] = {
    "INT": int,
    "FLOAT": _finite,
    "STRING": str,
    "BOOLEAN": bool,
}
"""INT is Python's `int`: "16" and 16.9 are 16, true is 1. BOOLEAN is the truth value: "false" is true."""


def converted(spec: Input, given: object) -> object:
    """Return a value as the input's type has it; types without a rule take it as it is.

    Raises ValueError, TypeError or OverflowError as Python's conversion does; NaN and infinity are refused,
    in lists and objects too.
    """
    rule = CONVERSIONS.get(spec.type)
    if rule is not None and not (given is None and spec.nullable):
        return rule(given)
    if spec.widget:
        return given
    waiting = [given]
    while waiting:
        found = waiting.pop()
        if isinstance(found, float):
            _finite(found)
        elif isinstance(found, dict):
            waiting += cast("dict[str, object]", found).values()
        elif isinstance(found, list | tuple):
            waiting += cast("Iterable[object]", found)
    return given
