"""Reading what requests carry, and saying what is wrong with it."""

import asyncio
import json
from collections.abc import Iterable, Mapping
from typing import Any, cast

from aiohttp import web
from msgspec import DecodeError

from ..executor import Json
from .json_text import DECODER
from .limits import LIMITS


def read_json(text: bytes | str) -> Json:
    """Return what JSON text says; raises ValueError, also for NaN and infinities: JSON has none."""
    refuse_many(text)
    try:
        read = cast(Json, _loaded(text))
    except RecursionError:
        raise ValueError(TOO_DEEP) from None
    if is_deep(text, read):
        raise ValueError(TOO_DEEP)
    return read


def _loaded(text: bytes | str) -> object:
    try:
        return DECODER.decode(text)
    except (DecodeError, UnicodeError):
        # The slow reader says where it is wrong; or it is right, with halves of surrogate pairs in it.
        return json.loads(text, parse_constant=_refuse)


async def read_aside(text: bytes) -> Json:
    """Return what JSON text says, as `read_json` does: on a thread where that may take long."""
    return read_json(text) if len(text) < LARGE else await asyncio.to_thread(read_json, text)


def refuse_many(text: bytes | str) -> None:
    """Raise ValueError for JSON text of more values than may be read: nobody else gets a turn meanwhile."""
    commas = 0
    for begin in range(0, len(text), SLICE):
        end = begin + SLICE
        commas += text.count(",", begin, end) if isinstance(text, str) else text.count(b",", begin, end)
        if commas > LIMITS.json_values:
            raise ValueError(f"it has too many values; {LIMITS.json_values} are the most")


LARGE = 2**17
"""Bytes of a request from which on reading it may take long."""

SLICE = 2**18
"""Characters that are looked at at once; between two slices others get their turn."""

TOO_DEEP = f"its values are nested too deeply; {LIMITS.json_depth} levels are the most"


def is_deep(text: bytes | str, read: object) -> bool:
    """Tell whether lists and objects that were read from a text lie deeper in each other than they may."""
    return _opens(text) > LIMITS.json_depth and _is_deeper(read, LIMITS.json_depth)


def _opens(text: bytes | str) -> int:
    """Count what may begin a list or an object."""
    return text.count("[") + text.count("{") if isinstance(text, str) else text.count(b"[") + text.count(b"{")


HOLDING = frozenset({dict, list})
"""Types of what was read that have values in them."""


def _is_deeper(value: Any, most: int) -> bool:
    level: list[Any] = [value] if type(value) in HOLDING else []
    for _ in range(most):
        level = [
            inner
            for outer in level
            for inner in cast(Iterable[Any], outer.values() if type(outer) is dict else outer)
            if type(inner) in HOLDING
        ]
        if not level:
            return False
    return bool(level)


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is not a JSON number")


FARTHEST = 2**63 - 1
"""The largest number that a database counts with; beyond it there is nothing to be found."""


async def object_in(request: web.Request) -> Mapping[str, Json]:
    """Return the JSON object of a request, empty when it has no body; answers 400 for anything else.

    A body that was cut short must not count as none: without one, /interrupt stops whatever runs.
    """
    text = await request.read()
    if not text.strip():
        return {}
    try:
        body = await read_aside(text)
    except ValueError as error:
        raise web.HTTPBadRequest(text=f"The request's body is not JSON: {error}\n") from error
    if not isinstance(body, dict):
        raise web.HTTPBadRequest(text="The request's body must be a JSON object\n")
    return body


def ids_in(body: Mapping[str, Json], name: str) -> tuple[str, ...]:
    """Return a list of ids out of a body, none when it is not there; answers 400 for what is no such list.

    An id may be a number, as it may where a job gets it.
    """
    found = body.get(name)
    if found is None:
        return ()
    wanted = f'{name} must be a list of ids, such as ["an-id"]'
    if not isinstance(found, list):
        raise web.HTTPBadRequest(text=f"{wanted}; it is {shown(found)}. Nothing was done\n")
    for item in found:
        if isinstance(item, bool) or not isinstance(item, str | int | float):
            raise web.HTTPBadRequest(text=f"{wanted}; {shown(item)} in it is none. Nothing was done\n")
    return tuple(str(item) for item in found)


def flag_in(body: Mapping[str, Json], name: str) -> bool:
    """Return a truth value out of a body, False when it is not there; answers 400 for anything else."""
    found = body.get(name)
    if not isinstance(found, bool | None):
        wanted = f"{name} must be true or false"
        raise web.HTTPBadRequest(text=f"{wanted}; it is {shown(found)}. Nothing was done\n")
    return bool(found)


SHOWN = 80
"""Characters of a wrong value that are shown to who sent it."""


def shown(value: Json) -> str:
    """Return what a wrong value is, for who sent it: itself if it is short, else its beginning or kind."""
    match value:
        case list():
            return "a list"
        case dict():
            return "an object"
        case _:
            text = json.dumps(value[:SHOWN] if isinstance(value, str) else value)
            return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


def number_in(request: web.Request, name: str) -> int | None:
    """Return a whole number of the query, None when it is not there; answers 400 when it is no number."""
    text = request.query.get(name)
    if text is None:
        return None
    try:
        return max(min(int(text), FARTHEST), -FARTHEST)
    except ValueError:
        raise web.HTTPBadRequest(text=f"{name} must be a whole number, not {text!r}\n") from None
