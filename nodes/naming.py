"""What a file name may hold besides the tokens of its own kind of file: dates, and other nodes' values.

The editor fills these in before it sends a workflow; here they are filled in for all who send none of it.
"""

from __future__ import annotations

import re
from datetime import datetime

from ..executor import Json

DATE = re.compile(r"%date:([^%]+)%")
VALUE = re.compile(r"%([^%]+)\.([^%.]+)%")
DATE_PART = re.compile("yyyy|yy|MM?|dd?|hh?|mm?|ss?")
UNSAFE = re.compile(r'[/?<>\\:*|"\x00-\x1f\x7f]')
"""What is no part of a file name on one system or another."""


def with_values(prefix: str, prompt: Json, now: datetime | None = None) -> str:
    """Fill in %date:FORMAT% and %Node.input% in a file name's prefix; what is unknown stays as it is.

    FORMAT may hold yyyy, yy, MM, M, dd, d, hh, h, mm, m, ss and s, as in %date:yyyy-MM-dd%. Node is the title
    or the class of a node of the workflow `prompt` (API format), the first one in it; the value of its input
    gets "_" for what can't stand in file names. Inputs that are linked have no value.
    """
    moment = now or datetime.now().astimezone()
    dated = DATE.sub(lambda found: DATE_PART.sub(lambda part: _date_part(part[0], moment), found[1]), prefix)
    return VALUE.sub(lambda found: _value(found[1], found[2], prompt) or found[0], dated)


def _date_part(token: str, moment: datetime) -> str:
    """Write a part of a date: the year, or a number with as many digits as the token at least."""
    if token[0] == "y":
        return f"{moment:%Y}"[-len(token) :]
    numbers = {"M": "month", "d": "day", "h": "hour", "m": "minute", "s": "second"}
    return f"{getattr(moment, numbers[token[0]]):0{len(token)}}"


def _value(name: str, key: str, prompt: Json) -> str | None:
    for node in prompt.values() if isinstance(prompt, dict) else ():
        if isinstance(node, dict) and name in (node.get("class_type"), _member(node.get("_meta"), "title")):
            value = _member(node.get("inputs"), key)
            if isinstance(value, str | int | float):
                return UNSAFE.sub("_", str(value))
    return None


def _member(value: Json, key: str) -> Json:
    return value.get(key) if isinstance(value, dict) else None
