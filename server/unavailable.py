"""What is answered while the database of jobs can't be used."""

import logging

from aiohttp import web
from aiohttp.typedefs import Handler

from .refusals import refused
from .store import StoreError

log = logging.getLogger(__name__)


@web.middleware
async def told_when_unavailable(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer 503 with the reason when the jobs can't be kept or read: what was asked for was not done."""
    try:
        return await handler(request)
    except StoreError as error:
        log.error("%s %s: %s", request.method, request.path, error)
        return refused(503, "no_database", str(error))
