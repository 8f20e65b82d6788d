"""How much all bodies together may have that are being read: each is whole in memory first."""

import re

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler, Middleware

from ..limits import Limits
from ..refusals import refused

STREAMED = re.compile(r"(?:/api)?/(?:upload/\w+|userdata/[^/]+)")
"""Paths whose bodies go to the disk piece by piece."""


def room_for_bodies(limits: Limits) -> Middleware:
    """Return what refuses bodies while those that are being read are too much already."""
    taken = 0

    @web.middleware
    async def count(request: web.Request, handler: Handler) -> web.StreamResponse:
        nonlocal taken
        size = _most(request, limits)
        if taken + size > limits.bodies_bytes and taken:
            answer = refused(503, "busy", "Too much is being sent to this server just now; ask again soon")
            answer.headers[hdrs.RETRY_AFTER] = "1"
            answer.force_close()
            return answer
        taken += size
        try:
            return await handler(request)
        finally:
            taken -= size

    return count


def _most(request: web.Request, limits: Limits) -> int:
    """Return the bytes that the body of a request may come to in memory."""
    if not request.can_read_body or STREAMED.fullmatch(request.path):
        return 0
    if request.content_length is None or hdrs.CONTENT_ENCODING in request.headers:
        return limits.json_bytes
    return min(request.content_length, limits.json_bytes)
