"""What a long history costs: a database of 100,000 ended jobs, and a real `inkloom serve` on it.

Beside each page stands what sqlite3 alone takes in this process to find the same rows and put the same text
together. `DATABASE=postgresql://USER:PASSWORD@HOST/NAME` measures on an empty PostgreSQL instead.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import aiohttp

from inkloom.server.jobs.wire import entries
from inkloom.server.store import Job, NewJob, Outcome, Store, url_of
from inkloom.server.store.values import Ended

from .server import INKLOOM, free_port

JOBS, AT_ONCE = 100_000, 1_000
PAGE, TURNS = 64, 15
GOALS = {"start": 1.0, "page": 0.02, "memory": 150 * 2**20}
"""Seconds until the first answer, seconds for a page, bytes of the web process."""

WORKFLOW = Path(__file__).resolve().parent.parent / "workflows" / "text_to_image.json"
PROMPT = json.dumps(json.loads(WORKFLOW.read_text(encoding="utf-8")))

WINDOW = """
SELECT jobs.ticket, jobs.id, jobs.number, prompt, extra_data, targets, jobs.state, outputs, meta, messages
FROM jobs JOIN inputs USING (ticket) JOIN results USING (ticket)
WHERE jobs.ticket IN (SELECT ticket FROM jobs WHERE ending IS NOT NULL ORDER BY ending LIMIT ? OFFSET ?)
ORDER BY ending
"""


def outcome(name: str) -> Outcome:
    """Return what a job comes to that has saved one picture."""
    image = {"filename": f"{name}_00001_.png", "subfolder": "", "type": "output"}
    place = {"node_id": "9", "display_node": "9", "parent_node": None, "real_node_id": "9"}
    told = {"prompt_id": name, "timestamp": 1_700_000_000_000}
    kinds = ("execution_start", "execution_cached", "execution_success")
    return Outcome(
        state="done",
        outputs=json.dumps({"9": {"images": [image]}}),
        meta=json.dumps({"9": place}),
        messages=json.dumps([[kind, told] for kind in kinds]),
    )


async def fill(store: Store, jobs: int) -> None:
    """Queue, run and end jobs, many in each transaction."""
    for first in range(0, jobs, AT_ONCE):
        names = [f"job-{number:06}" for number in range(first, min(first + AT_ONCE, jobs))]
        extra = json.dumps({"client_id": "bench"})
        await asyncio.gather(
            *(
                store.accept(
                    NewJob(
                        id=name, prompt=PROMPT, extra_data=extra, targets='["9"]', created=0, user="default"
                    )
                )
                for name in names
            )
        )
        leased = await store.lease("bench", most=len(names))
        await asyncio.gather(*(store.finish(one.lease, outcome(one.job.id)) for one in leased))


def window_of(path: Path, size: int, offset: int) -> str:
    """Return the text of a page, by sqlite3 alone."""
    connection = sqlite3.connect(path)
    try:
        rows = connection.execute(WINDOW, (size, offset)).fetchall()
    finally:
        connection.close()
    return entries(
        Ended(
            job=Job(
                ticket=row[0],
                id=row[1],
                number=row[2],
                client=None,
                user="",
                created=0,
                prompt=row[3],
                extra_data=row[4],
                targets=row[5],
            ),
            outcome=Outcome(state=row[6], outputs=row[7], meta=row[8], messages=row[9]),
            attempt=1,
            started=0,
            ended=0,
        )
        for row in rows
    )


def memory(pid: int, what: str) -> int:
    """Return `VmRSS` or `VmHWM` of a process, in bytes."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(what))


@asynccontextmanager
async def serving(
    root: Path, database: str | None
) -> AsyncIterator[tuple[int, aiohttp.ClientSession, float]]:
    """Yield a server's process id, a client, and the seconds until its first answer."""
    port = free_port()
    options = [] if database is None else ["--database", database]
    began = time.perf_counter()
    with subprocess.Popen(
        [INKLOOM, "serve", "--root", str(root), "--port", str(port), *options],
        stdout=subprocess.DEVNULL,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    ) as process:
        try:
            async with aiohttp.ClientSession(f"http://127.0.0.1:{port}") as client:
                while process.poll() is None:
                    with suppress(aiohttp.ClientConnectionError):
                        async with client.get("/history?max_items=1") as answer:
                            await answer.read()
                            break
                    await asyncio.sleep(0.01)
                else:
                    raise RuntimeError(f"the server ended with status {process.returncode}")
                yield process.pid, client, time.perf_counter() - began
        finally:
            process.send_signal(signal.SIGTERM)


