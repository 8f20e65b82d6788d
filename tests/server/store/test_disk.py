"""The thread that waits for the disk, and what it is told of a disk that fails."""

import asyncio
import threading
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from inkloom.server.store import NewJob, Store, StoreError, sqlite_url
from inkloom.server.store import database as module
from inkloom.server.store.disk import Disk, flush_log


async def test_all_who_wait_share_what_is_waited_for() -> None:
    begun, go_on, flushes = threading.Semaphore(0), threading.Semaphore(0), list[int]()

    def flush() -> None:
        begun.release()
        go_on.acquire()
        flushes.append(1)

    disk = Disk(flush)
    first = disk.settled()
    await asyncio.to_thread(begun.acquire)
    others = [disk.settled() for _ in range(20)]
    go_on.release()
    await first
    assert not any(one.done() for one in others), "what was written meanwhile may not be on the disk"
    go_on.release()
    await asyncio.gather(*others)
    assert len(flushes) == 2
    await asyncio.to_thread(disk.close)


async def test_who_waits_when_it_is_closed_is_served() -> None:
    disk = Disk(lambda: None)
    waiting = [disk.settled() for _ in range(5)]
    await asyncio.to_thread(disk.close)
    await asyncio.gather(*waiting)
    with pytest.raises(StoreError, match="was closed"):
        disk.settled()


async def test_a_disk_that_fails_is_told_of_to_those_who_wait_then() -> None:
    fails = True

    def flush() -> None:
        if fails:
            raise StoreError("the disk can't write it")

    disk = Disk(flush)
    with pytest.raises(StoreError, match="can't write"):
        await disk.settled()
    fails = False
    await disk.settled()
    await asyncio.to_thread(disk.close)


def job(name: str) -> NewJob:
    return NewJob(id=name, prompt="{}", extra_data="{}", targets="[]", created=0)


async def test_what_is_told_as_kept_was_flushed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []

    def flush(path: Path) -> None:
        flush_log(path)
        told.append("flushed")

    monkeypatch.setattr(module, "flush_log", flush)
    store = Store.open(sqlite_url(tmp_path / "jobs.sqlite"))
    told.clear()
    await store.accept(job("a"))
    assert not told, "that is for `settle`"
    await store.settle()
    assert told == ["flushed"]
    assert await store.drop({"a"}) == 1
    assert told == ["flushed"] * 2
    await store.close()


def test_the_log_is_where_sqlite_has_it(tmp_path: Path) -> None:
    path = tmp_path / "jobs.sqlite"
    flush_log(path)  # none is there: nothing waits to be written
    engine = create_engine(sqlite_url(path))
    with engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA journal_mode = WAL")
        connection.exec_driver_sql("CREATE TABLE x (y)")
        assert (tmp_path / "jobs.sqlite-wal").is_file()
        flush_log(path)
    engine.dispose()
    (tmp_path / "jobs.sqlite-wal").mkdir()
    with pytest.raises(StoreError, match=r"can't open .*jobs.sqlite-wal: Is a directory"):
        flush_log(path)
