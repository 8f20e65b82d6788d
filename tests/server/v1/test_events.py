"""What happens in jobs, as server-sent events: nothing kept is lost or told twice."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from inkloom.executor import Folders
from inkloom.server.access.users import add
from inkloom.server.app import make_app
from inkloom.server.limits import Limits
from inkloom.server.state import SERVER
from inkloom.server.v1 import events

TOY = Path(__file__).parent.parent / "toy.py"

COUNT = {
    "1": {"class_type": "Number", "inputs": {"value": 3}},
    "2": {"class_type": "Count", "inputs": {"steps": 1, "start": ["1", 0]}},
    "3": {"class_type": "Show", "inputs": {"value": ["2", 0]}},
}


def endless(start: int) -> dict[str, Any]:
    return {
        "1": {"class_type": "Wait", "inputs": {"start": start}},
        "2": {"class_type": "Show", "inputs": {"value": ["1", 0]}},
    }


@asynccontextmanager
async def serving(
    toy: ModuleType, root: Path, works: bool = True, **kwargs: Any
) -> AsyncIterator[TestClient]:
    """Yield a client of a server; several may share a folder, and so a database."""
    argv = (sys.executable, str(TOY), str(root)) if works else ("/bin/cat",)
    app = make_app(toy.TABLE, Folders(root), [argv], **kwargs)
    async with TestClient(TestServer(app)) as found:
        yield found


async def told(
    client: TestClient, path: str, status: int = 200, **headers: str
) -> AsyncGenerator[tuple[str | None, dict[str, Any]]]:
    """Yield the events of a stream, each with its id, until it ends."""
    async with client.get(path, headers=headers) as answer:
        assert answer.status == status, await answer.text()
        assert answer.content_type == "text/event-stream"
        block: dict[str, str] = {}
        async for line in answer.content:
            text = line.decode().rstrip("\n")
            if text and not text.startswith(":"):
                name, _, value = text.partition(": ")
                block[name] = value
            elif block:
                event = json.loads(block["data"])
                assert event["type"] == block["event"]
                yield block.get("id"), event
                block = {}


async def listed(*args: Any, **kwargs: Any) -> list[tuple[str | None, dict[str, Any]]]:
    async with asyncio.timeout(200):
        return [one async for one in told(*args, **kwargs)]


async def submit(client: TestClient, workflow: Any, **fields: Any) -> str:
    async with client.post("/v1/jobs", json={"workflow": workflow, **fields}) as answer:
        assert answer.status == 201, await answer.text()
        return (await answer.json())["id"]


async def get(client: TestClient, path: str, **headers: str) -> Any:
    async with client.get(path, headers=headers) as answer:
        assert answer.status == 200, await answer.text()
        return await answer.json()


def kept(found: list[tuple[str | None, dict[str, Any]]]) -> list[dict[str, Any]]:
    """Return the events that have an id, which is their number."""
    for name, event in found:
        assert name in (None, str(event["seq"]))
    return [event for name, event in found if name is not None]


async def test_a_run_as_it_happens(toy: ModuleType, tmp_path: Path) -> None:
    async with serving(toy, tmp_path) as client:
        first = await submit(client, endless(1))
        job = await submit(client, COUNT)
        following = asyncio.create_task(listed(client, f"/v1/jobs/{job}/events"))
        async for _, event in told(client, f"/v1/jobs/{first}/events"):
            if event["type"] == "progress":
                assert event["data"]["node"] == "1"
                break
        async with client.post(f"/v1/jobs/{first}/cancel") as answer:
            assert answer.status == 200
        found = await following
        states = [event["data"]["state"] for _, event in found if event["type"] == "state"]
        assert states == ["waiting", "running", "done"]
        assert found[-1][1]["data"]["outputs"] == {"3": {"text": ["4"]}}
        events = kept(found)
        assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
        assert [event["type"] for event in events] == [
            "run_started",
            *["node_started", "node_finished"] * 3,
            "run_done",
        ]
        assert {event["attempt"] for event in events} == {1}
        assert events == sorted(events, key=lambda event: event["at"])
        page = await get(client, f"/v1/jobs/{job}/events", Accept="application/json")
        assert page == {"events": events, "more": False}
        again = await listed(client, f"/v1/jobs/{job}/events")
        assert kept(again) == events
        for since in range(len(events) + 2):
            for found in (
                await listed(client, f"/v1/jobs/{job}/events?since={since}"),
                await listed(client, f"/v1/jobs/{job}/events", **{"Last-Event-ID": str(since)}),
            ):
                assert kept(found) == events[since:]
                assert found[-1][1]["data"]["state"] == "done"


async def test_who_comes_later_hears_what_was_loaded(toy: ModuleType, tmp_path: Path) -> None:
    """Spans and marks are of the moment, and one event at the end has them again."""
    loading = {
        "1": {"class_type": "Load", "inputs": {"value": 3}},
        "2": {"class_type": "Show", "inputs": {"value": ["1", 0]}},
    }
    async with serving(toy, tmp_path) as client:
        job = await submit(client, loading)
        await listed(client, f"/v1/jobs/{job}/events")
        later = [event for _, event in await listed(client, f"/v1/jobs/{job}/events")]
    assert [event["type"] for event in later] == [
        "run_started",
        *["node_started", "node_finished"] * 2,
        "recap",
        "run_done",
        "state",
    ]
    [span], [mark] = later[5]["data"]["spans"], later[5]["data"]["marks"]
    assert (span["name"], span["category"], span["node"], span["args"]) == (
        "weights",
        "load",
        "1",
        {"bytes": 7},
    )
    assert 0 <= span["start"] <= mark["at"] <= span["start"] + span["seconds"] + 1e-3
    assert (mark["name"], mark["args"]) == ("evicted: others", {"bytes": 9})
    assert [event["data"]["steps"] for event in later if event["type"] == "node_finished"] == [
        [1, 1, 1],
        None,
    ]


async def test_coming_back_in_the_middle(toy: ModuleType, tmp_path: Path) -> None:
    """However often a listener goes and comes back: all that is kept, once."""
    chain: dict[str, Any] = {"0": {"class_type": "Number", "inputs": {"value": 1}}}
    for number in range(1, 150):
        inputs = {"start": [str(number - 1), 0], "steps": 1}
        chain[str(number)] = {"class_type": "Count", "inputs": inputs}
    chain["end"] = {"class_type": "Show", "inputs": {"value": ["149", 0]}}
    async with serving(toy, tmp_path) as client:
        job = await submit(client, chain)
        seen: list[dict[str, Any]] = []
        visits, ended = 0, False
        async with asyncio.timeout(200):
            while not ended:
                since = seen[-1]["seq"] if seen else 0
                visits += 1
                patience = visits % 7
                async for name, event in told(client, f"/v1/jobs/{job}/events?since={since}"):
                    if name is not None:
                        seen.append(event)
                        patience -= 1
                    ended = event["type"] == "state" and event["data"]["state"] == "done"
                    if patience < 0:
                        break
        page = await get(client, f"/v1/jobs/{job}/events", Accept="application/json")
    assert seen == page["events"]
    assert len(seen) == 2 + 2 * len(chain)
    assert visits > 10


async def test_a_job_that_another_server_runs(
    toy: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is followed through the database, and can be cancelled from here."""
    monkeypatch.setattr(events, "LOOK", 0.05)
    async with AsyncExitStack() as stack:
        runs = await stack.enter_async_context(serving(toy, tmp_path))
        job = await submit(runs, endless(2))
        async for _, event in told(runs, f"/v1/jobs/{job}/events"):
            if event["type"] == "progress":
                break
        looks = await stack.enter_async_context(serving(toy, tmp_path, works=False))
        later = await submit(looks, COUNT)
        following = asyncio.create_task(listed(looks, f"/v1/jobs/{job}/events"))
        queue = told(looks, "/v1/events")
        assert (await anext(queue))[1]["data"]["id"] == job
        async with looks.post(f"/v1/jobs/{job}/cancel") as answer:
            assert (await answer.json())["state"] == "running"
        found = await following
        assert [event["data"]["state"] for _, event in found if event["type"] == "state"] == [
            "running",
            "cancelled",
        ]
        assert [event["type"] for event in kept(found)] == ["run_started", "node_started", "run_cancelled"]
        await queue.aclose()
        del later


