"""Whose request it is: the one place that decides which folder a request may touch.

There is one user. More than one would be told apart here; identity must then come from a token that this
server gave out, never from a header in which the sender names somebody.
"""

import asyncio
from pathlib import Path

from aiohttp import web

from ...executor import Folders
from ..state import SERVER

ONLY = "default"
"""The user that everybody is."""


def folder_of(folders: Folders, user: str) -> Path:
    """Return where a user's files lie; it may not exist yet."""
    return folders.base / "user" / user


def user_folder(request: web.Request) -> Path:
    """Return the folder of the user who asks; every handler finds it here."""
    return folder_of(request.app[SERVER].folders, ONLY)


async def get_users(request: web.Request) -> web.Response:
    """Tell that there is one user, and whether anything was kept for them yet."""
    there = await asyncio.to_thread(user_folder(request).is_dir)
    return web.json_response({"storage": "server", "migrated": there})


async def post_user(_: web.Request) -> web.Response:
    """Refuse to make a user: there is one."""
    return web.json_response({"error": "This server has one user; there can be no other."}, status=400)


ROUTES = (("GET", "/users", get_users), ("POST", "/users", post_user))
"""Method, path and handler of what tells about users."""
