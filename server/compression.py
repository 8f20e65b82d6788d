"""`--enable-compress-response-body`: JSON and text leave compressed where the client takes that."""

import asyncio
import gzip

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

COMPRESS = web.AppKey("inkloom.compress", bool)
"""Whether an application compresses its answers."""

KINDS = ("application/json", "text/plain")
"""Types of the answers that are compressed."""

LEVEL = 6


def compressible(request: web.Request, response: web.StreamResponse) -> bool:
    """Return whether an answer is to be compressed."""
    return (
        request.app[COMPRESS]
        and response.content_type in KINDS
        and hdrs.CONTENT_ENCODING not in response.headers
        and "gzip" in request.headers.get(hdrs.ACCEPT_ENCODING, "").lower()
    )


@web.middleware
async def compressed(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Compress the body of an answer; one that is sent in pieces is by `streaming`."""
    response = await handler(request)
    if isinstance(response, web.Response) and isinstance(response.body, bytes) and response.body:
        if compressible(request, response):
            response.body = await asyncio.to_thread(gzip.compress, response.body, LEVEL, mtime=0)
            response.headers[hdrs.CONTENT_ENCODING] = "gzip"
        if request.app[COMPRESS] and response.content_type in KINDS:
            response.headers[hdrs.VARY] = hdrs.ACCEPT_ENCODING
    return response
