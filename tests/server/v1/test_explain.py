"""POST /v1/explain: what a workflow would do on this server, told by its worker, also while a job runs."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer

from inkloom.executor import Folders
from inkloom.nodes import Engine
from inkloom.server.app import make_app
from inkloom.server.workers.process import WorkerDiedError, WorkerProcess
from inkloom.server.workers.protocol import Explain, Explained, from_line
from inkloom.server.workers.worker import answer_line

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


async def explained(client: TestClient, prompt: object, path: str = "/v1/explain", **fields: Any) -> Any:
    async with client.post(path, json={"prompt": prompt, **fields}) as answer:
        assert answer.status == 200, await answer.text()
        return await answer.json()


def told(answer: Any) -> dict[str, str]:
    return {one["node"]: one["where"] or one["status"] for one in answer["nodes"]}


@asynccontextmanager
async def running(client: TestClient, prompt: object) -> AsyncIterator[Callable[[str], Awaitable[None]]]:
    """Queue a workflow; give a function that waits for a message with some text in it."""
    async with client.ws_connect("/ws", params={"clientId": "me"}) as socket:
        async with client.post("/prompt", json={"prompt": prompt, "client_id": "me"}) as answer:
            assert answer.status == 200, await answer.text()

        async def heard(text: str) -> None:
            async with asyncio.timeout(60):
                while text not in await socket.receive_str():
                    pass

        yield heard


async def run(client: TestClient, prompt: object) -> None:
    """Run a workflow to its end."""
    async with running(client, prompt) as heard:
        await heard("execution_success")


async def test_before_and_after_a_run(client: TestClient) -> None:
    before = await explained(client, COUNT)
    assert told(before) == dict.fromkeys("123", "run")
    assert [reason["code"] for one in before["nodes"] for reason in one["reasons"]] == ["never_seen"] * 3
    assert {key: before[key] for key in ("type", "outputs", "node_errors")} == {
        "type": "explanation",
        "outputs": ["3"],
        "node_errors": {},
    }
    await run(client, COUNT)
    after = await explained(client, COUNT, "/api/v1/explain")
    assert told(after) == dict.fromkeys("123", "memory"), "what only the worker's memory has counts"
    changed = json.loads(json.dumps(COUNT))
    changed["2"]["inputs"]["steps"] = 2
    then = await explained(client, changed)
    assert told(then) == {"1": "memory", "2": "run", "3": "run"}
    assert [one["reasons"][0]["text"] for one in then["nodes"][1:]] == [
        "steps 1 -> 2",
        "because Count (2) above it changed",
    ]
    assert [one["measured"] for one in then["nodes"]] == ["same", "other", "other"]


async def test_while_a_job_runs(client: TestClient) -> None:
    endless = graph("Wait", start=8)
    async with running(client, endless) as heard:
        await heard('"progress"')
        assert told(await explained(client, endless)) == dict.fromkeys("12", "run")
        assert told(await explained(client, graph("Number", value=5))) == dict.fromkeys("12", "run")
        await heard('"progress"')  # it goes on
        await client.post("/interrupt")
        await heard("execution_interrupted")


async def test_many_at_once_get_each_their_own(client: TestClient) -> None:
    prompts = [graph("Number", value=value) for value in range(20, 40)]
    answers = await asyncio.gather(*(explained(client, prompt) for prompt in prompts))
    keys = [answer["nodes"][0]["key"] for answer in answers]
    assert len(set(keys)) == len(prompts)
    assert keys == [(await explained(client, prompt))["nodes"][0]["key"] for prompt in prompts]


async def test_only_some_outputs(client: TestClient) -> None:
    two = {**COUNT, "4": {"class_type": "Show", "inputs": {"value": 1}}}
    assert (await explained(client, two, partial_execution_targets=["4"]))["outputs"] == ["4"]
    wrong = {**two, "4": {"class_type": "Show", "inputs": {}}}
    answer = await explained(client, wrong)
    assert (answer["outputs"], list(answer["node_errors"])) == (["3"], ["4"])


async def test_a_workflow_as_an_editor_saved_it(client: TestClient) -> None:
    saved = {
        "nodes": [
            {"id": 1, "type": "Number", "widgets_values": [3], "outputs": [{"name": "INT", "type": "INT"}]},
            {"id": 3, "type": "Show", "inputs": [{"name": "value", "type": "*", "link": 2}]},
        ],
        "links": [[2, 1, 0, 3, 0, "INT"]],
        "version": 0.4,
    }
    assert set(told(await explained(client, saved))) == {"1", "3"}


@pytest.mark.parametrize(
    "body",
    [
        b"not json",
        b"[]",
        b'{"client_id": "x"}',
        b'{"prompt": []}',
        b'{"prompt": {}}',
        b'{"prompt": {"1": {"class_type": "Nothing", "inputs": {}}}}',
        json.dumps({"prompt": graph("Number", value=100)}).encode(),
        json.dumps({"prompt": COUNT, "partial_execution_targets": "3"}).encode(),
    ],
)
async def test_what_cannot_run_is_refused_as_a_prompt_is(client: TestClient, body: bytes) -> None:
    async with client.post("/prompt", data=body) as answer:
        expected = (answer.status, await answer.json())
    assert expected[0] == 400
    async with client.post("/v1/explain", data=body) as answer:
        assert (answer.status, await answer.json()) == expected


async def test_a_worker_that_dies_of_a_question(client: TestClient) -> None:
    async with client.post("/v1/explain", json={"prompt": graph("Doomed")}) as answer:
        assert answer.status == 503
        error = (await answer.json())["error"]
    assert error["type"] == "no_worker"
    assert error["message"].startswith("The worker process that was asked was killed by SIGKILL")
    assert (await explained(client, COUNT))["type"] == "explanation", "the next one waits for a new worker"


@asynccontextmanager
async def served_by(toy: ModuleType, root: Path, program: str) -> AsyncIterator[TestClient]:
    """Yield a client of a server whose worker is a program in place of the real one."""
    app = make_app(toy.TABLE, Folders(root), (sys.executable, "-c", program))
    async with TestClient(TestServer(app)) as found:
        yield found


SAYS = "import json, sys; print(json.dumps({'type': 'ready', 'pid': 1}), flush=True)\n"


async def test_answers_in_another_order(toy: ModuleType, tmp_path: Path) -> None:
    program = SAYS + (
        "asked = [json.loads(sys.stdin.readline()) for _ in range(2)]\n"
        "for one in reversed(asked):\n"
        "    told = {'nodes': one['prompt']}\n"
        "    one = {'type': 'explained', 'question': one['question'], 'explanation': told}\n"
        "    print(json.dumps(one), flush=True)\n"
        "sys.stdin.read()\n"
    )
    prompts = [graph("Number", value=value) for value in (1, 2)]
    async with served_by(toy, tmp_path, program) as client:
        answers = await asyncio.gather(*(explained(client, prompt) for prompt in prompts))
    assert [answer["nodes"] for answer in answers] == prompts


async def test_a_worker_that_cannot_tell(toy: ModuleType, tmp_path: Path) -> None:
    program = SAYS + (
        "number = json.loads(sys.stdin.readline())['question']\n"
        "told = {'type': 'explained', 'question': number, 'failure': 'a file is gone'}\n"
        "print(json.dumps(told), flush=True)\n"
        "sys.stdin.read()\n"
    )
    async with (
        served_by(toy, tmp_path, program) as client,
        client.post("/v1/explain", json={"prompt": COUNT}) as answer,
    ):
        assert answer.status == 500
        assert (await answer.json())["error"]["message"] == "a file is gone"


async def test_a_worker_that_is_not_ready() -> None:
    worker = WorkerProcess((sys.executable, "-c", "input()"), starting=0.0)
    await worker.start()
    try:
        with pytest.raises(WorkerDiedError, match="not ready within 0 seconds"):
            await worker.explain(COUNT, ("3",))
    finally:
        await worker.stop()


async def test_a_question_that_is_open_when_the_server_stops() -> None:
    program = SAYS + (
        "asked = [json.loads(sys.stdin.readline()) for _ in range(2)]\n"
        "told = {'type': 'explained', 'question': asked[1]['question'], 'explanation': {}}\n"
        "print(json.dumps(told), flush=True)\n"
        "sys.stdin.read()\n"
    )
    worker = WorkerProcess((sys.executable, "-c", program))
    await worker.start()
    first, second = (asyncio.create_task(worker.explain(COUNT, ("3",))) for _ in range(2))
    assert await second == {}
    await worker.stop()
    with pytest.raises(WorkerDiedError, match="stops"):
        await first


def answered(toy: ModuleType, root: Path, prompt: Any, limit: int = 10_000) -> Explained:
    engine = Engine(toy.TABLE, Folders(root))
    read = from_line(answer_line(engine, Explain(question=7, prompt=prompt, targets=("3",)), limit))
    assert isinstance(read, Explained)
    assert read.question == 7
    return read


async def test_questions_that_have_no_answer(toy: ModuleType, tmp_path: Path) -> None:
    assert answered(toy, tmp_path, COUNT).explanation
    assert "longer than 100 bytes" in answered(toy, tmp_path, COUNT, 100).failure
    assert answered(toy, tmp_path, {"1": 2}).failure