async def test_an_attempt_that_its_worker_did_not_survive(toy: ModuleType, tmp_path: Path) -> None:
    async with serving(toy, tmp_path) as client:
        die = {
            "1": {"class_type": "Die", "inputs": {"value": 1}},
            "2": {"class_type": "Show", "inputs": {"value": ["1", 0]}},
        }
        found = await listed(client, f"/v1/jobs/{await submit(client, die)}/events")
    events = kept(found)
    assert [event["seq"] for event in events] == list(range(1, len(events) + 1))
    assert sorted({event["attempt"] for event in events}) == [1, 2, 3]
    assert found[-1][1]["data"]["state"] == "failed"
    assert "killed by SIGKILL" in found[-1][1]["data"]["failure"]["message"]


async def test_all_jobs(toy: ModuleType, tmp_path: Path) -> None:
    tokens = {name: add(tmp_path, name, is_admin=name == "boss") for name in ("alice", "bob", "boss")}
    async with serving(toy, tmp_path) as client:

        async def heard(who: str, ends: int) -> list[tuple[str, str]]:
            found: list[tuple[str, str]] = []
            async for name, event in told(client, "/v1/events", Authorization=f"Bearer {tokens[who]}"):
                assert (name, event["type"]) == (None, "state")
                found.append((event["data"]["id"], event["data"]["state"]))
                ready.set()
                if sum(state == "done" for _, state in found) == ends:
                    break
            return found

        async def make(who: str, name: str, workflow: Any) -> None:
            headers = {"Authorization": f"Bearer {tokens[who]}"}
            async with client.post(
                "/v1/jobs", json={"workflow": workflow, "id": name}, headers=headers
            ) as answer:
                assert answer.status == 201

        async def ask(who: str, method: str, path: str) -> tuple[int, Any]:
            headers = {"Authorization": f"Bearer {tokens[who]}", "Accept": "application/json"}
            async with client.request(method, path, headers=headers) as answer:
                return answer.status, await answer.json()

        ready = asyncio.Event()
        await make("alice", "runs", endless(3))
        async with asyncio.timeout(200):
            while (await ask("alice", "GET", "/v1/jobs/runs"))[1]["state"] != "running":
                await asyncio.sleep(0.01)
            hearing = {
                who: asyncio.create_task(heard(who, ends))
                for who, ends in (("alice", 2), ("bob", 1), ("boss", 3))
            }
            await ready.wait()
            while client.app[SERVER].jobs.feed.size < 3:
                await asyncio.sleep(0.01)
            for who, name in (("alice", "a1"), ("bob", "b1"), ("alice", "a2")):
                await make(who, name, COUNT)
            for method, path in (
                ("GET", "/v1/jobs/runs"),
                ("GET", "/v1/jobs/runs/events"),
                ("GET", "/v1/jobs/runs/workflow"),
                ("POST", "/v1/jobs/runs/cancel"),
                ("POST", "/v1/jobs/runs/retry"),
            ):
                assert (await ask("bob", method, path))[0] == 404, (method, path)
            assert [job["id"] for job in (await ask("bob", "GET", "/v1/jobs"))[1]["jobs"]] == ["b1"]
            assert [job["id"] for job in (await ask("boss", "GET", "/v1/jobs"))[1]["jobs"]] == [
                "a2",
                "b1",
                "a1",
                "runs",
            ]
            assert (await ask("boss", "POST", "/v1/jobs/runs/cancel"))[0] == 200
            found = {who: await task for who, task in hearing.items()}
    assert {name for name, _ in found["alice"]} == {"runs", "a1", "a2"}
    assert {name for name, _ in found["bob"]} == {"b1"}
    assert {name for name, _ in found["boss"]} == {"runs", "a1", "b1", "a2"}
    assert [state for name, state in found["boss"] if name == "runs"] == ["running", "cancelled"]
    for pairs in found.values():
        assert len(set(pairs)) == len(pairs), "none is told twice"


