"""The event loop of the web process is never held up: whoever asks for much makes nobody else wait."""

import asyncio
import gc
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from io import BytesIO
from random import Random
from time import thread_time
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import FormData
from aiohttp.test_utils import TestClient, TestServer

from inkloom.executor import Folders
from inkloom.nodes import NODES
from inkloom.server.app import make_app
from inkloom.server.limits import LIMITS
from inkloom.server.workers.process import command

LONGEST = 0.05
"""Seconds of the CPU that one turn of the loop may take."""


@dataclass
class Watch:
    """The longest turn of the loop so far: what the CPU took, so that other processes don't count."""

    longest: float = 0.0

    async def look(self) -> None:
        before = thread_time()
        while True:
            await asyncio.sleep(0)
            now = thread_time()
            self.longest = max(self.longest, now - before)
            before = now


@asynccontextmanager
async def watched() -> AsyncIterator[Watch]:
    watch = Watch()
    looking = asyncio.create_task(watch.look())
    await asyncio.sleep(0)
    try:
        yield watch
    finally:
        looking.cancel()


def texts(count: int) -> dict[str, Any]:
    flow: dict[str, Any] = {"0": {"class_type": "PrimitiveString", "inputs": {"value": "a"}}}
    for place in range(1, count):
        inputs = {"string": [str(place - 1), 0], "mode": "Both"}
        flow[str(place)] = {"class_type": "StringTrim", "inputs": inputs}
    return flow | {"end": {"class_type": "PreviewAny", "inputs": {"source": [str(count - 1), 0]}}}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[TestClient[Any, Any]]:
    root = tmp_path_factory.mktemp("root")
    app = make_app(NODES, Folders(root), [command(root)])
    async with TestClient(TestServer(app)) as found:
        gc.freeze()  # as `inkloom serve` does when it answers
        yield found
        gc.unfreeze()


@pytest.mark.asyncio(loop_scope="module")
async def test_the_longest_turn(client: TestClient[Any, Any]) -> None:
    """While a worker computes, and somebody queues big workflows, lists all nodes, uploads, looks around."""
    body = json.dumps({"prompt": texts(3000), "client_id": "me", "prompt_id": "big"}).encode()
    picture = Random(1).randbytes(16 * 2**20)
    header = {"Content-Type": "application/json"}

    async def ask(path: str) -> None:
        for _ in range(3):
            async with client.get(path) as answer:
                assert answer.status == 200
                await answer.read()

    async def upload() -> None:
        form = FormData()
        form.add_field("image", BytesIO(picture), filename="noise.bin")
        async with client.post("/upload/image", data=form) as answer:
            assert answer.status == 200

    async with client.ws_connect("/ws?clientId=me", max_msg_size=0) as socket, watched() as watch:
        async with client.post("/prompt", data=body, headers=header) as answer:
            assert answer.status == 200
        others = [ask(path) for path in ("/object_info", "/queue", "/system_stats", "/settings")]
        await asyncio.gather(upload(), *others)
        async for message in socket:
            if '"execution_success"' in message.data[:64]:
                break
        await ask("/history")
    assert watch.longest < LONGEST, f"the loop was held up for {watch.longest:.3f} s"


@pytest.mark.asyncio(loop_scope="module")
async def test_bodies_of_very_many_values(client: TestClient[Any, Any]) -> None:
    """A million nodes, which are refused unread, and as many values as may be."""
    million = b'{"prompt": {%s}}' % b",".join(b'"%d":{}' % number for number in range(10**6))
    most = b'{"a": [%s]}' % b",".join(b'{"b":[]}' for _ in range(LIMITS.json_values))
    header = {"Content-Type": "application/json"}
    async with watched() as watch:
        for path in ("/prompt", "/queue", "/settings", "/v1/jobs"):
            for body in (million, most):
                async with client.post(path, data=BytesIO(body), headers=header) as answer:
                    refused = 200 if body is most and path in ("/queue", "/settings") else 400
                    assert answer.status == refused, path
    assert watch.longest < LONGEST, f"the loop was held up for {watch.longest:.3f} s"
