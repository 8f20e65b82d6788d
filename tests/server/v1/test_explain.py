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
from inkloom.server.state import SERVER
from inkloom.server.workers.given import WorkerDiedError
from inkloom.server.workers.homes import Homes
from inkloom.server.workers.process import WorkerProcess
from inkloom.server.workers.protocol import Answered, Explain, from_line
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
    async with client.post(path, json={"workflow": prompt, **fields}) as answer:
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
    assert {key: before[key] for key in ("type", "outputs", "problems")} == {
        "type": "explanation",
        "outputs": ["3"],
        "problems": [],
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


async def test_what_is_in_memory_is_told_while_it_thinks(client: TestClient, tmp_path: Path) -> None:
    await explained(client, COUNT)  # the worker is there
    assert isinstance(client.server, TestServer)
    [worker], path = client.server.app[SERVER].crew.workers, tmp_path / "found"
    prompt = graph("Ponder", path=str(path))
    thinking = asyncio.create_task(worker.explain(prompt, ("2",)))
    await asyncio.sleep(0)  # it is asked now
    async with asyncio.timeout(30):
        assert (await worker.look())["cache"]
    assert not thinking.done()
    path.touch()
    assert (await thinking)["outputs"] == ["2"]


async def test_many_at_once_get_each_their_own(client: TestClient) -> None:
    prompts = [graph("Number", value=value) for value in range(20, 40)]
    answers = await asyncio.gather(*(explained(client, prompt) for prompt in prompts))
    keys = [answer["nodes"][0]["key"] for answer in answers]
    assert len(set(keys)) == len(prompts)
    assert keys == [(await explained(client, prompt))["nodes"][0]["key"] for prompt in prompts]


async def test_only_some_outputs(client: TestClient) -> None:
    two = {**COUNT, "4": {"class_type": "Show", "inputs": {"value": 1}}}
    assert (await explained(client, two, targets=["4"]))["outputs"] == ["4"]
    wrong = {**two, "4": {"class_type": "Show", "inputs": {}}}
    answer = await explained(client, wrong)
    assert (answer["outputs"], [problem["node"] for problem in answer["problems"]]) == (["3"], ["4"])


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


BAD = (
    (b"not json", 400, "not_json"),
    (b"[]", 400, "invalid_body"),
    (b'{"workflow": {}, "prompt": {}}', 400, "invalid_body"),
    (b'{"workflow": []}', 400, "invalid_body"),
    (b'{"workflow": {"1": 2}}', 422, "not_api_format"),
    (b'{"workflow": {}}', 422, "no_outputs"),
    (b'{"workflow": {"1": {"class_type": "Nothing", "inputs": {}}}}', 422, "unknown_node_class"),
    (json.dumps({"workflow": graph("Number", value=100)}).encode(), 422, "value_bigger_than_max"),
    (json.dumps({"workflow": COUNT, "inputs": {"9.value": 1}}).encode(), 422, "unknown_input_name"),
    (json.dumps({"workflow": COUNT, "targets": "3"}).encode(), 400, "invalid_body"),
)
"""What can't be told anything about, and how that is said."""


@pytest.mark.parametrize(("body", "status", "code"), BAD)
@pytest.mark.parametrize("route", ["/v1/explain", "/v1/estimate"])
async def test_what_cannot_run_is_refused(
    client: TestClient, route: str, body: bytes, status: int, code: str
) -> None:
    async with client.post(route, data=body, headers={"Content-Type": "application/json"}) as answer:
        told = await answer.json()
        assert (answer.status, told["code"]) == (status, code), told
        assert told["message"]
        assert bool(told["problems"]) == (status == 422)


async def test_inputs_are_set_before(client: TestClient) -> None:
    asked = await explained(client, COUNT, inputs={"2.steps": 1, "1.value": 3})
    same = await explained(client, COUNT)
    assert [one["key"] for one in asked["nodes"]] == [one["key"] for one in same["nodes"]]
    other = await explained(client, COUNT, inputs={"1.value": 4})
    assert other["nodes"][0]["key"] != same["nodes"][0]["key"]


async def test_an_estimate_before_and_after_a_run(client: TestClient) -> None:
    prompt = graph("Count", steps=7, start=7)

    async def estimated() -> Any:
        async with client.post("/v1/estimate", json={"workflow": prompt}) as answer:
            assert answer.status == 200, await answer.text()
            return await answer.json()

    before = await estimated()
    assert {name: before[name] for name in ("cached", "run", "unmeasured", "fits", "peak_bytes")} == {
        "cached": 0,
        "run": 2,
        "unmeasured": 2,
        "fits": None,
        "peak_bytes": None,
    }
    assert [(one["node"], one["status"]) for one in before["nodes"]] == [("1", "run"), ("2", "run")]
    assert before["seconds"] is None, "nothing is known"
    assert before["budget_bytes"] > 0
    await run(client, prompt)
    after = await estimated()
    assert (after["cached"], after["run"], after["seconds"]) == (2, 0, 0.0)
    assert [one["seconds"] for one in after["nodes"]] == [None, None], "what is cached takes nothing"
    prompt["1"]["inputs"]["steps"] = 8
    changed = await estimated()
    assert (changed["cached"], changed["run"], changed["unmeasured"]) == (0, 2, 0)
    assert changed["seconds"] > 0, "what they took with other inputs"


async def test_a_worker_that_dies_of_a_question(client: TestClient) -> None:
    async with client.post("/v1/explain", json={"workflow": graph("Doomed")}) as answer:
        assert answer.status == 503
        assert answer.headers["Retry-After"]
        error = await answer.json()
    assert error["code"] == "no_worker"
    assert error["message"].startswith("The worker process that was asked was killed by SIGKILL")
    assert (await explained(client, COUNT))["type"] == "explanation", "the next one waits for a new worker"


@asynccontextmanager
async def served_by(toy: ModuleType, root: Path, program: str) -> AsyncIterator[TestClient]:
    """Yield a client of a server whose worker is a program in place of the real one."""
    app = make_app(toy.TABLE, Folders(root), [(sys.executable, "-c", program)])
    async with TestClient(TestServer(app)) as found:
        yield found


SAYS = "import json, sys; print(json.dumps({'type': 'ready', 'pid': 1}), flush=True)\n"


async def test_answers_in_another_order() -> None:
    program = SAYS + (
        "asked = [json.loads(sys.stdin.readline()) for _ in range(2)]\n"
        "for one in reversed(asked):\n"
        "    one = {'type': 'answered', 'question': one['question'], 'answer': one['prompt']}\n"
        "    print(json.dumps(one), flush=True)\n"
        "sys.stdin.read()\n"
    )
    prompts = [graph("Number", value=value) for value in (1, 2)]
    worker = WorkerProcess((sys.executable, "-c", program))
    await worker.start()
    try:
        answers = await asyncio.gather(*(worker.explain(prompt, ("2",)) for prompt in prompts))
    finally:
        await worker.stop()
    assert answers == prompts


async def test_a_worker_that_cannot_tell(toy: ModuleType, tmp_path: Path) -> None:
    program = SAYS + (
        "number = json.loads(sys.stdin.readline())['question']\n"
        "told = {'type': 'answered', 'question': number, 'failure': 'a file is gone'}\n"
        "print(json.dumps(told), flush=True)\n"
        "sys.stdin.read()\n"
    )
    async with (
        served_by(toy, tmp_path, program) as client,
        client.post("/v1/explain", json={"workflow": COUNT}) as answer,
    ):
        assert answer.status == 500
        assert (await answer.json())["message"] == "a file is gone"


async def test_a_worker_that_is_not_ready() -> None:
    worker = WorkerProcess((sys.executable, "-c", "input()"), starting=0.01)
    await worker.start()
    try:
        with pytest.raises(WorkerDiedError, match=r"not ready within 0\.01 seconds"):
            await worker.explain(COUNT, ("3",))
    finally:
        await worker.stop()


async def test_a_question_that_is_open_when_the_server_stops() -> None:
    program = SAYS + (
        "asked = [json.loads(sys.stdin.readline()) for _ in range(2)]\n"
        "told = {'type': 'answered', 'question': asked[1]['question'], 'answer': {}}\n"
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


def answered(toy: ModuleType, root: Path, prompt: Any, limit: int = 10_000) -> Answered:
    engine = Engine(toy.TABLE, Folders(root))
    read = from_line(answer_line(Homes(engine), Explain(question=7, prompt=prompt, targets=("3",)), limit))
    assert isinstance(read, Answered)
    assert read.question == 7
    return read


async def test_questions_that_have_no_answer(toy: ModuleType, tmp_path: Path) -> None:
    assert answered(toy, tmp_path, COUNT).answer
    assert "longer than 100 bytes" in answered(toy, tmp_path, COUNT, 100).failure
    assert answered(toy, tmp_path, {"1": 2}).failure
