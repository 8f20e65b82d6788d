"""Whose folders a request may touch: the one place that gives them out; a handler can't name another's."""

import asyncio
from pathlib import Path

from aiohttp import web

from ...executor import Folders
from ..access.guard import identity_of
from ..routing import Route
from ..state import SERVER
from ..wire_types import Complaint, UsersTold
from .places import folder_of, folders_for


def user_folder(request: web.Request) -> Path:
    """Return the folder with the settings and files of the user whom a request is about."""
    return folder_of(request.app[SERVER].folders, identity_of(request).name)


def folders_of(request: web.Request) -> Folders:
    """Return the folders of the user whom a request is about; every handler finds them here."""
    return folders_for(request.app[SERVER].folders, identity_of(request).name)


async def get_users(request: web.Request) -> web.Response:
    """Tell that there is one user, and whether anything was kept for them yet."""
    there = await asyncio.to_thread(user_folder(request).is_dir)
    return web.json_response({"storage": "server", "migrated": there})


async def post_user(_: web.Request) -> web.Response:
    """Refuse to make a user: whoever has the data folder does, with `inkloom user add`."""
    told = "Users are added where the server runs: inkloom user add NAME"
    return web.json_response({"error": told}, status=400)


ROUTES = (
    Route("GET", "/users", get_users, tag="users", answers={200: UsersTold}),
    Route("POST", "/users", post_user, tag="users", answers={400: Complaint}),
)
"""What tells about users."""
