"""Users do not see, stop or read what is another's; an admin does."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest_asyncio
from aiohttp import ClientSession, ClientWebSocketResponse, FormData

from inkloom.server.access.users import add, remove
from inkloom.server.state import SERVER

from .conftest import Running, Serve

WAIT = {
    "1": {"class_type": "Wait", "inputs": {"start": 0}},
    "2": {"class_type": "Show", "inputs": {"value": ["1", 0]}},
}


def keeping(text: str, **inputs: object) -> dict[str, Any]:
    return {"1": {"class_type": "Keep", "inputs": {"value": text, "filename_prefix": "kept", **inputs}}}


class People:
    """Two users and an admin, each with a client and a websocket of the same client id."""

    def __init__(self, server: Running, clients: dict[str, ClientSession]) -> None:
        self.server, self.clients = server, clients
        self.sockets: dict[str, ClientWebSocketResponse] = {}

    async def get(self, who: str, path: str, status: int = 200) -> Any:
        async with self.clients[who].get(path) as answer:
            text = await answer.text()
            assert answer.status == status, text
            return json.loads(text) if answer.content_type == "application/json" and text else text

    async def post(self, who: str, path: str, body: Any = None, status: int = 200) -> Any:
        async with self.clients[who].post(path, json=body) as answer:
            text = await answer.text()
            assert answer.status == status, text
            return json.loads(text) if answer.content_type == "application/json" and text else text

    async def queue(self, who: str, prompt: dict[str, Any], **fields: object) -> str:
        answer = await self.post(who, "/prompt", {"prompt": prompt, "client_id": "same", **fields})
        return answer["prompt_id"]

    async def until(self, who: str, kind: str, **data: object) -> list[dict[str, Any]]:
        heard: list[dict[str, Any]] = []
        async with asyncio.timeout(30):
            while True:
                message = json.loads(await self.sockets[who].receive_str())
                heard.append(message)
                if message["type"] == kind and data.items() <= message["data"].items():
                    return heard

    async def run(self, who: str, prompt: dict[str, Any], **fields: object) -> str:
        job = await self.queue(who, prompt, **fields)
        await self.until(who, "executing", node=None, prompt_id=job)
        return job

    async def seen(self, who: str) -> set[str]:
        """Name the jobs that somebody sees."""
        queue, history = await self.get(who, "/queue"), await self.get(who, "/history")
        return {item[1] for part in queue.values() for item in part} | set(history)


@pytest_asyncio.fixture
async def people(serve: Serve, tmp_path: Path) -> AsyncIterator[People]:
    async with AsyncExitStack() as stack:
        tokens = {name: add(tmp_path, name, is_admin=name == "boss") for name in ("alice", "bob", "boss")}
        server = await stack.enter_async_context(serve(works=True))
        clients = {
            name: await stack.enter_async_context(server.client(token)) for name, token in tokens.items()
        }
        found = People(server, clients)
        for name, client in clients.items():
            found.sockets[name] = await stack.enter_async_context(
                client.ws_connect("/ws", params={"clientId": "same"})
            )
        yield found


async def test_jobs(people: People) -> None:
    runs = await people.queue("alice", WAIT)
    await people.until("alice", "progress")
    waits, others = await people.queue("alice", keeping("a")), await people.queue("bob", keeping("b"))
    assert await people.seen("alice") == {runs, waits}
    assert await people.seen("bob") == {others}
    assert await people.seen("boss") == {runs, waits, others}
    assert {item[1] for item in (await people.get("boss", "/queue?user=bob"))["queue_pending"]} == {others}
    await people.get("alice", "/queue?user=bob", 403)
    for body in ({}, {"prompt_id": runs}):
        await people.post("bob", "/interrupt", body)
    for body in ({"delete": [waits, runs]}, {"clear": True}):
        await people.post("bob", "/queue", body)
    assert await people.seen("alice") == {runs, waits}
    assert await people.seen("bob") == set()
    [*_, told] = await people.until("alice", "progress")
    while (await people.until("alice", "progress"))[-1]["data"]["value"] < told["data"]["value"] + 300:
        pass  # it goes on for many steps more
    await people.post("alice", "/interrupt", {"prompt_id": runs})
    await people.until("alice", "executing", node=None, prompt_id=waits)
    assert await people.get("bob", f"/history/{waits}") == {}
    for body in ({"delete": [waits]}, {"clear": True}):
        await people.post("bob", "/history", body)
    assert set(await people.get("alice", "/history")) == {runs, waits}
    for path in ("/history?max_items=5", "/history?max_items=5&offset=0", "/history?offset=1"):
        assert await people.get("bob", path) == {}
    await people.post("boss", "/history", {"delete": [waits]})
    assert set(await people.get("alice", "/history")) == {runs}


async def test_an_admin_stops_what_runs(people: People) -> None:
    job = await people.queue("alice", WAIT)
    await people.until("alice", "progress")
    await people.post("boss", "/interrupt")
    heard = await people.until("alice", "executing", node=None, prompt_id=job)
    assert heard[-3]["type"] == "execution_interrupted"


async def test_an_id_that_two_users_choose(people: People) -> None:
    for who in ("alice", "bob"):
        assert await people.run(who, keeping(who), prompt_id="mine") == "mine"
    for who in ("alice", "bob"):
        assert (await people.get(who, "/history/mine"))["mine"]["prompt"][2]["1"]["inputs"]["value"] == who


async def test_messages(people: People) -> None:
    """A client id says which of a user's own clients, never whose."""
    job = await people.queue("alice", WAIT)
    await people.until("alice", "progress")
    nobodys = await people.post("alice", "/prompt", {"prompt": keeping("x")})
    await people.post("alice", "/interrupt", {"prompt_id": job})
    await people.until("alice", "status", status={"exec_info": {"queue_remaining": 0}})
    await people.run("bob", keeping("b"))
    texts = json.dumps(await people.get("bob", "/history"))
    assert job not in texts
    assert nobodys["prompt_id"] not in texts
    client = people.clients["bob"]
    async with client.ws_connect("/ws", params={"clientId": "same"}) as socket:
        people.sockets["bob"] = socket
        job = await people.queue("alice", WAIT)
        await people.until("alice", "progress", prompt_id=job)
        last = await people.queue("bob", keeping("last"))
        await people.post("alice", "/interrupt", {})
        heard = await people.until("bob", "executing", node=None, prompt_id=last)
        about = {message["data"].get("prompt_id", last) for message in heard}
        assert about == {last}


