"""GET /metrics: what is counted agrees with what the history says, and no client chooses a label."""

from __future__ import annotations

import asyncio
import re
import sys
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import pytest_asyncio
from aiohttp.test_utils import TestClient, TestServer
from prometheus_client.parser import text_string_to_metric_families

from inkloom.executor import Folders
from inkloom.server.access import users
from inkloom.server.app import make_app
from inkloom.server.metrics.tally import ANOTHER, BOUNDS, Spread, Tally

from .conftest import TOY

DOCS = Path(__file__).resolve().parents[2] / "docs"

Page = dict[str, dict[tuple[tuple[str, str], ...], float]]
"""The numbers of each series by its labels."""


@pytest_asyncio.fixture
async def fresh(toy: ModuleType, tmp_path: Path) -> AsyncIterator[TestClient]:
    """Yield a client of a server that has done nothing yet."""
    app = make_app(toy.TABLE, Folders(tmp_path), [(sys.executable, str(TOY), str(tmp_path))])
    async with TestClient(TestServer(app)) as found:
        yield found


async def page(client: TestClient) -> Page:
    """Return what Prometheus reads, read as it does."""
    async with client.get("/metrics") as answer:
        assert answer.status == 200
        assert answer.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        text = await answer.text()
    found: Page = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found.setdefault(sample.name, {})[tuple(sorted(sample.labels.items()))] = sample.value
    return found


def flat(numbers: dict[tuple[tuple[str, str], ...], float]) -> dict[str, float]:
    """Return the numbers of series that have one label, by its value."""
    return {labels[0][1]: number for labels, number in numbers.items()}


def graph(class_type: str, **inputs: object) -> dict[str, Any]:
    """Return a graph that shows what one node gives."""
    return {
        "1": {"class_type": class_type, "inputs": inputs},
        "2": {"class_type": "Show", "inputs": {"value": ["1", 0]}},
    }


async def queued(client: TestClient, prompt: object, name: str) -> int:
    async with client.post("/prompt", json={"prompt": prompt, "prompt_id": name}) as answer:
        return answer.status


async def ended(client: TestClient, jobs: int) -> dict[str, Any]:
    """Wait until so many jobs have ended; return the history."""
    async with asyncio.timeout(60):
        while len(found := await (await client.get("/history")).json()) < jobs:
            pass
        # The history is read while the server is about to count what it has just written there.
        while sum((await page(client))["inkloom_jobs_finished_total"].values()) < jobs:
            pass
    return found


MIXED = [
    graph("Number", value=1),
    graph("Number", value=2),
    graph("Count", steps=3, start=0),
    graph("Number", value=1),  # cached
    graph("Raise", value=0),
    graph("Raise", value=3),
    graph("Count", steps=4, start=0),
]


async def test_counters_agree_with_the_history(fresh: TestClient) -> None:
    before = await page(fresh)
    assert before["inkloom_jobs_accepted_total"] == {(): 0}
    assert flat(before["inkloom_jobs_finished_total"]) == {"done": 0, "failed": 0, "cancelled": 0}
    for number, prompt in enumerate(MIXED):
        assert await queued(fresh, prompt, f"job {number}") == 200
    refused = [await queued(fresh, bad, "bad") for bad in ({}, graph("Nothing"), graph("Number", value=100))]
    assert refused == [400] * 3
    history = await ended(fresh, len(MIXED))
    assert await queued(fresh, graph("Wait", start=0), "endless") == 200
    async with asyncio.timeout(60):
        while not (await (await fresh.get("/queue")).json())["queue_running"]:
            pass
    running = await page(fresh)
    assert flat(running["inkloom_jobs"]) == {"waiting": 0, "running": 1}
    assert running["inkloom_worker_up"] == {(): 1}, "the worker tells while a job runs, too"
    assert await queued(fresh, graph("Number", value=5), "never begun") == 200
    async with fresh.post("/v1/jobs/never%20begun/cancel") as answer:
        assert (await answer.json())["state"] == "cancelled"
    await fresh.post("/interrupt", json={})
    history = await ended(fresh, len(MIXED) + 2)

    after = await page(fresh)
    told = [entry["status"]["messages"][-1][0] for entry in history.values()]
    states = {"execution_success": "done", "execution_error": "failed", "execution_interrupted": "cancelled"}
    assert flat(after["inkloom_jobs_finished_total"]) == Counter(states[kind] for kind in told)
    assert after["inkloom_jobs_accepted_total"] == {(): len(history)}
    assert flat(after["inkloom_jobs"]) == {"waiting": 0, "running": 0}
    for times in ("wait", "run"):
        assert after[f"inkloom_job_{times}_seconds_count"] == {(): len(history) - 1}, "one was never begun"
    assert flat(after["inkloom_jobs_refused_total"])["invalid"] == 3
    # Each node that was computed once: five numbers and counts, all but the cached ones shown.
    assert flat(after["inkloom_node_seconds_count"]) == {"Number": 2, "Count": 2, "Show": 4}
    assert flat(after["inkloom_cache_hits_total"])["memory"] >= 1
    routes = {labels: number for labels, number in after["inkloom_http_requests_total"].items() if number}
    posted = {
        dict(labels)["status"]: number for labels, number in routes.items() if ("route", "/prompt") in labels
    }
    assert posted == {"200": len(MIXED) + 2, "400": 3}
    assert after["inkloom_database_errors_total"] == {(): 0}


