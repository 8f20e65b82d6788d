"""Reading what requests carry, and saying what is wrong with it."""

import json
from collections.abc import Mapping
from typing import cast

from aiohttp import web

from ..executor import Json


def read_json(text: bytes | str) -> Json:
    """Return what JSON text says; raises ValueError, also for NaN and infinities: JSON has none."""
    return cast(Json, json.loads(text, parse_constant=_refuse))


def _refuse(name: str) -> None:
    raise ValueError(f"{name} is not a JSON number")


async def object_in(request: web.Request) -> Mapping[str, Json]:
    """Return the JSON object of a request whose body may be left out; anything else counts as empty."""
    try:
        body = read_json(await request.read())
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


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