async def test_files(people: People) -> None:
    """The same names mean other files for each; results are shared, names are not."""
    names = {}
    for who in ("alice", "bob"):
        form = FormData()
        form.add_field("image", who.encode(), filename="note.txt")
        async with people.clients[who].post("/upload/image", data=form) as answer:
            assert (await answer.json())["name"] == "note.txt"
        job = await people.run(
            who,
            {
                "1": {"class_type": "Picked", "inputs": {"name": "note.txt"}},
                "2": {"class_type": "Keep", "inputs": {"value": ["1", 0], "filename_prefix": who}},
            },
        )
        [image] = (await people.get(who, f"/history/{job}"))[job]["outputs"]["2"]["images"]
        names[who] = image["filename"]
        assert await people.get(who, f"/view?filename={image['filename']}") == who
    assert names == {"alice": "alice_00001_.txt", "bob": "bob_00001_.txt"}
    for path in (
        "/view?filename=bob_00001_.txt",
        "/view?filename=bob_00001_.txt&user=bob",
        "/view?filename=bob_00001_.txt&subfolder=../../bob/output",
        "/view?filename=bob_00001_.txt&subfolder=users/bob/output",
    ):
        async with people.clients["alice"].get(path) as answer:
            assert answer.status in (403, 404)
    assert await people.get("boss", "/view?filename=bob_00001_.txt&user=bob") == "bob"
    await people.get("boss", "/view?filename=bob_00001_.txt", 404)
    assert await people.get("alice", "/internal/files/output") == ["alice_00001_.txt"]
    assert "bob" not in json.dumps(await people.get("alice", "/object_info/Picked"))
    # The same workflow again, by another: its result is known, and yet the file is one's own.
    for who in ("alice", "bob"):
        job = await people.run(who, keeping("the same", filename_prefix="same"))
        [image] = (await people.get(who, f"/history/{job}"))[job]["outputs"]["1"]["images"]
        assert await people.get(who, f"/view?filename={image['filename']}") == "the same"


