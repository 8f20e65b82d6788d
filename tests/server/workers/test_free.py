"""POST /free: memory is given back when nothing runs."""

import json
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

from inkloom.executor import Folders, Manager, Memory, Way
from inkloom.nodes import Engine

pytestmark = pytest.mark.asyncio(loop_scope="module")

PROMPT = {
    "1": {"class_type": "Number", "inputs": {"value": 71}},
    "2": {"class_type": "Warn", "inputs": {"value": ["1", 0]}},
    "3": {"class_type": "Show", "inputs": {"value": ["2", 0]}},
}


async def cached(client: TestClient) -> list[str]:
    """Run the prompt and return which of its nodes did not have to run."""
    async with client.ws_connect("/ws?clientId=free") as socket:
        posted = await client.post("/prompt", json={"prompt": PROMPT, "client_id": "free"})
        job = (await posted.json())["prompt_id"]
        told: list[str] = []
        while True:
            message = json.loads(await socket.receive_str(timeout=30))
            if message["type"] == "execution_cached":
                told = message["data"]["nodes"]
            if message["type"] == "executing" and message["data"] == {"node": None, "prompt_id": job}:
                return sorted(told)


async def test_what_is_remembered_is_dropped_on_request(client: TestClient) -> None:
    assert await cached(client) == []
    for body, expected in [
        ({}, ["1", "2", "3"]),
        ({"unload_models": False, "free_memory": False}, ["1", "2", "3"]),
        ({"unload_models": True}, ["1", "2", "3"]),
        ({"free_memory": True}, []),
        ({"unload_models": True, "free_memory": True}, []),
    ]:
        async with client.post("/api/free", json=body) as answer:
            assert (answer.status, await answer.read()) == (200, b"")
        assert await cached(client) == expected


async def test_the_worker_s_log_is_shown(client: TestClient) -> None:
    await client.post("/free", json={"free_memory": True})
    await cached(client)
    async with client.get("/internal/logs/raw") as answer:
        lines = [entry["m"] for entry in (await answer.json())["entries"]]
    assert "beware of 71\n" in lines


@pytest.mark.parametrize("body", [b"{", b"[]", b'{"free_memory": 1}', b'{"unload_models": "true"}'])
async def test_other_bodies_are_refused(client: TestClient, body: bytes) -> None:
    async with client.post("/free", data=body) as answer:
        assert answer.status == 400


class Model:
    """Weights that note whether they lie somewhere."""

    name = "model"
    least = 10
    layers: Mapping[str, int] = {"all": 10}
    present = 0

    def load(self) -> None:
        self.present = 10

    def stream(self, room: int) -> None:
        raise NotImplementedError

    def unload(self) -> None:
        self.present = 0


async def test_weights_are_unloaded_on_every_device(toy: ModuleType, tmp_path: Path) -> None:
    engine = Engine(toy.TABLE, Folders(tmp_path), memory=Memory(Manager()))
    models: dict[str, Any] = {device: Model() for device in ("cpu", "other")}
    for device, model in models.items():
        with engine.memory.manager.lease(model, way=Way(title="whole"), device=device):
            assert model.present
    engine.free()
    assert [model.present for model in models.values()] == [0, 0]
