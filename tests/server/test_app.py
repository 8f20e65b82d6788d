"""The routes and the websocket of a running server, whose worker is a real process with toy nodes."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import ClientWebSocketResponse, WSMsgType
from aiohttp.test_utils import TestClient

from inkloom.server.state import SERVER

pytestmark = pytest.mark.asyncio(loop_scope="module")

COUNT = {
    "1": {"class_type": "Number", "inputs": {"value": 3}},
    "2": {"class_type": "Count", "inputs": {"steps": 1, "start": ["1", 0]}},
    "3": {"class_type": "Show", "inputs": {"value": ["2", 0]}},
}


def graph(class_type: str, **inputs: object) -> dict[str, Any]:
    """Return a graph that shows what one node gives."""
    return {
        "1": {"class_type": class_type, "inputs": inputs},
        "2": {"class_type": "Show", "inputs": {"value": ["1", 0]}},
    }


class Session:
    """One websocket client that can wait for messages."""

    def __init__(self, client: TestClient, socket: ClientWebSocketResponse, name: str) -> None:
        self.client, self.socket, self.name = client, socket, name

    async def next(self) -> dict[str, Any]:
        async with asyncio.timeout(30):
            return json.loads(await self.socket.receive_str())

    async def until(self, kind: str, **data: object) -> list[dict[str, Any]]:
        """Return all messages up to the first of this type with these data."""
        found: list[dict[str, Any]] = []
        while True:
            message = await self.next()
            found.append(message)
            if message["type"] == kind and data.items() <= message["data"].items():
                return found

    async def run(self, prompt: dict[str, Any], **fields: object) -> list[dict[str, Any]]:
        """Queue a prompt and return its messages, from the first status to the end marker."""
        answer = await self.post(prompt, **fields)
        return await self.until("executing", node=None, prompt_id=answer["prompt_id"])

    async def post(self, prompt: dict[str, Any], **fields: object) -> dict[str, Any]:
        body = {"prompt": prompt, "client_id": self.name, **fields}
        async with self.client.post("/prompt", json=body) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()


@pytest_asyncio.fixture(loop_scope="module")
async def session(client: TestClient, request: pytest.FixtureRequest) -> AsyncIterator[Session]:
    name = request.node.name
    async with client.ws_connect("/ws", params={"clientId": name}) as socket:
        session = Session(client, socket, name)
        first = await session.next()
        assert first["type"] == "status"
        assert first["data"]["sid"] == name
        yield session


def kinds(messages: list[dict[str, Any]]) -> list[str]:
    return [message["type"] for message in messages]


async def get(client: TestClient, path: str, status: int = 200) -> Any:
    async with client.get(path) as answer:
        assert answer.status == status, await answer.text()
        return await answer.json()


async def test_a_run_and_the_same_again(session: Session) -> None:
    client = session.client
    first = await session.run(COUNT)
    assert kinds(first) == [
        *("status", "status", "execution_start", "execution_cached"),
        *("progress_state", "executing", "progress_state"),  # Number
        *("progress_state", "executing", "progress_state", "progress"),  # Count
        *("progress_state", "progress_state", "executing", "executed", "progress_state"),  # Count ends; Show
        *("execution_success", "status", "executing"),
    ]
    job = first[-1]["data"]["prompt_id"]
    history = await get(client, f"/history/{job}")
    assert history[job]["outputs"] == {"3": {"text": ["4"]}}
    assert history[job]["status"]["status_str"] == "success"
    assert history[job]["prompt"][1:3] == [job, COUNT]
    assert history[job]["prompt"][3] == {"client_id": session.name}
    assert history[job]["prompt"][4] == ["3"]
    assert await get(client, "/queue") == {"queue_running": [], "queue_pending": []}

    again = await session.run(COUNT)
    assert kinds(again) == [
        *("status", "status", "execution_start", "execution_cached", "executed", "progress_state"),
        *("execution_success", "status", "executing"),
    ]
    assert sorted(again[3]["data"]["nodes"]) == ["1", "2", "3"]
    assert again[4]["data"]["output"] == {"text": ["4"]}


async def test_interrupt_while_a_node_works(session: Session) -> None:
    client = session.client
    job = (await session.post(graph("Wait", start=0)))["prompt_id"]
    await session.until("progress")
    async with client.post("/interrupt", json={"prompt_id": "another"}) as answer:
        assert answer.status == 200
    assert (await get(client, "/prompt"))["exec_info"]["queue_remaining"] == 1
    running = (await get(client, "/queue"))["queue_running"]
    assert [item[1] for item in running] == [job]
    async with client.post("/interrupt") as answer:
        assert (answer.status, await answer.text()) == (200, "")
    ended = await session.until("executing", node=None)
    [interrupted] = [message for message in ended if message["type"] == "execution_interrupted"]
    assert interrupted["data"]["node_id"] == "1"
    assert interrupted["data"]["node_type"] == "Wait"
    entry = (await get(client, f"/history/{job}"))[job]
    assert entry["status"]["status_str"] == "error"
    assert entry["status"]["messages"][-1][0] == "execution_interrupted"


async def test_interrupt_when_nothing_runs_has_no_effect_on_the_next(session: Session) -> None:
    async with session.client.post("/api/interrupt", json={}) as answer:
        assert answer.status == 200
    assert "execution_success" in kinds(await session.run(graph("Number", value=7)))


async def test_a_node_that_raises(session: Session) -> None:
    ended = await session.run(graph("Raise", value=4))
    [error] = [message["data"] for message in ended if message["type"] == "execution_error"]
    assert error["node_id"] == "1"
    assert error["exception_type"] == "ValueError"
    assert error["exception_message"] == "no luck with 4\n"
    assert error["current_inputs"] == {"value": [4]}
    assert any("toy.py" in line for line in error["traceback"])
    assert "execution_success" in kinds(await session.run(graph("Number", value=8)))


async def test_a_worker_that_dies_costs_one_attempt(session: Session) -> None:
    job = (await session.post(graph("Wait", start=3)))["prompt_id"]
    after = await session.post(graph("Number", value=9))
    await session.until("progress")
    pid = session.client.app[SERVER].crew.workers[0].pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    again = await session.until("execution_start")
    assert again[-1]["data"]["prompt_id"] == job
    assert {"execution_error", "executing"}.isdisjoint(kinds(again[-1:]))
    await session.until("progress")
    assert [item[1] for item in (await get(session.client, "/queue"))["queue_running"]] == [job]
    await session.client.post("/interrupt")
    ended = await session.until("executing", node=None, prompt_id=job)
    assert "execution_interrupted" in kinds(ended)
    entry = (await get(session.client, f"/history/{job}"))[job]
    assert [kind for kind, _ in entry["status"]["messages"]] == [
        *("execution_start", "execution_cached", "execution_interrupted")
    ]
    ended = await session.until("executing", node=None, prompt_id=after["prompt_id"])
    assert "execution_success" in kinds(ended), "a new worker runs the next job"


async def test_a_cancelled_job_whose_worker_is_killed_is_cancelled(session: Session) -> None:
    job = (await session.post(graph("Wait", start=3)))["prompt_id"]
    await session.until("progress")
    pid = session.client.app[SERVER].crew.workers[0].pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)  # it hears of nothing any more
    await session.client.post("/interrupt")
    os.kill(pid, signal.SIGKILL)
    ended = await session.until("executing", node=None, prompt_id=job)
    assert "execution_interrupted" in kinds(ended)
    assert "execution_error" not in kinds(ended)
    assert "execution_success" in kinds(await session.run(graph("Number", value=8)))


async def test_a_job_that_ends_its_worker_each_time(session: Session) -> None:
    ended = await session.run(graph("Die", value=0))
    assert kinds(ended).count("status") == 5, "queued, taken three times, ended"
    [error] = [message["data"] for message in ended if message["type"] == "execution_error"]
    assert "SIGKILL" in error["exception_message"]
    assert error["exception_message"].endswith("3 workers have died of this job.\n")
    assert "execution_success" in kinds(await session.run(graph("Number", value=16)))


async def test_queue_can_be_emptied_and_history_forgotten(session: Session) -> None:
    client = session.client
    running = await session.post(graph("Wait", start=1))
    await session.until("progress")
    waiting = [(await session.post(graph("Number", value=value)))["prompt_id"] for value in range(4)]
    front = (await session.post(graph("Number", value=10), front=True))["prompt_id"]
    early = (await session.post(graph("Number", value=11), number=-1e9))["prompt_id"]

    async def pending() -> list[str]:
        return [item[1] for item in (await get(client, "/queue"))["queue_pending"]]

    assert await pending() == [early, front, *waiting]
    await client.post("/queue", json={"delete": [waiting[0], "nobody", running["prompt_id"]]})
    assert await pending() == [early, front, *waiting[1:]]
    await client.post("/queue", json={"clear": True})
    assert await pending() == []
    assert (await get(client, "/prompt"))["exec_info"]["queue_remaining"] == 1
    await client.post("/interrupt", json={"prompt_id": running["prompt_id"]})
    await session.until("executing", node=None)
    assert running["prompt_id"] in await get(client, "/history?max_items=1")
    await client.post("/history", json={"delete": [running["prompt_id"]]})
    assert await get(client, f"/history/{running['prompt_id']}") == {}
    await client.post("/history", json={"clear": True})
    assert await get(client, "/history") == {}


@pytest.mark.parametrize("path", ["/queue", "/history"])
@pytest.mark.parametrize(
    ("body", "names"),
    [
        ({"delete": 5}, ("delete", "list of ids", "5")),
        ({"delete": "an-id"}, ("delete", "list of ids", '"an-id"')),
        ({"delete": ["an-id", None]}, ("delete", "list of ids", "null in it")),
        ({"delete": [["an-id"]]}, ("delete", "a list in it")),
        ({"delete": {"id": 1}}, ("delete", "an object")),
        ({"delete": [True]}, ("delete", "true in it")),
        ({"clear": "false"}, ("clear", "true or false", '"false"')),
        ({"clear": True, "delete": "x" * 1000}, ("delete", "x…")),
    ],
)
async def test_what_can_not_be_deleted_so_is_told(
    client: TestClient, session: Session, path: str, body: dict[str, Any], names: tuple[str, ...]
) -> None:
    """And nothing is: also not what else was asked for."""
    ended = [message["data"].get("prompt_id") for message in await session.run(graph("Number", value=20))][-1]
    running = await session.post(graph("Wait", start=20))
    waits = (await session.post(graph("Number", value=21)))["prompt_id"]
    async with client.post(path, json=body) as answer:
        told = await answer.text()
        assert answer.status == 400
    for name in names:
        assert name in told
    assert len(told) < 300
    assert [item[1] for item in (await get(client, "/queue"))["queue_pending"]] == [waits]
    assert ended in await get(client, "/history")
    await client.post("/queue", json={"clear": None, "delete": [waits]})
    await client.post("/interrupt", json={"prompt_id": running["prompt_id"]})
    await session.until("executing", node=None, prompt_id=running["prompt_id"])
    assert (await get(client, "/queue"))["queue_pending"] == []


async def test_an_id_that_is_a_number_can_be_deleted(client: TestClient, session: Session) -> None:
    await session.run(graph("Number", value=22), prompt_id=22)
    assert "22" in await get(client, "/history")
    await client.post("/history", json={"delete": [22]})
    assert "22" not in await get(client, "/history")


async def test_whose_messages_are_whose(client: TestClient, session: Session) -> None:
    async with client.ws_connect("/ws") as socket:
        other = Session(client, socket, "")
        assert len((await other.next())["data"]["sid"]) == 32
        mine = await session.run(graph("Number", value=12))
        assert {message["type"] for message in mine} > {"status", "execution_start"}
        heard = [await other.next() for _ in range(3)]
        assert kinds(heard) == ["status"] * 3, "another client's run shows in the queue only"
        await client.post("/prompt", json={"prompt": graph("Count", steps=1, start=13)})
        heard = await other.until("status", status={"exec_info": {"queue_remaining": 0}})
        assert set(kinds(heard)) == {"status", "progress_state", "progress"}, (
            "a run of nobody: progress for all"
        )


async def test_a_client_that_comes_back_hears_what_runs(client: TestClient, session: Session) -> None:
    job = (await session.post(graph("Wait", start=2)))["prompt_id"]
    await session.until("progress")
    async with client.ws_connect("/ws", params={"clientId": session.name}) as socket:
        again = Session(client, socket, session.name)
        assert (await again.next())["data"]["sid"] == session.name
        assert await again.next() == {"type": "executing", "data": {"node": "1"}}
        await client.post("/interrupt")
        assert "execution_interrupted" in kinds(await again.until("executing", node=None, prompt_id=job))


async def test_feature_flags_are_answered_once_and_first(client: TestClient) -> None:
    said = {"type": "feature_flags", "data": {"supports_preview_metadata": True}}
    async with client.ws_connect("/api/ws", params={"clientId": "flags"}) as socket:
        session = Session(client, socket, "flags")
        await session.next()
        await socket.send_json(said)
        answer = await session.next()
        assert answer["type"] == "feature_flags"
        assert answer["data"] == await get(client, "/features")
        await socket.send_json(said)
        await socket.send_str("not JSON")
        assert "feature_flags" not in kinds(await session.run(graph("Number", value=14)))


@pytest.mark.parametrize("metadata", [True, False])
async def test_a_client_gets_previews_in_the_form_it_takes(client: TestClient, metadata: bool) -> None:
    name = f"previews {metadata}"
    async with client.ws_connect("/ws", params={"clientId": name}) as socket:
        await Session(client, socket, name).next()
        await socket.send_json({"type": "feature_flags", "data": {"supports_preview_metadata": metadata}})
        body = {"prompt": graph("Draw", steps=3 + metadata), "client_id": name}
        async with client.post("/prompt", json=body) as answer:
            job = (await answer.json())["prompt_id"]
        frames: list[bytes] = []
        async with asyncio.timeout(30):
            async for message in socket:
                if message.type is WSMsgType.BINARY:
                    frames.append(message.data)
                elif json.loads(message.data)["data"] == {"node": None, "prompt_id": job}:
                    break
    assert frames
    for frame in frames:
        assert frame[:4] == (b"\0\0\0\4" if metadata else b"\0\0\0\1")
        assert (job.encode() in frame) == metadata
        assert b"JPEG of step" in frame


@pytest.mark.parametrize(
    ("body", "kind", "details"),
    [
        (b"not json", "not_json", "line 1, column 1"),
        (b'{"prompt": {},\n "client_id" 3}', "not_json", "line 2, column 14"),
        (b'{"number": NaN}', "not_json", "NaN"),
        (b"[]", "not_json", "prompt"),
        (b'{"client_id": "x"}', "no_prompt", "No prompt provided"),
        (b'{"prompt": []}', "not_api_format", ""),
        (b'{"prompt": {}, "number": "first"}', "invalid_number", "'first'"),
        (b'{"prompt": {}, "number": 1%s}' % (b"0" * 400), "invalid_number", "1000"),
        (b'{"prompt": {}, "number": 1e400}', "invalid_number", "inf"),
        (b'{"prompt": {}, "prompt_id": ""}', "invalid_prompt_id", "empty"),
        (b'{"prompt": {}, "prompt_id": {"a": 1}}', "invalid_prompt_id", "text"),
        (b'{"prompt": {}, "prompt_id": ["a"]}', "invalid_prompt_id", "text"),
        (b'{"prompt": {}, "prompt_id": "a\\ud800"}', "invalid_prompt_id", "shown"),
        (b'{"prompt": ' + b"[" * 100_000, "not_json", "deeply"),
        (b'{"prompt": {}, "partial_execution_targets": "9"}', "invalid_targets", "'9'"),
    ],
)
async def test_what_is_no_prompt_at_all(client: TestClient, body: bytes, kind: str, details: str) -> None:
    async with client.post("/prompt", data=body) as answer:
        assert answer.status == 400
        told = await answer.json()
    assert told["error"]["type"] == kind
    assert details in told["error"]["details"]
    assert told["node_errors"] == {}


async def test_only_some_outputs(session: Session) -> None:
    two = {**COUNT, "4": {"class_type": "Show", "inputs": {"value": 1}}}
    ended = await session.run(two, partial_execution_targets=["4"])
    assert [message["data"]["node"] for message in ended if message["type"] == "executed"] == ["4"]


async def test_a_large_run_does_not_flood_its_client(session: Session) -> None:
    size = 1000
    ended = await session.run(
        {str(name): {"class_type": "Show", "inputs": {"value": name}} for name in range(size)}
    )
    assert sum(len(json.dumps(message)) for message in ended) <= 2_000_000
    last = [message["data"]["nodes"] for message in ended if message["type"] == "progress_state"][-1]
    assert len(last) == size
    assert {state["state"] for state in last.values()} == {"finished"}
    assert kinds(ended).count("executed") == size


async def test_prompt_id_may_be_chosen(session: Session) -> None:
    for chosen, name in (("mine", "mine"), ("mine", "mine"), (17, "17")):  # free again when its job has ended
        assert (await session.post(graph("Number", value=15), prompt_id=chosen))["prompt_id"] == name
        await session.until("executing", node=None, prompt_id=name)


async def test_prompt_id_of_a_job_that_has_not_ended(session: Session) -> None:
    await session.post(graph("Wait", start=5), prompt_id="runs")
    await session.until("progress")
    await session.post(graph("Number", value=15), prompt_id="waits")
    for name in ("runs", "waits"):
        body = {"prompt": graph("Number", value=15), "prompt_id": name}
        async with session.client.post("/prompt", json=body) as answer:
            assert answer.status == 400
            assert (await answer.json())["error"]["type"] == "invalid_prompt_id"
    await session.client.post("/interrupt")
    await session.until("executing", node=None, prompt_id="waits")


@pytest.mark.parametrize("path", ["/interrupt", "/queue", "/history"])
@pytest.mark.parametrize("body", [b'{"prompt_id": "an', b"[" * 100_000, b"[]", b"\xff"])
async def test_a_broken_body_does_nothing(session: Session, path: str, body: bytes) -> None:
    job = (await session.post(graph("Wait", start=6)))["prompt_id"]
    await session.until("progress")
    async with session.client.post(path, data=body) as answer:
        assert answer.status == 400
    await session.until("progress")  # it goes on
    await session.client.post("/interrupt", json={"prompt_id": job})
    await session.until("executing", node=None, prompt_id=job)


async def test_half_of_a_surrogate_pair_goes_all_the_way(session: Session) -> None:
    ended = await session.run({"1": {"class_type": "Show", "inputs": {"value": "t\ud800"}}})
    [executed] = [message["data"] for message in ended if message["type"] == "executed"]
    assert executed["output"] == {"text": ["t\ud800"]}
    job = ended[-1]["data"]["prompt_id"]
    assert (await get(session.client, f"/history/{job}"))[job]["outputs"] == {"1": {"text": ["t\ud800"]}}


async def test_a_job_that_the_server_itself_fails_on_costs_one_job(
    session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(event: object) -> object:
        raise ValueError("no such event")

    monkeypatch.setattr("inkloom.server.workers.dispatch.from_json", broken)
    doomed = await session.post(graph("Wait", start=7))
    ended = await session.until("executing", node=None, prompt_id=doomed["prompt_id"])
    [error] = [message["data"] for message in ended if message["type"] == "execution_error"]
    assert error["exception_message"] == "no such event\n"
    monkeypatch.undo()
    assert "execution_success" in kinds(await session.run(graph("Number", value=17))), "Wait was cancelled"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Origin": "http://127.0.0.1"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Host": "evil.example", "Origin": "http://evil.example"}, 403),
        ({"Host": "evil.example"}, 403),
    ],
)
async def test_other_sites_are_refused(client: TestClient, headers: dict[str, str], status: int) -> None:
    async with client.post("/interrupt", headers=headers) as answer:
        assert answer.status == status
    async with client.get("/ws", headers=headers) as answer:  # no handshake: refused as that, or before it
        assert answer.status == (400 if status == 200 else 403)


async def test_page_and_object_info(client: TestClient) -> None:
    async with client.get("/") as answer:
        assert answer.status == 200
        assert "inkloom" in await answer.text()
    everything = await get(client, "/object_info")
    assert everything["Number"]["input"] == {
        "required": {"value": ["INT", {"default": 1, "min": 0, "max": 99}]}
    }
    assert await get(client, "/api/object_info/Number") == {"Number": everything["Number"]}
    assert await get(client, "/object_info/Nothing") == {}
    async with client.get("/history?max_items=x") as answer:
        assert answer.status == 400
