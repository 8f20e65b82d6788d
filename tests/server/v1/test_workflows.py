"""Workflows as functions over HTTP: shipped and saved ones, their schemas, running one by its name."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import pytest_asyncio
from aiohttp.test_utils import TestClient, TestServer
from jsonschema import Draft202012Validator
from yarl import URL

from inkloom.executor import Folders
from inkloom.server.app import make_app
from inkloom.server.catalogue.templates import about

from ..conftest import TOY

pytestmark = pytest.mark.asyncio(loop_scope="module")

ADDED = {
    "1": {"class_type": "Number", "inputs": {"value": 3}, "_meta": {"exposed": {"value": "number"}}},
    "2": {
        "class_type": "Count",
        "inputs": {"steps": 1, "start": ["1", 0]},
        "_meta": {"title": "Add", "exposed": {"steps": "more"}},
    },
    "3": {"class_type": "Show", "inputs": {"value": ["2", 0]}},
}
"""Shows `number` + `more`."""

DRAWN = {
    "nodes": [
        {"id": 1, "type": "Number", "widgets_values": [3], "outputs": [{"name": "INT", "type": "INT"}]},
        {"id": 3, "type": "Show", "inputs": [{"name": "value", "type": "*", "link": 2}]},
    ],
    "links": [[2, 1, 0, 3, 0, "INT"]],
    "extra": {"inkloom": {"exposed": [{"name": "number", "node": 1, "input": "value"}]}},
    "version": 0.4,
}
"""The same without the addition, as the editor saves it."""

SAVED = {
    "add": json.dumps(ADDED),
    "drawn": json.dumps(DRAWN),
    "some folder/añd another/add": json.dumps(ADDED),
    "lcm": json.dumps(DRAWN),
    "broken": "{",
    "a list": "[]",
    "no workflow": '{"1": 2}',
    "ill exposed": json.dumps({**ADDED, "1": {**ADDED["1"], "_meta": {"exposed": ["value"]}}}),
}
"""What the user has saved; one has the name of a shipped one."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client(toy: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[TestClient]:
    """Yield a client of a server where a user has saved workflows."""
    root = tmp_path_factory.mktemp("root")
    app = make_app(toy.TABLE, Folders(root), [(sys.executable, str(TOY), str(root))])
    async with TestClient(TestServer(app)) as found:
        for name, text in SAVED.items():
            place = root / "user" / "default" / "workflows" / f"{name}.json"
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(text, encoding="utf-8")
        (root / "user" / "default" / "workflows" / "notes.txt").write_text("no workflow")
        (root / "user" / "default" / "outside.json").write_text(json.dumps(ADDED))
        yield found


async def asked(client: TestClient, method: str, path: str, body: object = None) -> tuple[int, Any]:
    url = URL(path, encoded=True)
    async with client.request(method, url, json=body) as answer:
        return answer.status, await answer.json()


async def ended(client: TestClient, job: str) -> dict[str, Any]:
    async with asyncio.timeout(60):
        while (found := (await asked(client, "GET", f"/v1/jobs/{job}"))[1])["ended"] is None:
            pass
    return found


async def test_all_are_listed(client: TestClient) -> None:
    status, told = await asked(client, "GET", "/v1/workflows")
    assert status == 200
    found = {one["name"]: one for one in told["workflows"]}
    assert set(found) == set(SAVED) | set(about())
    assert found["text_to_image"]["origin"] == "shipped"
    assert found["text_to_image"]["title"] == about()["text_to_image"].title
    assert "prompt" in found["text_to_image"]["inputs"]
    assert found["lcm"]["origin"] == "saved", "a user's own wins"
    assert found["add"]["inputs"] == ["number", "more"]
    assert found["drawn"]["inputs"] == ["number"]
    for name in ("broken", "a list", "no workflow", "ill exposed"):
        assert found[name]["inputs"] == []
        assert found[name]["description"].startswith(f"the file of {name!r}"), "it is there, so it is listed"


@pytest.mark.parametrize("name", ["add", "some%20folder%2Fa%C3%B1d%20another%2Fadd"])
async def test_one_with_its_content(client: TestClient, name: str) -> None:
    status, told = await asked(client, "GET", f"/v1/workflows/{name}")
    assert (status, told["title"], told["workflow"]) == (200, "add", ADDED)


async def test_its_schema(client: TestClient) -> None:
    status, schema = await asked(client, "GET", "/v1/workflows/add/schema")
    assert status == 200
    Draft202012Validator.check_schema(schema)
    number = {"title": "Number", "type": "integer", "minimum": 0, "maximum": 99, "default": 3}
    assert schema["properties"]["number"] == number
    assert (schema["title"], schema["additionalProperties"]) == ("add", False)
    _, drawn = await asked(client, "GET", "/v1/workflows/drawn/schema")
    assert drawn["properties"] == {"number": number}
    _, shipped = await asked(client, "GET", "/v1/workflows/text_to_image/schema")
    assert shipped["properties"]["prompt"]["default"].startswith("a large red circle")


@pytest.mark.parametrize(
    ("name", "inputs", "shown"),
    [
        ("add", {}, "4"),
        ("add", {"number": 10, "more": 5}, "15"),
        ("add", {"1.value": 7}, "8"),
        ("drawn", {"number": 8}, "8"),
        ("lcm", {"number": 9}, "9"),
        ("some%20folder%2Fa%C3%B1d%20another%2Fadd", {"more": 0, "number": 1}, "1"),
    ],
)
async def test_run_by_name(client: TestClient, name: str, inputs: dict[str, int], shown: str) -> None:
    status, job = await asked(client, "POST", f"/v1/workflows/{name}/run", {"inputs": inputs})
    assert (status, job["state"] in ("waiting", "running", "done")) == (201, True), job
    done = await ended(client, job["id"])
    assert (done["state"], done["outputs"]["3"]) == ("done", {"text": [shown]})


