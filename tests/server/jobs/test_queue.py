"""What this server does with the jobs of a database: told, taken over, given back, insisted on."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from inkloom.server.jobs import queue as module
from inkloom.server.jobs.job import Record
from inkloom.server.jobs.queue import Jobs, default_database
from inkloom.server.jobs.running import Running
from inkloom.server.store import IdTaken, NewJob, Store, StoreError
from inkloom.server.unavailable import told_when_unavailable


def job(name: str) -> NewJob:
    return NewJob(id=name, prompt="{}", extra_data='{"client_id": "me"}', targets='["9"]', created=7)


def record(run: Running) -> Record:
    return Record(job=run.attempt.job, state="done", outputs={"9": {}}, meta={}, messages=(("x", {}),))


@asynccontextmanager
async def opened(base: Path, changed: Callable[[], None] = lambda: None) -> AsyncIterator[Jobs]:
    jobs = Jobs(Store.open(default_database(base), patience=0.1), base, changed)
    await jobs.begin()
    yield jobs
    await jobs.end()


async def test_each_change_of_the_queue_is_told(tmp_path: Path) -> None:
    told: list[int] = []
    async with opened(tmp_path, lambda: told.append(jobs.remaining)) as jobs:
        await jobs.put(job("a"))
        await jobs.put(job("b"))
        assert isinstance(await jobs.put(job("b")), IdTaken)
        run = await jobs.take()
        await jobs.drop({"nobody"})
        await jobs.drop({"a", "b"})
        await jobs.drop()
        assert told == [1, 2, 2, 1], "taking a job changes no count, dropping nothing is no change"
        await jobs.finish(run, record(run))
        assert jobs.remaining == 0, "which is told after the last message of the run"
        assert told == [1, 2, 2, 1]


async def test_a_job_arrives_while_somebody_waits(tmp_path: Path) -> None:
    async with opened(tmp_path) as jobs:
        taking = asyncio.create_task(jobs.take())
        await asyncio.sleep(0)
        await jobs.put(job("a"))
        run = await taking
        job_ = run.attempt.job
        assert (job_.id, job_.client_id, job_.outputs) == ("a", "me", ("9",))
        assert (jobs.running("a"), jobs.running("b")) == (run, None)


async def test_what_ran_when_the_server_stopped_runs_again(tmp_path: Path) -> None:
    async with opened(tmp_path) as jobs:
        await jobs.put(job("a"))
        await jobs.put(job("b"))
        first = (await jobs.take()).attempt
    async with opened(tmp_path) as jobs:
        assert jobs.remaining == 2
        run = await jobs.take()
        again = run.attempt
        assert (again.job, again.lease.attempt, again.deaths) == (first.job, 2, 0)
        assert again.receipts == first.receipts
        await jobs.give_back(run, "it died")
        again = (await jobs.take()).attempt
        assert (again.job, again.lease.attempt, again.deaths) == (first.job, 3, 1)


async def test_what_a_dead_server_ran_is_taken_over_at_once_and_what_a_living_one_runs_is_not(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path) as living:
        dead = Jobs(Store.open(default_database(tmp_path)), tmp_path, lambda: None)
        for name in "ab":
            await living.put(job(name))
        await living.take()
        assert (await dead.take()).attempt.job.id == "b"
        await dead._store.close()
        dead._presence.close()  # its lock is gone with its process, however that ended
        lock = tmp_path / "jobs" / "servers" / f"{dead._presence.name}.lock"
        lock.touch()
        async with opened(tmp_path) as third:
            assert (await third.take()).attempt.job.id == "b"
            assert third.remaining == 2
            [queue] = [piece async for piece in third.queue()]
            assert [one.id for one in queue.running] == ["a", "b"]
        assert not lock.exists()


async def test_receipts_that_a_killed_server_left_go_when_the_next_one_starts(tmp_path: Path) -> None:
    async with opened(tmp_path) as jobs:
        for name in "ab":
            await jobs.put(job(name))
        run = await jobs.take()
        ended = tmp_path / run.attempt.receipts
        ended.parent.mkdir(exist_ok=True)
        _, [following] = await jobs.finish(run, record(run))
        assert following is jobs.running("b")
        ended.write_text("killed before this was deleted")
        runs = tmp_path / following.attempt.receipts
        runs.write_text("it will go on")
        others = [ended.with_name(name) for name in (f"1-{'0' * 32}", "99-x", "x-99", "1")]
        for path in others:
            path.write_text("another database's")
    async with opened(tmp_path) as jobs:
        assert sorted(ended.parent.iterdir()) == sorted([runs, *others])


async def test_what_was_not_begun_waits_again_as_if_nobody_had_taken_it(tmp_path: Path) -> None:
    async with opened(tmp_path) as jobs:
        for name in "abc":
            await jobs.put(job(name))
        run = await jobs.take()
        _, ahead = await jobs.finish(run, record(run), 2)
        assert [one.attempt.job.id for one in ahead] == ["b", "c"]
        assert await jobs.cancel("c") == "running"
        await jobs.put_back(ahead)
        ended = await jobs.record("c")
        assert ended is not None
        assert ended.outcome.state == "cancelled", "though it waits in no worker's hands any more"
        again = await jobs.take()
        assert (again.attempt.job.id, again.attempt.lease.attempt) == ("b", 1)
        assert jobs.remaining == 1


async def test_a_run_whose_end_cannot_be_written_yet_is_still_this_servers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its lease would run out while the disk is full, and what it has made would count for nothing."""
    monkeypatch.setattr(module, "FIRST_WAIT", 1.0)  # long enough for two signs of life
    clock = [1_000_000]
    opened_store = Store.open(default_database(tmp_path), clock=lambda: clock[0], patience=0.1)
    jobs = Jobs(opened_store, tmp_path, lambda: None)
    await jobs.begin()
    await jobs.put(job("a"))
    run = await jobs.take()
    other = sqlite3.connect(tmp_path / "jobs" / "jobs.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    finishing = asyncio.create_task(jobs.finish(run, record(run)))
    with pytest.raises(StoreError):
        await jobs.put(job("b"))  # behind the end, which so has failed as well
    other.execute("ROLLBACK")
    clock[0] += 14_000
    await jobs._tend()
    clock[0] += 14_000
    await jobs._tend()
    other.close()
    assert (await finishing)[0], "it was not taken over"
    await jobs.end()


async def test_of_several_workers_the_first_gets_a_job(tmp_path: Path) -> None:
    async with opened(tmp_path) as jobs:
        second = asyncio.create_task(jobs.take(1))
        first = asyncio.create_task(jobs.take(0))
        while jobs.idle < 2:
            await asyncio.sleep(0)
        await jobs.store.counts()  # both have found nothing by now
        await jobs.put(job("a"))
        done, _ = await asyncio.wait([first, second], return_when=asyncio.FIRST_COMPLETED)
        assert done == {first}
        second.cancel()


async def test_receipts_go_with_their_job(tmp_path: Path) -> None:
    async with opened(tmp_path) as jobs:
        await jobs.put(job("a"))
        run = await jobs.take()
        path = tmp_path / run.attempt.receipts
        path.parent.mkdir()
        path.touch()
        assert await jobs.finish(run, record(run)) == (True, [])
        assert path.exists(), "the end may still be undone by a loss of power"
        await jobs.settle(run.attempt)
        assert not path.exists()
        await jobs.put(job("a"))
        assert (await jobs.take()).attempt.receipts != run.attempt.receipts, "another job of the same id"


async def test_events_are_numbered_at_once_and_found_before_they_are_stored(tmp_path: Path) -> None:
    async with opened(tmp_path) as jobs:
        await jobs.put(job("a"))
        run = await jobs.take()
        noted = [run.note({"type": "x", "number": number}) for number in range(3)]
        await jobs._tend()
        noted += [run.note({"type": "x", "number": number}) for number in range(3, 5)]
        assert [(event.seq, event.attempt) for event in noted] == [(seq, 1) for seq in range(1, 6)]
        assert len(await jobs._store.events_since("a")) == 3
        for after, most in ((0, 9), (0, 4), (2, 1), (3, 1), (4, 9), (5, 9)):
            assert await jobs.events_since("a", after, most) == noted[after : after + most]
        assert await jobs.events_since("b", 0) == []
        await jobs.give_back(run, "it died")
        run = await jobs.take()
        again = run.note({"type": "y"})
        assert (again.seq, again.attempt) == (6, 2)
        await jobs.finish(run, record(run))
        assert await jobs.events_since("a", 0) == [*noted, again]


async def test_the_end_of_a_run_is_insisted_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FIRST_WAIT", 0.01)
    async with opened(tmp_path) as jobs:
        await jobs.put(job("a"))
        run = await jobs.take()
        run.note({"type": "node_started"})
        other = sqlite3.connect(tmp_path / "jobs" / "jobs.sqlite", isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError, match="locked"):
            await jobs.put(job("b"))
        finishing = asyncio.create_task(jobs.finish(run, record(run)))
        with pytest.raises(StoreError, match="locked"):
            await jobs.put(job("c"))
        assert not finishing.done()
        other.execute("ROLLBACK")
        other.close()
        assert await finishing == (True, [])
        ended = await jobs.record("a")
        assert ended is not None
        assert ended.outcome.outputs == '{"9":{}}'
        assert [event.body for event in await jobs._store.events_since("a")] == ['{"type":"node_started"}']


async def test_a_request_that_needs_a_database_that_is_gone_is_answered_with_the_reason() -> None:
    async def handler(_: web.Request) -> web.Response:
        raise StoreError("can't use the database x: the disk is full; free some space")

    app = web.Application(middlewares=[told_when_unavailable])
    app.router.add_post("/prompt", handler)
    async with TestClient(TestServer(app)) as client, client.post("/prompt") as answer:
        assert answer.status == 503
        assert (await answer.json())["error"]["message"] == (
            "can't use the database x: the disk is full; free some space"
        )
