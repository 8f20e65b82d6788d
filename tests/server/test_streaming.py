"""Long answers over a real socket: whole when all went well, broken off and never cut short when not."""

import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import ClientPayloadError, ClientSession, web
from aiohttp.test_utils import TestServer

from inkloom.server.compression import COMPRESS
from inkloom.server.store import StoreError
from inkloom.server.streaming import WHOLE, json_in_pieces
from inkloom.server.unavailable import told_when_unavailable

LONG = [f'{{"a": "{"x" * WHOLE}",', ' "b": ', "1}"]


async def pieces(texts: list[str], fails_after: int | None) -> AsyncGenerator[str]:
    for number, text in enumerate(texts):
        if number == fails_after:
            raise StoreError("the disk is gone")
        yield text


@asynccontextmanager
async def answering(texts: list[str], fails_after: int | None = None) -> AsyncIterator[ClientSession]:
    async def handler(request: web.Request) -> web.StreamResponse:
        return await json_in_pieces(request, pieces(texts, fails_after))

    app = web.Application(middlewares=[told_when_unavailable])
    app[COMPRESS] = False
    app.router.add_get("/", handler)
    async with TestServer(app) as server, ClientSession(str(server.make_url("/"))) as client:
        yield client


@pytest.mark.parametrize("texts", [["{", "}"], LONG])
async def test_all_of_it_comes(texts: list[str]) -> None:
    async with answering(texts) as client, client.get("/") as answer, client.head("/") as head:
        assert await answer.json() == json.loads("".join(texts))
        assert answer.headers.get("Transfer-Encoding") == ("chunked" if texts is LONG else None)
        assert (head.status, head.content_type, await head.read()) == (200, "application/json", b"")


async def test_a_database_that_fails_before_anything_was_sent() -> None:
    async with answering(LONG, 0) as client, client.get("/") as answer:
        assert answer.status == 503
        assert "the disk is gone" in await answer.text()


async def test_a_database_that_fails_in_the_middle() -> None:
    async with answering(LONG, 2) as client, client.get("/") as answer:
        assert answer.status == 200
        with pytest.raises(ClientPayloadError):
            await answer.read()