async def test_asking_twice_makes_one_job(client: TestClient) -> None:
    body = {"inputs": {"number": 1}, "id": "once"}
    first = await asked(client, "POST", "/v1/workflows/add/run", body)
    again = await asked(client, "POST", "/v1/workflows/add/run", body)
    other = await asked(client, "POST", "/v1/workflows/add/run", {"id": "once"})
    assert (first[0], again[0], other[0]) == (201, 200, 409)
    assert first[1]["id"] == again[1]["id"] == "once"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"inputs": {"nmber": 1}}, 422, "unknown_input_name"),
        ({"inputs": {"number": 100}}, 422, "value_bigger_than_max"),
        ({"inputs": {"number": "many"}}, 422, "invalid_input_type"),
        ({"targets": ["2"]}, 422, "no_outputs"),
        ({"workflow": ADDED}, 400, "invalid_body"),
        ([], 400, "invalid_body"),
    ],
)
async def test_what_is_refused(client: TestClient, body: object, status: int, code: str) -> None:
    found, told = await asked(client, "POST", "/v1/workflows/add/run", body)
    assert (found, told["code"]) == (status, code)


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("ad", "did you mean 'add'?"),
        ("add.json", "did you mean 'add'?"),
        ("notes", "no workflow is called 'notes'"),
        ("broken", "is not JSON"),
        ("a%20list", "must be a JSON object"),
        ("no%20workflow", "holds no workflow"),
        ("ill%20exposed", "must say what it exposes"),
        ("..%2Foutside", "no workflow is called '../outside'"),
        ("%2Fetc%2Fpasswd", "no workflow is called"),
        ("nul", "no workflow is called"),
        ("a%00b", "no workflow is called"),
        ("x" * 1000, "no workflow is called"),
    ],
)
@pytest.mark.parametrize("way", [("GET", ""), ("GET", "/schema")])
async def test_what_there_is_not(client: TestClient, way: tuple[str, str], name: str, says: str) -> None:
    method, what = way
    status, told = await asked(client, method, f"/v1/workflows/{name}{what}")
    assert (status, told["code"]) == (404, "no_such_workflow"), told
    assert says in told["message"]


async def test_running_what_there_is_not(client: TestClient) -> None:
    for name in ("ad", "..%2Foutside"):
        status, told = await asked(client, "POST", f"/v1/workflows/{name}/run", {})
        assert (status, told["code"]) == (404, "no_such_workflow")


async def test_validate_tells_all_at_once(client: TestClient) -> None:
    odd = json.loads(json.dumps(ADDED))
    odd["2"]["inputs"]["stepz"] = 1
    status, told = await asked(client, "POST", "/v1/validate", {"workflow": odd})
    assert (status, told["valid"], told["outputs"]) == (200, True, ["3"])
    [warning] = told["problems"]
    assert (warning["code"], warning["node"], warning["nearest"]) == ("undeclared_input", "2", "steps")
    odd["2"]["inputs"]["steps"] = "many"
    status, told = await asked(client, "POST", "/v1/validate", {"workflow": odd, "inputs": {"number": 1000}})
    assert (status, told["valid"], told["outputs"]) == (200, False, [])
    assert {one["code"] for one in told["problems"]} == {
        "value_bigger_than_max",
        "invalid_input_type",
        "undeclared_input",
    }
    pointers = {one["pointer"] for one in told["problems"]}
    assert pointers == {"/1/inputs/value", "/2/inputs/steps", "/2/inputs/stepz"}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"workflow": {}}, "no_outputs"),
        ({"workflow": {"1": 2}}, "not_api_format"),
        ({"workflow": {"nodes": [7], "links": []}}, "not_ui_format"),
        ({"workflow": ADDED, "inputs": {"nmber": 1}}, "unknown_input_name"),
    ],
)
async def test_validate_tells_what_is_no_workflow(client: TestClient, body: object, code: str) -> None:
    status, told = await asked(client, "POST", "/v1/validate", body)
    assert (status, told["valid"]) == (200, False)
    assert code in {one["code"] for one in told["problems"]}


async def test_residency(client: TestClient) -> None:
    await ended(client, (await asked(client, "POST", "/v1/workflows/add/run", {}))[1]["id"])
    _, before = await asked(client, "GET", "/v1/residency")
    assert [one["name"] for one in before["devices"]] == ["cpu"]
    assert before["devices"][0]["budget_bytes"] > 0
    assert before["models"] == []
    await ended(client, (await asked(client, "POST", "/v1/workflows/add/run", {}))[1]["id"])
    status, after = await asked(client, "GET", "/v1/residency")
    assert status == 200
    [was], [now] = before["cache"], after["cache"]
    assert (now["name"], now["entries"], now["bytes"]) == ("memory", was["entries"], was["bytes"])
    assert now["entries"] >= 3
    assert now["hits"] > was["hits"]
    assert now["misses"] == was["misses"], "the second run found everything"


async def test_residency_while_a_worker_starts(toy: ModuleType, tmp_path: Path) -> None:
    app = make_app(toy.TABLE, Folders(tmp_path), [(sys.executable, "-c", "input()")])
    async with TestClient(TestServer(app)) as client, client.get("/v1/residency") as answer:
        assert answer.status == 503
        assert int(answer.headers["Retry-After"]) > 0
        assert (await answer.json())["code"] == "no_worker"
