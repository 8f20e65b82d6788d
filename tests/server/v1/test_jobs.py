"""/v1/jobs: jobs as resources, on a real server with a real worker."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiohttp.test_utils import TestClient

pytestmark = pytest.mark.asyncio(loop_scope="module")

COUNT = {
    "1": {"class_type": "Number", "inputs": {"value": 3}, "_meta": {"exposed": {"value": "number"}}},
    "2": {"class_type": "Count", "inputs": {"steps": 1, "start": ["1", 0]}},
    "3": {"class_type": "Show", "inputs": {"value": ["2", 0]}},
}

SAVED = {
    "nodes": [
        {"id": 1, "type": "Number", "widgets_values": [3], "outputs": [{"name": "INT", "type": "INT"}]},
        {"id": 3, "type": "Show", "inputs": [{"name": "value", "type": "*", "link": 2}]},
    ],
    "links": [[2, 1, 0, 3, 0, "INT"]],
    "version": 0.4,
    "extra": {"inkloom": {"exposed": [{"name": "number", "node": 1, "input": "value"}]}},
}


def graph(class_type: str, **inputs: object) -> dict[str, Any]:
    """Return a graph that shows what one node gives."""
    return {
        "1": {"class_type": class_type, "inputs": inputs},
        "2": {"class_type": "Show", "inputs": {"value": ["1", 0]}},
    }


class Api:
    """Asks and checks the status."""

    def __init__(self, client: TestClient) -> None:
        self.client = client

    async def ask(self, method: str, path: str, status: int = 200, **kwargs: Any) -> Any:
        async with self.client.request(method, path, **kwargs) as answer:
            assert answer.status == status, (method, path, await answer.text())
            return None if status == 204 else await answer.json()

    async def submit(self, workflow: Any, status: int = 201, **fields: Any) -> Any:
        return await self.ask("POST", "/v1/jobs", status, json={"workflow": workflow, **fields})

    async def until(self, job: str, *states: str) -> Any:
        """Wait for a job to come into a state."""
        async with asyncio.timeout(200):
            while (found := await self.ask("GET", f"/v1/jobs/{job}"))["state"] not in states:
                await asyncio.sleep(0.01)
        return found

    async def ended(self, job: str) -> Any:
        return await self.until(job, "done", "failed", "cancelled")


@pytest.fixture
def api(client: TestClient) -> Api:
    return Api(client)


async def test_a_job_from_its_start_to_its_end(api: Api) -> None:
    async with api.client.post("/v1/jobs", json={"workflow": COUNT}) as answer:
        made, place = await answer.json(), answer.headers["Location"]
    assert place == f"/v1/jobs/{made['id']}"
    assert made["state"] in ("waiting", "running", "done")
    done = await api.ended(made["id"])
    assert done["state"] == "done"
    assert done["outputs"] == {"3": {"text": ["4"]}}
    assert (done["attempt"], done["failure"], done["position"], done["retry_of"]) == (1, None, None, None)
    assert made["created"] == done["created"] <= done["started"] <= done["ended"]
    assert await api.ask("GET", place) == done
    assert (await api.ask("GET", f"{place}/workflow"))["1"]["inputs"] == {"value": 3}
    history = await api.ask("GET", f"/history/{made['id']}")
    assert history[made["id"]]["status"]["status_str"] == "success"


@pytest.mark.parametrize(
    ("workflow", "inputs", "shown"),
    [
        (COUNT, {"number": 7}, "8"),
        (COUNT, {"1.value": "7", "2.steps": 2}, "9"),
        (COUNT, {"2.start": 5}, "6"),  # in place of a link
        (SAVED, {}, "3"),
        (SAVED, {"number": 9}, "9"),
    ],
)
async def test_inputs_by_name(api: Api, workflow: Any, inputs: Any, shown: str) -> None:
    made = await api.submit(workflow, inputs=inputs)
    assert (await api.ended(made["id"]))["outputs"]["3"] == {"text": [shown]}


@pytest.mark.parametrize(
    ("fields", "code", "says"),
    [
        ({"workflow": COUNT, "inputs": {"numbr": 1}}, "unknown_input_name", "did you mean 'number'"),
        ({"workflow": COUNT, "inputs": {"number": 100}}, "value_bigger_than_max", "99"),
        ({"workflow": COUNT, "inputs": {"number": "x"}}, "invalid_input_type", "x"),
        ({"workflow": {}}, "no_outputs", "output"),
        ({"workflow": COUNT, "targets": ["2"]}, "no_outputs", "2"),
        ({"workflow": {"1": {"class_type": "Numbr", "inputs": {}}}}, "unknown_node_class", "Number"),
        ({"workflow": {"1": 5}}, "not_api_format", "neither"),
        ({"workflow": {"nodes": [5], "links": []}}, "not_ui_format", ""),
        ({"workflow": {"1": {**COUNT["1"], "_meta": {"exposed": 5}}}, "inputs": {"a": 1}}, "bad_exposed", ""),
    ],
)
async def test_workflows_that_cannot_run(api: Api, fields: Any, code: str, says: str) -> None:
    before = await api.ask("GET", "/v1/jobs")
    error = await api.ask("POST", "/v1/jobs", 422, json=fields)
    assert error["code"] == code
    assert error["problems"][0]["code"] == code
    assert says in error["message"]
    assert await api.ask("GET", "/v1/jobs") == before


@pytest.mark.parametrize(
    ("body", "kind", "status", "says"),
    [
        (b'{"workflow": {}}', "text/plain", 415, "application/json"),
        (b"{", "application/json", 400, "line 1, column 2"),
        (b"", "application/json", 400, "line 1, column 1"),
        (b"\xff", "application/json", 400, "can't be read as JSON"),
        (b'{"workflow": {}, "id": "\\ud800"}', "application/json", 400, "surrogate"),
        (b"[" * 100_000, "application/json", 400, "nested too deeply"),
        (b'{"workflow": ' + b'{"a":' * 300 + b"1" + b"}" * 300 + b"}", "application/json", 400, "too deeply"),
        (b"[]", "application/json", 400, "Expected `object`"),
        (b"{}", "application/json", 400, "`workflow`"),
        (b'{"workflow": 5}', "application/json", 400, "`$.workflow`"),
        (b'{"workflow": {}, "wrkflow": 5}', "application/json", 400, "workflow, inputs, targets"),
        (b'{"workflow": {}, "id": ""}', "application/json", 400, "`$.id`"),
        (b'{"workflow": {}, "priority": "first"}', "application/json", 400, "priority (a number, 'front')"),
        (b'{"workflow": {}, "priority": 1e999}', "application/json", 400, "number"),
    ],
)
async def test_bodies_that_are_none(api: Api, body: bytes, kind: str, status: int, says: str) -> None:
    error = await api.ask("POST", "/v1/jobs", status, data=body, headers={"Content-Type": kind})
    assert says in error["message"], error
    assert set(error) == {"code", "message", "problems"}


@pytest.mark.parametrize("identity", ["..", ".", "a\nb"])
async def test_ids_that_have_no_address(api: Api, identity: str) -> None:
    await api.submit(COUNT, 400, id=identity)


async def test_the_same_id_again(api: Api) -> None:
    first = await api.submit(COUNT, id="once/ä")
    again = await api.submit(COUNT, 200, id="once/ä")
    assert again["created"] == first["created"]
    assert "another content" in (await api.submit(COUNT, 409, id="once/ä", inputs={"number": 4}))["message"]
    await api.ended("once%2F%C3%A4")
    assert (await api.submit(COUNT, 200, id="once/ä"))["state"] == "done"
    await api.submit(COUNT, 409, id="once/ä", priority="front")
    both = await asyncio.gather(
        *(api.client.post("/v1/jobs", json={"workflow": COUNT, "id": "race"}) for _ in "abcd")
    )
    assert sorted(answer.status for answer in both) == [200, 200, 200, 201]
    async with api.client.post("/prompt", json={"prompt": COUNT, "prompt_id": "wire"}) as answer:
        assert answer.status == 200
    assert (await api.submit(COUNT, 409, id="wire"))["code"] == "id_taken"


async def test_a_queue(api: Api) -> None:
    runs = (await api.submit(graph("Wait", start=1), metadata={"who": "me"}))["id"]
    assert (await api.until(runs, "running"))["position"] is None
    waits = [
        (await api.submit(COUNT, id=f"waits {number}", inputs={"number": number}))["id"]
        for number in range(5)
    ]

    async def places() -> list[int]:
        return [(await api.ask("GET", f"/v1/jobs/{name}"))["position"] for name in waits]

    assert await places() == [0, 1, 2, 3, 4]
    moved = await api.ask("PATCH", f"/v1/jobs/{waits[3]}", json={"priority": "front"})
    assert (moved["position"], moved["state"]) == (0, "waiting")
    await api.ask("PATCH", f"/v1/jobs/{waits[0]}", json={"priority": 1e9})
    assert await places() == [4, 1, 2, 0, 3]
    await api.ask("PATCH", f"/v1/jobs/{runs}", 409, json={"priority": 1})
    await api.ask("PATCH", f"/v1/jobs/{waits[0]}", 400, json={"priority": None})
    await api.ask("PATCH", "/v1/jobs/nobody", 404, json={"priority": 1})
    await api.ask("DELETE", f"/v1/jobs/{runs}", 409)
    await api.ask("DELETE", f"/v1/jobs/{waits[4]}", 204)
    await api.ask("GET", f"/v1/jobs/{waits[4]}", 404)
    gone = await api.ask("POST", f"/v1/jobs/{waits[1]}/cancel")
    assert (gone["state"], gone["started"]) == ("cancelled", None)
    assert await api.ask("POST", f"/v1/jobs/{waits[1]}/cancel") == gone, "again is the same"
    history = await api.ask("GET", f"/history/{waits[1]}")
    [[kind, said]] = history[waits[1]]["status"]["messages"]
    assert (kind, said["prompt_id"]) == ("execution_interrupted", waits[1])
    async with api.client.get("/prompt") as answer:
        assert (await answer.json())["exec_info"]["queue_remaining"] == 4
    assert (await api.ask("POST", f"/v1/jobs/{runs}/cancel"))["state"] in ("running", "cancelled")
    assert (await api.ended(runs))["state"] == "cancelled"
    assert (await api.ask("POST", f"/v1/jobs/{runs}/cancel"))["state"] == "cancelled"
    ended = [await api.ended(waits[number]) for number in (3, 2, 0)]
    assert [one["state"] for one in ended] == ["done"] * 3
    assert ended == sorted(ended, key=lambda one: one["started"])
    await api.ask("DELETE", f"/v1/jobs/{runs}", 204)
    await api.ask("DELETE", f"/v1/jobs/{runs}", 404)


async def test_a_failure_and_a_retry(api: Api) -> None:
    made = await api.submit(graph("Raise", value=13))
    failed = await api.ended(made["id"])
    assert (failed["state"], failed["failure"]["message"]) == ("failed", "no luck with 13")
    assert failed["failure"]["exception_type"] == "ValueError"
    assert (failed["failure"]["node"], failed["failure"]["class_type"]) == ("1", "Raise")
    assert "raise ValueError" in "".join(failed["failure"]["traceback"])
    retried = await api.ask("POST", f"/v1/jobs/{made['id']}/retry", 201)
    assert retried["retry_of"] == made["id"] != retried["id"]
    assert (await api.ended(retried["id"]))["retry_of"] == made["id"]
    await api.ask("POST", "/v1/jobs/nobody/retry", 404)


async def test_what_will_not_run_is_told(api: Api) -> None:
    first = {**COUNT["1"], "inputs": {"value": 3, "vale": 1}}
    two = {**COUNT, "1": first, "4": {"class_type": "Show", "inputs": {}}}
    made = await api.submit(two)
    assert {(one["code"], one["node"]) for one in made["warnings"]} == {
        ("required_input_missing", "4"),
        ("undeclared_input", "1"),
    }
    assert (await api.ended(made["id"]))["outputs"]["3"] == {"text": ["4"]}


async def test_files(api: Api) -> None:
    keep = {"1": {"class_type": "Keep", "inputs": {"value": "words", "filename_prefix": "a b/kept"}}}
    done = await api.ended((await api.submit(keep))["id"])
    [file] = done["files"]["1"]
    assert file["url"] == "/view?filename=kept_00001_.txt&subfolder=a+b&type=output"
    async with api.client.get(file["url"]) as answer:
        assert await answer.text() == "words"


async def test_pages(api: Api) -> None:
    made = [(await api.submit(COUNT))["id"] for _ in range(5)]
    for name in made:
        await api.ended(name)
    found: list[str] = []
    before: dict[str, str] = {}
    while True:
        page = await api.ask("GET", "/v1/jobs", params={"limit": "2", **before})
        found += [job["id"] for job in page["jobs"]]
        if page["next"] is None:
            break
        assert len(page["jobs"]) == 2
        before = {"before": page["next"]}
    assert found[:5] == made[::-1]
    assert len(set(found)) == len(found)
    whole = await api.ask("GET", "/v1/jobs?limit=1000")
    assert [job["id"] for job in whole["jobs"]] == found
    for state in ("waiting", "running", "done", "failed", "cancelled"):
        some = await api.ask("GET", f"/v1/jobs?limit=1000&state={state}")
        assert [job["id"] for job in some["jobs"]] == [
            job["id"] for job in whole["jobs"] if job["state"] == state
        ]
    for query in (
        "limit=0",
        "limit=1001",
        "limit=x",
        "state=paused",
        "before=-1",
        "since=1",
        "before=" + "9" * 30,
    ):
        error = await api.ask("GET", f"/v1/jobs?{query}", 400)
        assert (
            "state ('waiting', 'running', 'done', 'failed', 'cancelled'), limit, before" in error["message"]
        )


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/nothing", 404),
        ("GET", "/api/v1/nothing", 404),
        ("PUT", "/v1/jobs", 405),
        ("GET", "/v1/jobs/nobody", 404),
        ("GET", "/api/v1/jobs/nobody/workflow", 404),
        ("DELETE", "/v1/jobs/nobody", 404),
        ("POST", "/v1/jobs/nobody/cancel", 404),
    ],
)
async def test_errors_have_one_form(api: Api, method: str, path: str, status: int) -> None:
    error = await api.ask(method, path, status)
    assert set(error) == {"code", "message", "problems"}
    says = {"/v1/nothing": "/v1/openapi.json", "/v1/jobs": "GET, HEAD, POST"}.get(
        path.removeprefix("/api"), "/v1/jobs"
    )
    assert says in error["message"]
    foreign = await api.ask(method, path, 403, headers={"Origin": "http://evil.example"})
    assert foreign["code"] == "wrong_origin"


async def test_half_of_a_surrogate_pair_comes_back(api: Api) -> None:
    """Other routes take it, so it may be in what a job shows."""
    body = b'{"prompt": {"1": {"class_type": "Show", "inputs": {"value": "\\ud800"}}}, "prompt_id": "half"}'
    async with api.client.post("/prompt", data=body) as answer:
        assert answer.status == 200
    assert (await api.ended("half"))["outputs"] == {"1": {"text": ["\ud800"]}}
