"""Reading what requests carry, and saying what is wrong with it."""

import json
from collections.abc import Mapping
from typing import cast

from aiohttp import web

from ..executor import Json


def read_json(text: bytes | str) -> Json:
    """Return what JSON text says; raises ValueError, also for NaN and infinities: JSON has none."""
    try:
        return cast(Json, json.loads(text, parse_constant=_refuse))
    except RecursionError:
        raise ValueError("its values are nested too deeply to be read") from None


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
