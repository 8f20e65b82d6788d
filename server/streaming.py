"""Answers of any length, sent in pieces: neither memory nor anybody else's waiting grows with them."""

import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing

from aiohttp import web

from .compression import compressible
from .store import StoreError

WHOLE = 2**18
"""Characters up to which an answer is sent as a whole, with its length."""

log = logging.getLogger(__name__)


async def json_in_pieces(request: web.Request, pieces: AsyncGenerator[str]) -> web.StreamResponse:
    """Answer with JSON text in pieces; who reads slowly makes the next piece wait.

    A database that fails in the middle breaks the connection off, so that nobody takes a part for the whole.
    """
    async with aclosing(pieces):
        gathered = ""
        async for piece in pieces:
            gathered += piece
            if len(gathered) > WHOLE:
                return await _sent(request, gathered, pieces)
    return web.Response(text=gathered, content_type="application/json")


async def _sent(request: web.Request, first: str, others: AsyncGenerator[str]) -> web.StreamResponse:
    answer = web.StreamResponse()
    answer.content_type, answer.charset = "application/json", "utf-8"
    if compressible(request, answer):
        answer.enable_compression(web.ContentCoding.gzip)
    await answer.prepare(request)
    if request.method == "HEAD":
        return answer
    try:
        await answer.write(first.encode())
        async for piece in others:
            await answer.write(piece.encode())
    except StoreError as error:
        log.error("%s %s broken off: %s", request.method, request.path, error)
        if request.transport is not None:
            request.transport.abort()
    else:
        await answer.write_eof()
    return answer
