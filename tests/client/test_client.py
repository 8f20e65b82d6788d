"""The client against a real server over a real socket."""

import asyncio
import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from inkloom.client import (
    AsyncClient,
    Client,
    ConflictError,
    InvalidError,
    JobFailedError,
    NotFoundError,
    TimedOutError,
    UnauthorisedError,
)
from inkloom.server.access import users

from ..served import Served

KEEP: dict[str, Any] = {
    "1": {"class_type": "Count", "inputs": {"steps": 3, "start": 4}, "_meta": {"exposed": {"start": "from"}}},
    "2": {"class_type": "Keep", "inputs": {"value": ["1", 0], "filename_prefix": "sub/kept"}},
}
"""A file that says where a count ends."""

WAIT: dict[str, Any] = {
    "1": {"class_type": "Wait", "inputs": {"start": 0}},
    "2": {"class_type": "Show", "inputs": {"value": ["1", 0]}},
}
"""Takes steps until it is cancelled."""

RAISE: dict[str, Any] = {
    "1": {"class_type": "Raise", "inputs": {"value": 13}},
    "2": {"class_type": "Show", "inputs": {"value": ["1", 0]}},
}


@pytest.fixture
def client(served: Served) -> Iterator[Client]:
    with Client(served.url) as client:
        yield client


def test_a_run_and_its_files(client: Client, tmp_path: Path) -> None:
    job = client.jobs.run(KEEP, inputs={"from": 10, "2.filename_prefix": "sub/ten"})
    assert job.state == "done"
    [file] = job.files["2"]
    path = client.files.download(file, tmp_path)
    assert path.relative_to(tmp_path).as_posix() == "sub/ten_00001_.txt"
    assert path.read_text() == "13"


def test_a_workflow_in_a_file(client: Client, tmp_path: Path) -> None:
    path = tmp_path / "w.json"
    path.write_text(json.dumps(KEEP))
    job = client.jobs.submit(path)
    assert client.jobs.wait(job.id, timeout=60).state == "done"
    assert client.jobs.workflow(job.id)["1"]["inputs"] == KEEP["1"]["inputs"]


def test_submitting_twice_makes_one_job(client: Client) -> None:
    name = str(uuid.uuid4())
    jobs = [client.jobs.submit(KEEP, id=name) for _ in range(2)]
    assert [job.id for job in jobs] == [name, name]
    assert [job.id for job in client.jobs.list()].count(name) == 1
    with pytest.raises(ConflictError, match=name):
        client.jobs.submit(RAISE, id=name)


def test_a_failure_is_an_error_that_has_the_job(client: Client) -> None:
    with pytest.raises(JobFailedError, match="no luck with 13") as raised:
        client.jobs.run(RAISE)
    failure = raised.value.job.failure
    assert failure is not None
    assert (failure.node, failure.class_type, failure.exception_type) == ("1", "Raise", "ValueError")


def test_the_life_of_a_job_that_waits(client: Client) -> None:
    running = client.jobs.submit(WAIT, inputs={"1.start": 1})
    first, second = (client.jobs.submit(KEEP, inputs={"from": number}) for number in (21, 22))
    try:
        with pytest.raises(TimedOutError, match="waiting"):
            client.jobs.wait(first.id, timeout=0)
        client.jobs.prioritise(second.id, "front")
        positions = {job.id: job.position for job in client.jobs.list(state="waiting")}
        before, after = positions[second.id], positions[first.id]
        assert before is not None
        assert after == before + 1
        assert client.jobs.cancel(first.id).state == "cancelled"
        assert client.jobs.cancel(first.id).state == "cancelled", "once more changes nothing"
    finally:
        client.jobs.cancel(running.id)
    assert client.jobs.wait(running.id, timeout=60).state == "cancelled"
    assert client.jobs.wait(second.id, timeout=60).state == "done"
    with pytest.raises(ConflictError):
        client.jobs.prioritise(second.id, 3)
    again = client.jobs.retry(first.id)
    assert (again.id != first.id, again.retry_of) == (True, first.id)
    assert client.jobs.wait(again.id, timeout=60).state == "done"
    client.jobs.forget(first.id)
    with pytest.raises(NotFoundError, match=first.id):
        client.jobs.get(first.id)


def test_lists_come_page_by_page(client: Client) -> None:
    made = [client.jobs.submit(KEEP, inputs={"from": number}).id for number in range(30, 35)]
    for name in made:
        client.jobs.wait(name, timeout=60)
    few = client.jobs.page(state="done", limit=2)
    assert [job.id for job in few.jobs] == [made[4], made[3]]
    more = client.jobs.page(state="done", limit=2, before=few.next)
    assert [job.id for job in more.jobs] == [made[2], made[1]]
    assert [job.id for job in client.jobs.list(limit=3)] == made[:1:-1]
    assert {job.id for job in client.jobs.list()} >= set(made)


def test_what_is_wrong_is_told_with_what_is_right(client: Client) -> None:
    with pytest.raises(InvalidError, match="frm") as raised:
        client.jobs.submit(KEEP, inputs={"frm": 1})
    assert raised.value.problems[0].nearest == "from"
    with pytest.raises(InvalidError, match="Cuont"):
        client.jobs.submit({"1": {"class_type": "Cuont", "inputs": {}}})


def test_questions_about_a_workflow(client: Client) -> None:
    validity = client.validate(KEEP, inputs={"1.steps": 2})
    assert (validity.valid, validity.outputs, validity.problems) == (True, ["2"], [])
    explanation = client.explain(KEEP, inputs={"from": 77})
    assert {node.node: node.status for node in explanation.nodes} == {"1": "run", "2": "run"}
    assert client.estimate(KEEP, inputs={"from": 77}).run == 2
    assert {tier.name for tier in client.residency().cache} <= {"memory", "disk"}
    assert "Count" in client.nodes()
    assert "system" in client.system()


def test_an_upload_is_known_by_the_name_that_comes_back(client: Client, tmp_path: Path) -> None:
    path = tmp_path / "a b.txt"
    path.write_text("what was sent")
    name = client.files.upload(path, subfolder="mine")
    assert client.files.upload(path, subfolder="mine") == name, "the same bytes are kept once"
    job = client.jobs.run(
        {
            "1": {"class_type": "Picked", "inputs": {"name": name}},
            "2": {"class_type": "Show", "inputs": {"value": ["1", 0]}},
        }
    )
    assert job.outputs["2"]["text"] == ["what was sent"]


async def test_the_same_without_waiting(served: Served, tmp_path: Path) -> None:
    async with AsyncClient(served.url) as client:
        runs = (client.jobs.run(KEEP, inputs={"from": number}) for number in range(50, 55))
        jobs = await asyncio.gather(*runs)
        paths = [await client.files.download(job.files["2"][0], tmp_path) for job in jobs]
        assert [path.read_text() for path in paths] == [str(number + 3) for number in range(50, 55)]
        assert {job.id async for job in client.jobs.list(limit=5)} == {job.id for job in jobs}
        (tmp_path / "u").write_bytes(b"x")
        assert await client.files.upload(tmp_path / "u") == "u"


def test_a_token_is_asked_for(tmp_path: Path) -> None:
    token = users.add(tmp_path, "ann")
    server = Served(tmp_path)
    server.start()
    try:
        with Client(server.url) as nobody, pytest.raises(UnauthorisedError, match="inkloom user add"):
            nobody.jobs.submit(KEEP)
        with Client(server.url, token) as ann:
            assert ann.jobs.run(KEEP).state == "done"
    finally:
        server.kill()
