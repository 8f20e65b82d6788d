"""A job that takes its whole server with it, again and again: it fails with the reason, the queue goes on."""

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from aiohttp.test_utils import TestClient, TestServer

from inkloom.executor import Folders
from inkloom.server.app import make_app
from inkloom.server.jobs.queue import default_database
from inkloom.server.store import NewJob, Store
from inkloom.server.workers.dispatch import LOSSES

TOY = Path(__file__).parent.parent / "toy.py"
SHOW = '{"1": {"class_type": "Show", "inputs": {"value": 1}}}'


async def lost(base: Path, losses: int) -> None:
    """Queue a job that so many servers have ended in the middle of, and another."""
    store = Store.open(default_database(base))
    for name in ("first", "second"):
        await store.accept(NewJob(id=name, prompt=SHOW, extra_data="{}", targets='["1"]', created=0))
    for _ in range(losses):
        [leased] = await store.lease("a server")
        assert leased.job.id == "first"
        await store.reclaim({"a server"})
    await store.close()


async def history(toy: ModuleType, root: Path) -> dict[str, Any]:
    """Return what a server on that folder makes of its jobs."""
    app = make_app(toy.TABLE, Folders(root), [(sys.executable, str(TOY), str(root))])
    async with TestClient(TestServer(app)) as client:
        while (await (await client.get("/prompt")).json())["exec_info"]["queue_remaining"]:
            pass
        return await (await client.get("/history")).json()


async def test_it_is_tried_until_then_and_no_more(toy: ModuleType, tmp_path: Path) -> None:
    for losses, ends in ((LOSSES - 1, "success"), (LOSSES, "error")):
        root = tmp_path / str(losses)
        await lost(root, losses)
        found = await history(toy, root)
        assert {name: entry["status"]["status_str"] for name, entry in found.items()} == {
            "first": ends,
            "second": "success",
        }
    kind, told = found["first"]["status"]["messages"][-1]
    assert (kind, told["exception_type"]) == ("execution_error", "ServersDiedError")
    assert f"{LOSSES} servers have ended" in told["exception_message"]
