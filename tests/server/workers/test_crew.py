"""Jobs given to a worker ahead, and several workers on one queue: in order, once each, nothing lost."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
import pytest
from aiohttp.test_utils import TestClient, TestServer

from inkloom.client.values import Device, Residency, ResidentModel, Tier
from inkloom.executor import Folders
from inkloom.server.app import make_app
from inkloom.server.jobs.queue import default_database
from inkloom.server.state import SERVER
from inkloom.server.store import NewJob, Store
from inkloom.server.workers.ahead import Ahead
from inkloom.server.workers.crew import Crew, merged

TOY = Path(__file__).parent.parent / "toy.py"


@asynccontextmanager
async def served(
    toy: ModuleType, root: Path, workers: int = 1, others: Sequence[Sequence[str]] = ()
) -> AsyncIterator["Server"]:
    """Give a server of toy nodes with so many workers, and others."""
    command = (sys.executable, str(TOY), str(root))
    app = make_app(toy.TABLE, Folders(root), [command] * workers + list(others))
    async with TestClient(TestServer(app)) as client:
        yield Server(client, app[SERVER].crew)


class Server:
    def __init__(self, client: TestClient, crew: Crew) -> None:
        self.client = client
        self.crew = crew

    async def queue(self, class_type: str, name: str, **inputs: object) -> None:
        """Queue a job of one node, by a name."""
        prompt = {
            "1": {"class_type": class_type, "inputs": inputs},
            "2": {"class_type": "Show", "inputs": {"value": ["1", 0]}},
        }
        async with self.client.post("/prompt", json={"prompt": prompt, "prompt_id": name}) as answer:
            assert answer.status == 200, await answer.text()

    async def get(self, path: str) -> Any:
        async with self.client.get(path) as answer:
            return await answer.json()

    async def running(self) -> list[str]:
        return [item[1] for item in (await self.get("/queue"))["queue_running"]]

    async def until_running(self, *names: str) -> None:
        """Wait until just these jobs run."""
        async with asyncio.timeout(60):
            while await self.running() != list(names):
                pass

    async def until_ended(self) -> Mapping[str, str]:
        """Wait until nothing is left to do; return how each job ended, in the order in which they did."""
        async with asyncio.timeout(60):
            while (await self.get("/prompt"))["exec_info"]["queue_remaining"]:
                pass
        history = await self.get("/history")
        return {name: entry["status"]["status_str"] for name, entry in history.items()}

    async def attempts(self) -> dict[str, int]:
        return {job["id"]: job["attempt"] for job in (await self.get("/v1/jobs?limit=200"))["jobs"]}


NAMES = [f"job-{number:02}" for number in range(24)]


async def test_many_short_jobs_end_in_their_order_once_each(toy: ModuleType, tmp_path: Path) -> None:
    async with served(toy, tmp_path) as server:
        for number, name in enumerate(NAMES):
            await server.queue("Number", name, value=number)
        assert list((await server.until_ended()).items()) == [(name, "success") for name in NAMES]
        assert set((await server.attempts()).values()) == {1}


async def test_a_job_that_kills_its_worker_takes_no_other_with_it(toy: ModuleType, tmp_path: Path) -> None:
    async with served(toy, tmp_path) as server:
        for number, name in enumerate(NAMES):
            await server.queue("Die" if number == 12 else "Number", name, value=number)
        ended = await server.until_ended()
        assert {name for name, how in ended.items() if how != "success"} == {NAMES[12]}
        assert list(ended) == NAMES, "it is tried again in its place"
        attempts = await server.attempts()
        assert {name: made for name, made in attempts.items() if made != 1} == {NAMES[12]: 3}


async def test_jobs_behind_a_long_one_wait_where_all_can_see_them(toy: ModuleType, tmp_path: Path) -> None:
    """They may be moved and forgotten, though they were in the worker's hands for a moment."""
    async with served(toy, tmp_path) as server:
        for number, name in enumerate(NAMES[:10]):
            await server.queue("Number", name, value=number)
        await server.queue("Wait", "long", start=1)
        for number, name in enumerate(NAMES[10:18], 10):
            await server.queue("Number", name, value=number)
        await server.until_running("long")
        assert [item[1] for item in (await server.get("/queue"))["queue_pending"]] == NAMES[10:18]
        await server.client.post("/queue", json={"delete": [NAMES[14]]})
        async with server.client.patch(f"/v1/jobs/{NAMES[17]}", json={"priority": "front"}) as answer:
            assert answer.status == 200, await answer.text()
        await server.client.post("/interrupt", json={"prompt_id": "long"})
        ended = list(await server.until_ended())
        assert ended == [*NAMES[:10], "long", NAMES[17], *NAMES[10:14], *NAMES[15:17]]
        assert set((await server.attempts()).values()) == {1}


HURRIED = """
import json, sys, time
def say(**message): print(json.dumps(message), flush=True)
def end(job):
    done = {"type": "run_done", "seq": 1, "at": 0.0, "seconds": 0.0}
    say(type="events", job=job, events=[done])
    say(type="finished", job=job)
say(type="ready", pid=1)
say(type="warm")
waiting = []
for line in sys.stdin:
    message = json.loads(line)
    if message["type"] == "run" and (waiting or message["job"] == "b"):
        waiting.append(message["job"])
    elif message["type"] == "run":
        end(message["job"])
    elif message["type"] == "recall":
        first, *others = waiting
        waiting = []
        end(first)
        time.sleep(0.1)  # in which the server has turned to the next one
        say(type="recalled", jobs=others)
"""
"""A worker whose running job ends at the very moment in which the others are asked back."""


