"""A process that is killed while it writes: what it was told is done is there, and the database is whole."""

import asyncio
import random
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from inkloom.server.store import Store, sqlite_url

WRITER = """
import asyncio, sys
from pathlib import Path
from inkloom.server.store import NewJob, Outcome, Store, sqlite_url

DONE = Outcome(state="done", outputs="{}", meta="{}", messages="[]")

async def accept(store, start):
    number = start
    while True:
        name = f"{sys.argv[2]}-{number}"
        await store.accept(
            NewJob(id=name, prompt="x" * (number % 7 * 1000), extra_data="{}", targets="[]", created=0)
        )
        print("accepted", name, flush=True)
        number += 4

async def run(store):
    while True:
        for leased in await store.lease("me"):
            assert await store.finish(leased.lease, DONE)
            print("done", leased.job.id, flush=True)

async def main():
    store = Store.open(sqlite_url(Path(sys.argv[1])))
    await store.reclaim({"me"})
    await asyncio.gather(*(accept(store, start) for start in range(4)), run(store))

asyncio.run(main())
"""


async def look(path: Path) -> tuple[set[str], list[str], set[str]]:
    """Return which jobs there are, which are in the history, and which run."""
    store = Store.open(sqlite_url(path))
    history = [entry.job.id for entry in await store.history()]
    queue = await store.queue()
    running, waiting = ({job.id for job in jobs} for jobs in (queue.running, queue.waiting))
    await store.close()
    return waiting | running | set(history), history, running


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
def test_what_was_acknowledged_is_there(tmp_path: Path) -> None:
    path = tmp_path / "jobs.sqlite"
    chance = random.Random(7)
    accepted: set[str] = set()
    done: set[str] = set()
    for turn in range(6):
        argv = [sys.executable, "-c", WRITER, str(path), str(turn)]
        with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            for _ in range(chance.randrange(1, 60)):
                kind, name = process.stdout.readline().split()
                (accepted if kind == "accepted" else done).add(name)
            process.kill()
            for line in process.stdout.read().split("\n")[:-1]:  # the last one may have been cut
                kind, name = line.split()
                (accepted if kind == "accepted" else done).add(name)
        connection = sqlite3.connect(path)
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        connection.close()
        there, history, running = asyncio.run(look(path))
        assert accepted <= there
        assert done <= set(history)
        assert len(history) == len(set(history))
        assert len(running) <= 1
    assert done
    assert accepted - done
