"""The log over HTTP, and its lines as they come for who asked for them."""

import asyncio
import json
import logging
import threading
from datetime import datetime
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from inkloom.server.logs import LONGEST, LogFeed
from inkloom.server.sockets.clients import Clients

pytestmark = pytest.mark.asyncio(loop_scope="module")

log = logging.getLogger("inkloom.test")


async def subscribe(client: TestClient, name: object, enabled: object, status: int = 200) -> None:
    body = {"clientId": name, "enabled": enabled}
    async with client.patch("/internal/logs/subscribe", json=body) as answer:
        assert answer.status == status


async def test_the_last_lines(client: TestClient) -> None:
    log.warning("a line\nof two")
    async with client.get("/internal/logs/raw") as answer:
        told = await answer.json()
    last = told["entries"][-1]
    assert last["m"] == "a line\nof two\n"
    assert datetime.fromisoformat(last["t"]).tzinfo is not None
    assert sorted(told["size"]) == ["cols", "rows"]
    async with client.get("/internal/logs") as answer:
        assert (await answer.json()).endswith(f"{last['t']} - a line\nof two\n")
    assert (await client.get("/api/internal/logs")).status == 404


async def test_lines_come_to_who_asked_for_them(client: TestClient) -> None:
    async def next_logs(socket: Any) -> list[str]:
        async with asyncio.timeout(30):
            while (message := json.loads(await socket.receive_str()))["type"] != "logs":
                pass
        assert sorted(message["data"]) == ["entries", "size"]
        return [entry["m"] for entry in message["data"]["entries"]]

    async with client.ws_connect("/ws?clientId=in") as hears, client.ws_connect("/ws?clientId=out") as deaf:
        for socket in (hears, deaf):
            assert json.loads(await socket.receive_str())["type"] == "status"
        await subscribe(client, "in", True)
        await subscribe(client, "gone", True)
        thread = threading.Thread(target=lambda: [log.info("line %d", number) for number in range(100)])
        thread.start()
        found: list[str] = []
        while len(found) < 100:
            found += await next_logs(hears)
        thread.join()
        assert found == [f"line {number}\n" for number in range(100)]
        await subscribe(client, "in", False)
        await subscribe(client, "out", True)
        log.info("one more")
        assert await next_logs(deaf) == ["one more\n"]
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0):
                await hears.receive()


@pytest.mark.parametrize(("name", "enabled"), [(None, True), (1, True), ("x", None), ("x", "true"), ([], 1)])
async def test_other_bodies_are_refused(client: TestClient, name: object, enabled: object) -> None:
    await subscribe(client, name, enabled, 400)


async def test_few_lines_are_kept_and_not_all_of_a_long_one() -> None:
    feed = LogFeed(Clients(), lines=3)
    feed.start()
    try:
        for text in ("one", "two", "three", "x" * 10 * LONGEST):
            log.info(text)
    finally:
        feed.stop()
    log.warning("nobody listens")
    assert [entry["m"] for entry in feed.entries()] == ["two\n", "three\n", "x" * LONGEST + "\n"]