async def test_a_job_whose_turn_has_come_while_it_was_asked_back_is_run(
    toy: ModuleType, tmp_path: Path
) -> None:
    store = Store.open(default_database(tmp_path))
    for name in "abcd":
        prompt = '{"1": {"class_type": "Show", "inputs": {"value": 1}}}'
        await store.accept(NewJob(id=name, prompt=prompt, extra_data="{}", targets='["1"]', created=0))
    await store.close()
    app = make_app(toy.TABLE, Folders(tmp_path), [(sys.executable, "-c", HURRIED)])
    async with TestClient(TestServer(app)) as client:
        ended = await Server(client, app[SERVER].crew).until_ended()
    assert list(ended.items()) == [(name, "success") for name in "abcd"]


async def test_a_job_given_ahead_is_cancelled_and_those_around_it_are_not(
    toy: ModuleType, tmp_path: Path
) -> None:
    async with served(toy, tmp_path) as server:
        for number, name in enumerate(NAMES):
            await server.queue("Number", name, value=number)
            if number % 7 == 3:
                await server.client.post(f"/v1/jobs/{name}/cancel")
        ended = await server.until_ended()
        assert sorted(ended) == NAMES
        jobs = (await server.get("/v1/jobs?limit=200"))["jobs"]
        states = {job["id"]: job["state"] for job in jobs}
        assert {states[name] for number, name in enumerate(NAMES) if number % 7 != 3} == {"done"}


async def test_each_worker_runs_a_job_and_none_runs_two(toy: ModuleType, tmp_path: Path) -> None:
    async with served(toy, tmp_path, workers=2) as server:
        for number, name in enumerate("abc"):
            await server.queue("Wait", name, start=number)
        await server.until_running("a", "b")
        await server.client.post("/interrupt", json={"prompt_id": "a"})
        await server.until_running("b", "c")
        [first, _] = server.crew.workers
        assert first.pid is not None
        os.kill(first.pid, signal.SIGKILL)  # it runs c: what b has is not touched
        while (await server.attempts())["c"] != 2:
            pass
        await server.until_running("b", "c")
        assert (await server.attempts())["b"] == 1
        await server.client.post("/interrupt")
        ended = await server.until_ended()
        assert set(ended.values()) == {"error"}
        assert sorted(ended) == ["a", "b", "c"]


async def test_many_short_jobs_on_two_workers_run_once_each(toy: ModuleType, tmp_path: Path) -> None:
    async with served(toy, tmp_path, workers=2) as server:
        for number, name in enumerate(NAMES):
            await server.queue("Number", name, value=number)
        assert sorted((await server.until_ended()).items()) == [(name, "success") for name in NAMES]
        assert set((await server.attempts()).values()) == {1}


async def test_a_worker_that_cannot_start_takes_no_jobs_from_one_that_can(
    toy: ModuleType, tmp_path: Path
) -> None:
    async with served(toy, tmp_path, others=[("/bin/false",)]) as server:
        await server.queue("Wait", "long", start=1)
        await server.until_running("long")
        for number, name in enumerate(NAMES[:4]):
            await server.queue("Number", name, value=number)
        [_, broken] = server.crew.workers
        while broken.restarts < 4:  # three failed starts in a row fail what it has
            await server.running()
        await server.client.post("/interrupt", json={"prompt_id": "long"})
        assert list((await server.until_ended()).items()) == [
            ("long", "error"),
            *((name, "success") for name in NAMES[:4]),
        ]


@pytest.mark.parametrize(
    ("lasted", "there", "alone", "wanted"),
    [
        *((None, 0, True, 1), (0.5, 0, True, 1), (0.5, 3, True, 0)),
        *((0.0, 0, True, 32), (0.005, 0, True, 10), (0.005, 5, True, 5), (0.005, 6, True, 0)),
        *((0.001, 0, False, 1), (0.001, 1, False, 0)),
    ],
)
def test_how_many_are_given_ahead(lasted: float | None, there: int, alone: bool, wanted: int) -> None:
    ahead = Ahead()
    if lasted is not None:
        ahead.lasted(lasted)
    assert ahead.wanted(there, alone=alone) == wanted


def test_what_was_asked_for_counts_until_it_is_there() -> None:
    ahead = Ahead()
    ahead.lasted(0.005)
    assert ahead.wanted(0, alone=True) == 10
    assert ahead.wanted(0, alone=True) == 0
    ahead.came(10)
    assert ahead.wanted(2, alone=True) == 8


def residency(device: str, used: int) -> Residency:
    """Return what a worker of a device and of the processor has."""
    devices = [
        Device(name=name, kind=name.partition(":")[0], total_bytes=100, budget_bytes=50, used_bytes=used)
        for name in ("cpu", device)
    ]
    model = ResidentModel(
        name=f"UNet on {device}", kind="UNet", device=device, resident_bytes=1, total_bytes=2, in_use=False
    )
    tier = Tier(name="memory", entries=1, bytes=used, budget_bytes=9, hits=2, misses=3)
    disk = Tier(name="disk", entries=used, bytes=used, budget_bytes=None, hits=1, misses=1)
    return Residency(devices=devices, models=[model], cache=[tier, disk])


def test_what_two_workers_have_is_told_as_one() -> None:
    found = merged([residency("cuda:0", 5), residency("cuda:1", 7)])
    assert [(one.name, one.used_bytes, one.budget_bytes) for one in found.devices] == [
        ("cpu", 12, 100),
        ("cuda:0", 5, 50),
        ("cuda:1", 7, 50),
    ]
    assert [one.device for one in found.models] == ["cuda:0", "cuda:1"]
    memory, disk = found.cache
    assert msgspec.structs.astuple(memory) == ("memory", 2, 12, 18, 4, 6)
    assert msgspec.structs.astuple(disk) == ("disk", 7, 7, None, 2, 2), "one folder on the disk"