async def longest_turn(client: aiohttp.ClientSession, done: asyncio.Event) -> float:
    """Return the longest that another request had to wait meanwhile."""
    longest = 0.0
    while not done.is_set():
        began = time.perf_counter()
        async with client.get("/features") as answer:
            await answer.read()
        longest = max(longest, time.perf_counter() - began)
        await asyncio.sleep(0.002)
    return longest


async def whole(client: aiohttp.ClientSession) -> tuple[float, int, float]:
    """Ask for all of the history: seconds, bytes, and the longest that others waited."""
    done = asyncio.Event()
    others = asyncio.create_task(longest_turn(client, done))
    began, size = time.perf_counter(), 0
    async with client.get("/history") as answer:
        async for piece in answer.content.iter_any():
            size += len(piece)
    taken = time.perf_counter() - began
    done.set()
    return taken, size, await others


async def page(client: aiohttp.ClientSession, query: str) -> tuple[list[float], dict[str, Any]]:
    """Return the seconds that a page takes, several times, and what is on it."""
    taken: list[float] = []
    text = b""
    for _ in range(TURNS):
        began = time.perf_counter()
        async with client.get(f"/history?{query}") as answer:
            text = await answer.read()
        taken.append(time.perf_counter() - began)
    return taken, json.loads(text)


def timed(path: Path, size: int, offset: int) -> float:
    """Return the median of the milliseconds that sqlite3 alone takes for a page."""
    taken: list[float] = []
    for _ in range(TURNS):
        began = time.perf_counter()
        window_of(path, size, offset)
        taken.append(time.perf_counter() - began)
    return statistics.median(taken) * 1e3


async def measure(root: Path, jobs: int, database: str | None) -> None:
    """Print the table."""
    path = root / "jobs" / "jobs.sqlite"
    path.parent.mkdir()
    store = Store.open(url_of(database or f"sqlite:///{path}"))
    began = time.perf_counter()
    await fill(store, jobs)
    await store.close()
    taken = time.perf_counter() - began
    size = f", {path.stat().st_size / 2**20:.0f} MiB" if database is None else ""
    print(f"{jobs:,} jobs queued, run and ended in {taken:.0f} s{size}", flush=True)
    async with serving(root, database) as (pid, client, start):
        print(f"first page of a fresh server after {start:.2f} s (goal {GOALS['start']})", flush=True)
        print(f"{'GET /history?':34}{'median ms':>10}{'worst':>8}{'goal':>6}{'sqlite3 alone':>15}")
        queries = {f"max_items={PAGE}": jobs - PAGE}
        queries |= {
            f"max_items={PAGE}&offset={offset}": offset
            for offset in (0, jobs // 10, jobs // 2, jobs * 9 // 10, jobs - PAGE)
        }
        for query, offset in queries.items():
            seconds, found = await page(client, query)
            if list(found) != [f"job-{number:06}" for number in range(offset, min(offset + PAGE, jobs))]:
                raise RuntimeError(f"{query} gave {list(found)}")
            alone = f"{timed(path, PAGE, offset):15.1f}" if database is None else ""
            middle, worst = statistics.median(seconds) * 1e3, max(seconds) * 1e3
            print(f"{query:34}{middle:10.1f}{worst:8.1f}{GOALS['page'] * 1e3:6.0f}{alone}", flush=True)
        before = memory(pid, "VmHWM")
        seconds, size, waited = await whole(client)
        print(f"all that one answer has: {size / 2**20:.1f} MiB in {seconds:.2f} s; ", end="")
        print(f"others waited {waited * 1e3:.0f} ms at most")
        peak, goal = memory(pid, "VmHWM"), GOALS["memory"] / 2**20
        print(f"memory of the web process: {before / 2**20:.0f} MiB at most, ", end="")
        print(f"{peak / 2**20:.0f} with that answer (goal {goal:.0f})")


def main() -> None:
    """Fill a database and print what the server takes on it."""
    jobs = int(os.environ.get("JOBS", JOBS))
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(measure(Path(folder), jobs, os.environ.get("DATABASE")))


if __name__ == "__main__":
    sys.exit(main())
