"""The OpenAPI document, and the server held against it: whatever is asked, the answer is one it names.

`INKLOOM_EXAMPLES=200` asks more of each operation than a run of all tests has time for.
"""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import jsonschema
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from inkloom.executor import Folders
from inkloom.server.access.connections import GatedSite, gated_runner
from inkloom.server.app import make_app
from inkloom.server.limits import LIMITS
from inkloom.server.routes import ROUTES
from inkloom.server.routing import Route, plain
from inkloom.server.v1.openapi import document

TOY = Path(__file__).parent.parent / "toy.py"

EXAMPLES = int(os.environ.get("INKLOOM_EXAMPLES", "5"))

CHECKS: list[Any] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]

DOCUMENT = document(ROUTES, "1", "inkloom_1")

ENDLESS = ("GET /v1/events",)
"""What does not end by itself; test_events.py listens to it."""

COUNT = {
    "1": {"class_type": "Number", "inputs": {"value": 3}},
    "2": {"class_type": "Show", "inputs": {"value": ["1", 0]}},
}

THERE = {
    "id": ["done", "failed", "cancelled", "colour"],
    "prompt_id": ["done", "failed", "cancelled"],
    "name": ["text_to_image", "done"],
    "file": ["a.json", "folder/b.json"],
    "dest": ["c.json", "a.json"],
    "folder": ["checkpoints", "loras"],
    "kind": ["input", "output"],
    "node_class": ["Number"],
    "pack": ["inkloom"],
    "path_index": ["0"],
    "filename": ["model.safetensors"],
}
"""Parts of paths that name something, which chance would never find."""


def operations() -> Iterator[tuple[Route, dict[str, Any]]]:
    for route in ROUTES:
        yield route, DOCUMENT["paths"][plain(route.path)][route.method.lower()]


class Server(threading.Thread):
    """A server on a port of this machine, in a thread of its own."""

    def __init__(self, table: Any, root: Path) -> None:
        super().__init__(name="server")
        self._table, self._root = table, root
        self._ready = threading.Event()
        self.url = ""

    def run(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        app = make_app(self._table, Folders(self._root), [(sys.executable, str(TOY), str(self._root))])
        runner = gated_runner(app, LIMITS, 1.0)
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        with socket.create_server(("127.0.0.1", 0)) as listening:
            try:
                await runner.setup()
                await GatedSite(runner, listening, LIMITS).start()
                self.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
                self._ready.set()
                await self._stopping.wait()
            finally:
                self._ready.set()
                await runner.cleanup()

    def __enter__(self) -> Server:
        self.start()
        self._ready.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._stopping.set)
        self.join()


@pytest.fixture(scope="module")
def server(toy: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield the address of a server that has run some jobs and has some files."""
    root = tmp_path_factory.mktemp("root")
    for name in ("user/default/a.json", "user/default/folder/b.json", "models/checkpoints/model.safetensors"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("{}")
    with Server(toy.TABLE, root) as found:
        failing = {**COUNT, "1": {"class_type": "Raise", "inputs": {"value": 1}}}
        endless = {**COUNT, "1": {"class_type": "Wait", "inputs": {"start": 0}}}
        for name, workflow in (("done", COUNT), ("failed", failing), ("cancelled", endless)):
            body = {"workflow": workflow, "id": name}
            assert requests.post(f"{found.url}/v1/jobs", json=body, timeout=60).status_code == 201
        assert requests.post(f"{found.url}/v1/jobs/cancelled/cancel", timeout=60).status_code == 200
        for name in THERE["prompt_id"]:
            heard = requests.get(f"{found.url}/v1/jobs/{name}/events", timeout=60).text
            assert f'"state":"{name}"' in heard
        yield found.url


def modes(operation: dict[str, Any]) -> list[GenerationMode]:
    """Return whether there is something that can be given wrongly."""
    queries = [one for one in operation.get("parameters", ()) if one["in"] == "query"]
    bodies = operation.get("requestBody", {}).get("content", {}).values()
    wrong = queries or any(body["schema"] for body in bodies)
    return [GenerationMode.POSITIVE, *([GenerationMode.NEGATIVE] if wrong else [])]


@pytest.fixture(scope="module")
def schema() -> Any:
    return schemathesis.openapi.from_dict(DOCUMENT)


@pytest.mark.parametrize(
    ("route", "mode"),
    [
        pytest.param(route, mode, id=f"{route.name}-{mode.value}")
        for route, operation in operations()
        for mode in modes(operation)
        if route.name not in ENDLESS
    ],
)
def test_every_answer_is_one_that_is_documented(
    server: str, schema: Any, route: Route, mode: GenerationMode
) -> None:
    operation = schema[plain(route.path)][route.method]

    @seed(20)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=(Phase.generate,),
        suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
    )
    @given(case=operation.as_strategy(generation_mode=mode), chance=st.randoms(use_true_random=False))
    def check(case: Case, chance: Any) -> None:
        for name in case.path_parameters or {}:
            if chance.random() < 0.5:
                case.path_parameters[name] = chance.choice(THERE[name])
        answer = case.call(base_url=server, timeout=60)
        case.validate_response(answer, checks=CHECKS)

    check()


def test_the_document_is_one() -> None:
    """Names are plain, each has its use, and every route is there once, in its order."""
    components = DOCUMENT["components"]["schemas"]
    text = repr(DOCUMENT)
    assert all(name.isidentifier() for name in components)
    for name in components:
        assert f"#/components/schemas/{name}'" in text, "and none is there for nothing"
    names = [operation["operationId"] for _, operation in operations()]
    assert len(set(names)) == len(names) == len(ROUTES)
    assert list(DOCUMENT["paths"]) == list(dict.fromkeys(plain(route.path) for route in ROUTES))
    for route, operation in operations():
        assert operation["summary"].endswith(".")
        refused = {"400", "403"} if route.method == "GET" else {"400", "403", "408", "413", "415"}
        assert refused <= operation["responses"].keys()
        assert {"200", "201", "204", "101", "303", "400"} & operation["responses"].keys()
    assert document(ROUTES, "1", "inkloom_1") == DOCUMENT


def test_its_schemas_are_json_schema() -> None:
    for schema in DOCUMENT["components"]["schemas"].values():
        jsonschema.Draft202012Validator.check_schema(schema)


def test_it_is_served(server: str) -> None:
    for prefix in ("", "/api"):
        found = requests.get(f"{server}{prefix}/v1/openapi.json", timeout=60)
        assert found.headers["Content-Type"].startswith("application/json")
        assert found.json()["paths"] == DOCUMENT["paths"]
        schemes = found.json()["components"]["securitySchemes"]
        assert schemes["cookie"]["name"] == f"inkloom_{server.rpartition(':')[2]}"