async def test_a_file_of_another_is_none_in_a_workflow(people: People) -> None:
    form = FormData()
    form.add_field("image", b"secret", filename="secret.txt")
    await people.clients["alice"].post("/upload/image", data=form)
    for name in ("secret.txt", "../../alice/input/secret.txt", "users/alice/input/secret.txt"):
        prompt = {
            "1": {"class_type": "Picked", "inputs": {"name": name}},
            "2": {"class_type": "Show", "inputs": {"value": ["1", 0]}},
        }
        told = await people.post("bob", "/prompt", {"prompt": prompt}, 400)
        assert told["error"]["type"] == "prompt_outputs_failed_validation"
        for question in ("explain", "estimate"):
            await people.post("bob", f"/v1/{question}", {"workflow": prompt}, 422)
        assert "alice" not in json.dumps(told).replace(name, "")


async def test_settings_and_saved_files(people: People) -> None:
    for who in ("alice", "bob"):
        await people.post(who, "/settings/colour", who)
        await people.post(who, "/userdata/workflows%2Fa.json", who)
    for who in ("alice", "bob"):
        assert await people.get(who, "/settings") == {"colour": who}
        assert await people.get(who, "/userdata/workflows%2Fa.json") == who
        assert await people.get(who, "/userdata?dir=workflows") == ["a.json"]
    await people.get("alice", "/userdata/..%2F..%2Fbob%2Fuserdata%2Fworkflows%2Fa.json", 403)


async def test_saved_workflows_are_their_own_functions(people: People) -> None:
    for who in ("alice", "bob"):
        await people.post(who, "/userdata/workflows%2Fsame.json", keeping(who))
    await people.post("alice", "/userdata/workflows%2Fsecret.json", keeping("a secret"))
    listed = {who: await people.get(who, "/v1/workflows") for who in ("alice", "bob")}
    saved = {
        who: {one["name"] for one in told["workflows"] if one["origin"] == "saved"}
        for who, told in listed.items()
    }
    assert saved == {"alice": {"same", "secret"}, "bob": {"same"}}
    for who in ("alice", "bob"):
        assert (await people.get(who, "/v1/workflows/same"))["workflow"] == keeping(who)
    for path in ("secret", "..%2F..%2F..%2Falice%2Fuserdata%2Fworkflows%2Fsecret"):
        told = await people.get("bob", f"/v1/workflows/{path}", 404)
        assert "a secret" not in json.dumps(told)
        await people.post("bob", f"/v1/workflows/{path}/run", {}, 404)


async def test_explaining_tells_nobody_what_others_ran(people: People) -> None:
    await people.run("alice", keeping("a secret", filename_prefix="x"))
    prompt = keeping("a guess", filename_prefix="x")
    told = {who: await people.post(who, "/v1/explain", {"workflow": prompt}) for who in ("alice", "bob")}
    assert "a secret" in json.dumps(told["alice"]) or "changed" in json.dumps(told["alice"])
    assert "a secret" not in json.dumps(told["bob"])
    assert told["bob"]["nodes"][0]["reasons"] != told["alice"]["nodes"][0]["reasons"]


async def test_who_is_removed_is_gone_at_once(people: People) -> None:
    remove(people.server.root, "alice")
    async with asyncio.timeout(10):
        while not people.sockets["alice"].closed:
            await people.sockets["alice"].receive()
    assert people.sockets["alice"].close_code == 1008
    await people.get("alice", "/queue", 401)
    await people.get("bob", "/queue")
    assert not people.sockets["bob"].closed


async def test_an_admin_can_not_ask_in_the_name_of_nobody(people: People) -> None:
    await people.run("alice", keeping("x"))
    remove(people.server.root, "alice")
    for path in ("/queue", "/v1/jobs", "/view"):
        told = json.dumps(await people.get("boss", f"{path}?user=bov", 404))
        assert "There is no user bov; users: alice, bob, boss" in told, "alice has left files"
        assert "alice" not in json.dumps(await people.get("bob", f"{path}?user=bov", 403))
    assert len(await people.get("boss", "/history?user=alice")) == 1
    assert await people.get("boss", "/history?user=bob") == {}


async def test_what_only_an_admin_may(people: People) -> None:
    for path in ("/internal/logs", "/internal/logs/raw", "/internal/folder_paths"):
        await people.get("alice", path, 403)
        await people.get("boss", path)
    await people.post("alice", "/free", {"free_memory": True}, 403)
    await people.post("boss", "/free", {"free_memory": True})
    async with people.clients["alice"].patch(
        "/internal/logs/subscribe", json={"clientId": "same", "enabled": True}
    ) as answer:
        assert answer.status == 403
    assert not people.server.app[SERVER].logs._subscribed
