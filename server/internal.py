"""What only the editor's own page asks for, under /internal: logs, folders, files by age."""

import asyncio
from typing import Any

from aiohttp import web

from .access.guard import identity_of
from .body import object_in
from .files import view
from .routing import Route
from .state import SERVER
from .users.who import folders_of
from .wire_types import Complaint, Subscription, text


async def get_logs(request: web.Request) -> web.Response:
    """Give the last log lines as one text."""
    entries = request.app[SERVER].logs.entries()
    return web.json_response("".join(f"{entry['t']} - {entry['m']}" for entry in entries))


async def get_raw_logs(request: web.Request) -> web.Response:
    """Give the last log lines, each with its time."""
    logs = request.app[SERVER].logs
    return web.json_response(logs.told(logs.entries()))


async def patch_subscription(request: web.Request) -> web.Response:
    """Send new log lines to a websocket client, or no more: `{"clientId", "enabled"}`."""
    body = await object_in(request)
    match body.get("clientId"), body.get("enabled"):
        case str(client), bool(enabled):
            session = (identity_of(request).name, client)
            request.app[SERVER].logs.subscribe(session, enabled=enabled)
        case _:
            raise web.HTTPBadRequest(
                text='The request\'s body must be {"clientId": text, "enabled": true or false}\n'
            )
    return web.Response()


async def get_folder_paths(request: web.Request) -> web.Response:
    """Tell where the models of each kind are looked for."""
    folders = request.app[SERVER].folders
    kinds = await asyncio.to_thread(folders.kinds)
    return web.json_response({kind: [str(root) for root in folders.roots(kind)] for kind in kinds})


async def get_files(request: web.Request) -> web.Response:
    """Name the files of the input, output or temporary folder, newest first."""
    kind = request.match_info["kind"]
    if kind not in view.ROOTS:
        return web.json_response({"error": "Invalid directory type"}, status=400)
    return web.json_response(await asyncio.to_thread(view.newest_first, folders_of(request), kind))


ROUTES = (
    Route("GET", "/internal/logs", get_logs, right="admin", tag="editor", answers={200: str}, bare=True),
    Route(
        "GET",
        "/internal/logs/raw",
        get_raw_logs,
        right="admin",
        tag="editor",
        answers={200: dict[str, Any]},
        bare=True,
    ),
    Route(
        "PATCH",
        "/internal/logs/subscribe",
        patch_subscription,
        right="admin",
        tag="editor",
        body=Subscription,
        answers={200: None} | text(400),
        bare=True,
    ),
    Route(
        "GET",
        "/internal/folder_paths",
        get_folder_paths,
        right="admin",
        tag="editor",
        answers={200: dict[str, list[str]]},
        bare=True,
    ),
    Route(
        "GET",
        "/internal/files/{kind}",
        get_files,
        tag="editor",
        answers={200: list[str], 400: Complaint},
        bare=True,
    ),
)
"""What the editor's page asks for."""
