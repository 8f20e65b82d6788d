"""What each route asks of whoever wants it: its row says so, and what has no row is for admins alone."""

from collections.abc import Mapping
from typing import Literal

from aiohttp import web

Right = Literal["anybody", "user", "admin"]
"""Anybody: no token is needed. User: a token is, and jobs and files are those of its owner."""

Rights = Mapping[str, Right]
"""What routes ask for, by method and path: `GET /history/{prompt_id}`."""

RIGHTS = web.AppKey("inkloom.rights", Rights)
"""Where an application has the rights of its routes."""


def right_of(rights: Rights, method: str, path: str) -> Right:
    """Return what a route asks for; `path` is as it was declared, with or without /api."""
    asked = "GET" if method == "HEAD" else method
    return rights.get(f"{asked} {path.removeprefix('/api')}", "admin")
