"""A log that is moved into its database while it is written, and connections that stay open."""

import asyncio
import logging
import shutil
import sqlite3
import threading
from pathlib import Path

import pytest
from sqlalchemy import text

from inkloom.server.store import NewJob, Store, StoreError, sqlite_url
from inkloom.server.store.database import open_database
from inkloom.server.store.line import Line
from inkloom.server.store.tidying import Tidying

ENDINGS = text("UPDATE counters SET endings = endings + 1")
READ = text("SELECT endings FROM counters")


def job(name: str) -> NewJob:
    return NewJob(id=name, prompt="{}", extra_data="{}", targets="[]", created=0)


def without_log(path: Path) -> int:
    """Count the jobs in a database whose log is lost."""
    alone = shutil.copy(path, path.with_name("alone.sqlite"))
    connection = sqlite3.connect(alone)
    try:
        [found] = connection.execute("SELECT count(*) FROM jobs").fetchone()
        return found
    except sqlite3.DatabaseError:  # nothing has come there yet, or not all of it
        return 0
    finally:
        connection.close()


async def test_what_was_written_comes_out_of_the_log_though_the_store_stays_open(tmp_path: Path) -> None:
    path = tmp_path / "jobs.sqlite"
    store = Store.open(sqlite_url(path))
    for name in "abc":
        await store.accept(job(name))
        await store.settle()
    async with asyncio.timeout(30):
        while without_log(path) < 3:
            await asyncio.sleep(0)
    assert (await store.counts()).waiting == 3
    await store.close()


def test_it_is_called_after_what_was_written_and_not_before() -> None:
    called = threading.Semaphore(0)
    tidying = Tidying(called.release, pause=0.0)
    for _ in range(3):
        tidying.written()
        assert called.acquire(timeout=30)
    tidying.close()
    assert not called.acquire(blocking=False)


def test_one_that_fails_is_told_of_and_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    called = threading.Semaphore(0)

    def fail() -> None:
        called.release()
        raise StoreError("the disk is full")

    tidying = Tidying(fail, pause=0.0)
    for _ in range(2):
        tidying.written()
        assert called.acquire(timeout=30)
    tidying.close()
    assert (
        caplog.record_tuples
        == [
            ("inkloom.server.store.tidying", logging.WARNING, "the disk is full"),
        ]
        * 2
    )


def test_a_line_goes_on_after_a_transaction_that_failed(tmp_path: Path) -> None:
    database = open_database(sqlite_url(tmp_path / "jobs.sqlite"))
    line, other = Line(database), Line(database)
    with line.writing(durable=True) as connection:
        connection.execute(ENDINGS)
        first = connection

    def fail() -> None:
        with line.writing(durable=True) as connection:
            assert connection is first, "it is kept"
            connection.execute(ENDINGS)
            raise ValueError("mine")

    with pytest.raises(ValueError, match="mine"):
        fail()
    with pytest.raises(StoreError), line.writing(durable=True) as connection:
        connection.execute(text("UPDATE nothing SET x = 1"))
    with line.writing(durable=True) as connection:
        assert connection is not first, "nobody knows what state that one was in"
        connection.execute(ENDINGS)
    with other.reading() as connection:
        assert connection.scalar(READ) == 2
    for one in (line, other):
        one.close()
    database.close()


def test_what_a_line_reads_is_what_there_is_now(tmp_path: Path) -> None:
    database = open_database(sqlite_url(tmp_path / "jobs.sqlite"))
    reader, writer = Line(database), Line(database)
    for number in range(1, 4):
        with writer.writing(durable=False) as connection:
            connection.execute(ENDINGS)
        with reader.reading() as connection:
            assert connection.scalar(READ) == number
    for one in (reader, writer):
        one.close()
    database.close()