@pytest.mark.parametrize(
    ("path", "headers", "status", "code"),
    [
        ("/v1/jobs/nobody/events", {}, 404, "unknown_job"),
        ("/v1/jobs/nobody/events?since=-1", {}, 400, "invalid_query"),
        ("/v1/jobs/nobody/events?since=x", {}, 400, "invalid_query"),
        ("/v1/jobs/nobody/events", {"Last-Event-ID": "x"}, 400, "invalid_event_id"),
        ("/v1/jobs/nobody/events", {"Last-Event-ID": "9" * 40}, 400, "invalid_event_id"),
    ],
)
async def test_what_is_refused(
    toy: ModuleType, tmp_path: Path, path: str, headers: dict[str, str], status: int, code: str
) -> None:
    async with (
        serving(toy, tmp_path, works=False) as client,
        client.get(path, headers=headers) as answer,
    ):
        assert answer.status == status
        assert (await answer.json())["code"] == code


async def test_no_more_streams_than_there_may_be(toy: ModuleType, tmp_path: Path) -> None:
    async with (
        serving(toy, tmp_path, works=False, limits=Limits(event_streams=1)) as client,
        client.get("/v1/events") as first,
    ):
        assert first.status == 200
        async with client.get("/v1/events") as second:
            assert second.status == 503
            assert (await second.json())["code"] == "too_many_streams"


async def test_a_server_that_stops_ends_the_streams(toy: ModuleType, tmp_path: Path) -> None:
    async with serving(toy, tmp_path, works=False) as client:
        answer = await client.get("/v1/events")
        await client.app.shutdown()
        async with asyncio.timeout(10):
            assert await answer.read() == b""
