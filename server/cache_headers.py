"""How long browsers may keep an answer, by the path that was asked for."""

import re

from aiohttp import web

ALWAYS_ASK = re.compile(r"(\.js|\.css|/index[^/]*\.json)$")
PICTURES = re.compile(r"\.(jpg|jpeg|png|ppm|bmp|pgm|tif|tiff|webp)$", re.IGNORECASE)


def cache_control(path: str, status: int) -> str | None:
    """Return the Cache-Control of an answer; None where nothing is said of it."""
    if ALWAYS_ASK.search(path):
        return "no-cache"
    if not PICTURES.search(path):
        return None
    if status == 404:
        return "public, max-age=3600"
    if 200 <= status < 300 or status in (301, 308):
        return "public, max-age=86400"
    return "no-cache" if status in (302, 303, 307) else None


async def add_cache_control(request: web.Request, response: web.StreamResponse) -> None:
    """Say how long an answer may be kept, unless its handler did."""
    told = cache_control(request.path, response.status)
    if told is not None:
        response.headers.setdefault("Cache-Control", told)
