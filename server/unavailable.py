"""What is answered while the database of jobs can't be used."""

import logging

from aiohttp import web
from aiohttp.typedefs import Handler

from .jobs.reasons import error_body
from .store import StoreError

log = logging.getLogger(__name__)


@web.middleware
async def told_when_unavailable(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer 503 with the reason when the jobs can't be kept or read: what was asked for was not done."""
    try:
        return await handler(request)
    except StoreError as error:
        log.error("%s %s: %s", request.method, request.path, error)
        return web.json_response(error_body("no_database", str(error)), status=503)