async def test_no_client_chooses_a_label(fresh: TestClient) -> None:
    await page(fresh)
    before = {name: set(series) for name, series in (await page(fresh)).items()}
    for number in range(20):
        await fresh.get(f"/nothing/{number}")
        await fresh.get(f"/history/job-{number}")
        await fresh.get(f"/api/history/job-{number}")
        await fresh.request("PROPFIND", f"/nothing/{number}")
        await queued(fresh, graph(f"Class{number}"), f"job {number}")
    after = {name: set(series) for name, series in (await page(fresh)).items()}
    new = {name: after[name] - before.get(name, set()) for name in after}
    assert {name: len(labels) for name, labels in new.items() if labels} == {"inkloom_http_requests_total": 4}
    assert {dict(labels)["method"] for labels in new["inkloom_http_requests_total"]} == {
        "GET",
        "POST",
        ANOTHER,
    }
    chosen = [text for labels in new["inkloom_http_requests_total"] for _, text in labels]
    assert not [text for text in chosen if re.search(r"\d", text) and not text.isdecimal()]


async def test_a_worker_that_died_is_counted(fresh: TestClient) -> None:
    async with fresh.post("/v1/explain", json={"workflow": graph("Doomed")}) as answer:
        assert answer.status == 503
    assert (await page(fresh))["inkloom_worker_restarts_total"] == {(): 1}


async def test_websockets_are_counted(fresh: TestClient) -> None:
    async with fresh.ws_connect("/ws") as socket:
        await socket.receive_str()
        found = await page(fresh)
        assert found["inkloom_websocket_clients"] == {(): 1}
        sent = found["inkloom_websocket_messages_total"][()]
        assert sent >= 1
    async with asyncio.timeout(10):
        while (await page(fresh))["inkloom_websocket_clients"] != {(): 0}:
            pass
    assert (await page(fresh))["inkloom_websocket_messages_total"][()] >= sent, "a counter never falls"


def test_a_spread_is_a_histogram() -> None:
    spread = Spread()
    for seconds in (*BOUNDS, -1.0, 1e9):
        spread.add(seconds)
    assert spread.within == [2, *([1] * (len(BOUNDS) - 1)), 1], (
        "a bound counts as within, less than none as none"
    )
    assert spread.count == len(BOUNDS) + 2
    assert spread.seconds == pytest.approx(sum(BOUNDS) + 1e9)


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ({"type": "node_finished", "class_type": "A", "seconds": 0.5}, {"A": 1}),
        ({"type": "node_finished", "class_type": "B", "seconds": 1}, {ANOTHER: 1}),
        ({"type": "node_finished", "class_type": "A", "seconds": 0.0, "cached": True}, {}),
        ({"type": "node_started", "class_type": "A"}, {}),
        ({"type": "node_finished"}, {}),
    ],
)
def test_nodes_are_told_apart_by_known_classes(event: dict[str, object], expected: dict[str, int]) -> None:
    tally = Tally(classes={"A"})
    tally.heard(event)
    assert {name: spread.count for name, spread in tally.nodes.items()} == expected


async def test_every_metric_has_a_row(fresh: TestClient) -> None:
    async with fresh.get("/metrics") as answer:
        families = list(text_string_to_metric_families(await answer.text()))
    names = {f"{one.name}_total" if one.type == "counter" else one.name for one in families}
    table = (DOCS / "metrics.md").read_text(encoding="utf-8")
    rows = set(re.findall(r"^\| `(inkloom_\w+)` \|", table, re.MULTILINE))
    assert rows == {name for name in names if name.startswith("inkloom_")}


async def test_with_users_it_is_for_admins(toy: ModuleType, tmp_path: Path) -> None:
    tokens = {name: users.add(tmp_path, name, is_admin=name == "ada") for name in ("ada", "bob")}
    app = make_app(toy.TABLE, Folders(tmp_path), [(sys.executable, str(TOY), str(tmp_path))])
    async with TestClient(TestServer(app)) as client:
        found: dict[str, int] = {}
        for name, token in {**tokens, "nobody": "wrong"}.items():
            async with client.get("/metrics", headers={"Authorization": f"Bearer {token}"}) as answer:
                found[name] = answer.status
    assert found == {"ada": 200, "bob": 403, "nobody": 401}
