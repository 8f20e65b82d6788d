"""Reading what requests carry, and saying what is wrong with it."""

import json
from collections.abc import Mapping
from typing import cast

from aiohttp import web

from ..executor import Json
from .limits import LIMITS


def read_json(text: bytes | str) -> Json:
    """Return what JSON text says; raises ValueError, also for NaN and infinities: JSON has none."""
    try:
        read = cast(Json, json.loads(text, parse_constant=_refuse))
    except RecursionError:
        read = None
        deep = True
    else:
        deep = _opens(text) > LIMITS.json_depth and _is_deeper(read, LIMITS.json_depth)
    if deep:
        raise ValueError(f"its values are nested too deeply; {LIMITS.json_depth} levels are the most")
    return read


def _opens(text: bytes | str) -> int:
    """Count what may begin a list or an object."""
    return text.count("[") + text.count("{") if isinstance(text, str) else text.count(b"[") + text.count(b"{")


def _is_deeper(value: Json, most: int) -> bool:
    level: list[Json] = [value]
    for _ in range(most):
        level = [
            inner
            for outer in level
            if isinstance(outer, list | dict)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return False
    return any(isinstance(inner, list | dict) for inner in level)


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is not a JSON number")


async def object_in(request: web.Request) -> Mapping[str, Json]:
    """Return the JSON object of a request, empty when it has no body; answers 400 for anything else.

    A body that was cut short must not count as none: without one, /interrupt stops whatever runs.
    """
    text = await request.read()
    if not text.strip():
        return {}
    try:
        body = read_json(text)
    except ValueError as error:
        raise web.HTTPBadRequest(text=f"The request's body is not JSON: {error}\n") from error
    if not isinstance(body, dict):
        raise web.HTTPBadRequest(text="The request's body must be a JSON object\n")
    return body


def strings_in(body: Mapping[str, Json], name: str) -> tuple[str, ...]:
    """Return a list of strings out of a body; what is no string in it is left out."""
    found = body.get(name)
    return tuple(item for item in found if isinstance(item, str)) if isinstance(found, list) else ()


def number_in(request: web.Request, name: str) -> int | None:
    """Return a whole number of the query, None when it is not there; answers 400 when it is no number."""
    text = request.query.get(name)
    if text is None:
        return None
    try:
        return int(text)
    except ValueError:
        raise web.HTTPBadRequest(text=f"{name} must be a whole number, not {text!r}\n") from None
