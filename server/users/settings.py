"""A user's settings: values by id, in one file that is always whole."""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from aiohttp import web

from ...executor import Json
from ...executor.files.atomic import write_whole
from ..body import read_aside, read_json
from ..files.trouble import told_over_http
from ..routing import Route
from ..state import SERVER
from ..wire_types import text
from .who import user_folder

FILE = "comfy.settings.json"


def read(folder: Path) -> dict[str, Json]:
    """Return a user's settings; answers 500 for a file that is not one of settings, which nobody may lose."""
    path = folder / FILE
    try:
        found = read_json(path.read_bytes())
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise web.HTTPInternalServerError(
            text=f"{path} is not JSON: {error}; mend it or move it away\n"
        ) from error
    if not isinstance(found, dict):
        raise web.HTTPInternalServerError(text=f"{path} is not a JSON object; mend it or move it away\n")
    return cast(dict[str, Json], found)


def change(folder: Path, values: Mapping[str, Json], most: int) -> None:
    """Put values among a user's settings of `most` bytes; only one thread at a time may."""
    with told_over_http():
        folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps({**read(folder), **values}, indent=1)
        if len(text) > most:
            raise web.HTTPRequestEntityTooLarge(
                max_size=most, actual_size=len(text), text=f"settings may have {most} bytes, no more\n"
            )
        write_whole(folder / FILE, [text.encode()], sync=True)


async def get_settings(request: web.Request) -> web.Response:
    """Give all settings."""
    return web.json_response(await asyncio.to_thread(read, user_folder(request)))


async def get_setting(request: web.Request) -> web.Response:
    """Give one setting; null when it was never set."""
    found = await asyncio.to_thread(read, user_folder(request))
    return web.json_response(found.get(request.match_info["id"]))


async def post_settings(request: web.Request) -> web.Response:
    """Change some settings: `{id: value}`."""
    values = await _json(request)
    if not isinstance(values, dict):
        raise web.HTTPBadRequest(text="The request's body must be a JSON object of settings by id\n")
    return await _changed(request, values)


async def post_setting(request: web.Request) -> web.Response:
    """Change one setting: the body is its value, any JSON."""
    return await _changed(request, {request.match_info["id"]: await _json(request)})


async def _json(request: web.Request) -> Json:
    """Return the JSON that a body is, whatever its content type says: the editor calls it plain text."""
    try:
        return await read_aside(await request.read())
    except ValueError as error:
        raise web.HTTPBadRequest(text=f"The request's body is not JSON: {error}\n") from error


async def _changed(request: web.Request, values: Mapping[str, Json]) -> web.Response:
    server = request.app[SERVER]
    async with server.settings:
        await asyncio.to_thread(change, user_folder(request), values, server.limits.settings_bytes)
    return web.Response()


CHANGED = {200: None} | text(400, 413, 500, 507)

ROUTES = (
    Route("GET", "/settings", get_settings, tag="users", answers={200: dict[str, Any]} | text(500)),
    Route("POST", "/settings", post_settings, tag="users", body=dict[str, Any], answers=CHANGED),
    Route("GET", "/settings/{id}", get_setting, tag="users", answers={200: Any} | text(500)),
    Route("POST", "/settings/{id}", post_setting, tag="users", body=Any, answers=CHANGED),
)
"""A user's settings."""
