"""Rounds of queueing mixed jobs and kill -9 of the server or its worker, and what must hold after each.

Every job that was accepted is in the history once, as what it is; each file that it should have written is
there once, with the next free number; a job that is shown as done has its files; nothing is left waiting; and
the database opens clean.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

PROGRAM = Path(__file__).with_name("durable_server.py")
ROUNDS = 200
SOON = 10.0
"""Seconds in which a worker has ended whose server was killed; how long it took is printed."""

PATIENCE = 60.0
"""Seconds in which all jobs have ended."""


class BrokenPromiseError(AssertionError):
    """Something that must hold does not."""


def must(holds: bool, what: str) -> None:
    """Raise when something does not hold."""
    if not holds:
        raise BrokenPromiseError(what)


@dataclass
class Book:
    """What was asked for, over all rounds."""

    kinds: dict[str, str] = field(default_factory=dict[str, str])
    accepted: set[str] = field(default_factory=set[str])
    killed: Counter[str] = field(default_factory=Counter[str])
    orphaned: float = 0.0  # the longest that a worker has outlived its server


@dataclass
class Running:
    """A running server."""

    process: subprocess.Popen[str]
    client: aiohttp.ClientSession

    async def get(self, path: str) -> Any:
        """Ask for something; raises ValueError where JSON names a key twice."""
        async with self.client.get(path) as answer:
            text = await answer.text()
            must(answer.status == 200, f"GET {path}: {answer.status} {text}")
            return json.loads(text, object_pairs_hook=_each_once)

    def workers(self) -> list[int]:
        """Return the processes that the server has started."""
        with suppress(FileNotFoundError):
            pid = self.process.pid
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
            return [int(child) for child in children.split()]
        return []


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    must(len({key for key, _ in pairs}) == len(pairs), "a key is there twice")
    return dict(pairs)


@asynccontextmanager
async def started(root: Path, database: str | None = None) -> AsyncIterator[Running]:
    """Start a server; it is killed at the end if it has not ended by itself."""
    argv = [sys.executable, str(PROGRAM), "serve", str(root), *([database] if database else [])]
    with (
        (root / "log").open("a", encoding="utf-8") as log,
        subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=log, text=True) as process,
    ):
        assert process.stdout is not None
        try:
            port = await asyncio.to_thread(process.stdout.readline)
            must(bool(port.strip()), f"the server did not start: see {root / 'log'}")
            async with aiohttp.ClientSession(f"http://127.0.0.1:{port.strip()}") as client:
                yield Running(process, client)
        finally:
            process.kill()


def flow(name: str, kind: str, chance: random.Random) -> dict[str, Any]:
    """Return a workflow that saves two files, or ends otherwise after some work."""
    worked: list[object] = ["1", 0]
    work = {"steps": chance.randrange(1, 20), "seed": chance.randrange(2**31)}
    graph: dict[str, Any] = {"1": {"class_type": "Work", "inputs": work}}
    if kind == "saves":
        then = chance.randrange(20)
        own = {"value": worked, "filename_prefix": f"own/{name}", "then": then}
        shared = {"value": f"{name} {work['seed']}", "filename_prefix": "shared/all", "then": then}
        graph["2"] = {"class_type": "Save", "inputs": own}
        graph["3"] = {"class_type": "Save", "inputs": shared}
    else:
        graph["2"] = {"class_type": "Raise" if kind == "raises" else "Die", "inputs": {"value": worked}}
    return graph


async def queue(server: Running, book: Book, names: list[str], chance: random.Random) -> None:
    """Queue jobs until the server is gone."""
    for name in names:
        body = {"prompt": flow(name, book.kinds[name], chance), "prompt_id": name}
        body |= {"front": True} if chance.random() < 0.2 else {}
        try:
            async with server.client.post("/prompt", json=body) as answer:
                text = await answer.text()
        except aiohttp.ClientError:
            return  # killed: whether it was accepted nobody was told
        must(answer.status == 200, f"{name} was refused: {text}")
        book.accepted.add(name)


async def kill(server: Running, root: Path, book: Book, chance: random.Random, victim: str) -> bool:
    """End the server or its worker at a random moment; tell whether it was the server."""
    if chance.random() < 0.8:  # not before the worker has begun to work
        await worked(root)
    await asyncio.sleep(chance.random() * 0.3)
    workers = server.workers()
    if workers and victim == "worker":
        book.killed["worker"] += 1
        os.kill(workers[0], 9)
        return False
    book.killed["server"] += 1
    server.process.kill()
    server.process.wait()
    began = time.monotonic()
    while any(map(_alive, workers)):
        must(time.monotonic() < began + SOON, f"a worker lives {SOON:g} s after its server was killed")
        await asyncio.sleep(0.01)
    book.orphaned = max(book.orphaned, time.monotonic() - began)
    return True


async def worked(root: Path) -> None:
    """Wait until a file has been written, or for a while: perhaps none will be."""
    output = root / "output"
    before = sum(1 for _ in output.rglob("*.txt"))
    until = time.monotonic() + 5.0
    while sum(1 for _ in output.rglob("*.txt")) == before and time.monotonic() < until:
        await asyncio.sleep(0.01)


def _alive(pid: int) -> bool:
    with suppress(FileNotFoundError, ProcessLookupError):
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0]
        return state not in "ZX"
    return False


async def drained(server: Running, root: Path) -> None:
    """Wait until no job waits or runs; whatever is shown as done meanwhile has its files."""
    until = time.monotonic() + PATIENCE
    while True:
        remaining = (await server.get("/prompt"))["exec_info"]["queue_remaining"]
        for name, entry in (await server.get("/history?max_items=20")).items():
            check_entry(name, entry, root)
        if not remaining:
            return
        must(time.monotonic() < until, f"{remaining} jobs are stuck")
        await asyncio.sleep(0.05)


def check_entry(name: str, entry: dict[str, Any], root: Path) -> None:
    """Check a job that is shown as ended."""
    if entry["status"]["completed"]:
        files = [path for shown in entry["outputs"].values() for path in shown["files"]]
        must(len(files) == 2, f"{name} is done and shows {files}")
        for path in files:
            must((root / "output" / path).is_file(), f"{name} is done and {path} is not there")


VICTIMS = ("server", "worker")

EXPECTED = {"saves": "success", "raises": "error", "dies": "error"}


async def check(server: Running, root: Path, book: Book) -> None:
    """Check everything that must hold when no job waits or runs."""
    history = await server.get("/history")
    must(book.accepted <= history.keys(), f"lost: {sorted(book.accepted - history.keys())}")
    must(history.keys() <= book.kinds.keys(), "jobs that nobody queued")
    for name, entry in history.items():
        check_entry(name, entry, root)
        status = entry["status"]["status_str"]
        must(status == EXPECTED[book.kinds[name]], f"{name} {book.kinds[name]}: {entry['status']}")
    saved = {name for name in history if book.kinds[name] == "saves"}
    output = root / "output"
    own = sorted(path.name for path in (output / "own").glob("*.txt"))
    must(own == sorted(f"{name}_00001_.txt" for name in saved), "each job has its own file once")
    shared = sorted((output / "shared").glob("*.txt"))
    numbers = [path.name for path in shared]
    must(numbers == [f"all_{n:05}_.txt" for n in range(1, len(shared) + 1)], "the numbers have no gaps")
    names = Counter(path.read_text(encoding="utf-8").split()[0] for path in shared)
    must(names == Counter(saved), "each job has written one of the shared files")
    leftover = list((root / "jobs" / "receipts").glob("*")) if (root / "jobs" / "receipts").exists() else []
    must(not leftover, f"receipts of jobs that have ended: {leftover}")


def check_database(root: Path) -> None:
    """Check that the database of a server that was killed is whole."""
    connection = sqlite3.connect(root / "jobs" / "jobs.sqlite")
    try:
        found = connection.execute("PRAGMA integrity_check").fetchall()
        must(found == [("ok",)], f"the database is damaged: {found}")
        must(not connection.execute("PRAGMA foreign_key_check").fetchall(), "a row belongs to no job")
    finally:
        connection.close()


async def play(root: Path, rounds: int, seed: int, database: str | None = None) -> Book:
    """Play some rounds; raises BrokenPromiseError as soon as something does not hold."""
    chance = random.Random(seed)
    book = Book()
    for turn in range(rounds):
        kinds: list[str] = chance.choices(("saves", "raises"), (8, 2), k=chance.randrange(4, 10))
        if turn % 20 == 3:
            kinds.append("dies")
        names = {f"r{turn}-{number}": kind for number, kind in enumerate(kinds)}
        book.kinds |= names
        again = True
        async with started(root, database) as server:
            half = len(names) // 2
            queueing = [
                asyncio.create_task(queue(server, book, part, chance))
                for part in (list(names)[:half], list(names)[half:])
            ]
            again = await kill(server, root, book, chance, VICTIMS[(turn + seed) % 2])
            await asyncio.gather(*queueing)
            if not again:
                await drained(server, root)
                await check(server, root, book)
        if database is None:
            check_database(root)
        if again:
            async with started(root, database) as server:
                await drained(server, root)
                await check(server, root, book)
    return book


def main() -> None:
    """Play all rounds, and print what happened."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        rounds = int(os.environ.get("ROUNDS", ROUNDS))
        book = asyncio.run(play(Path(folder), rounds, seed=1))
        taken = time.perf_counter() - began
    print(f"{rounds} rounds in {taken:.0f} s: killed {book.killed['server']} servers and")
    print(f"{book.killed['worker']} workers; {len(book.accepted)} jobs accepted, none lost, none done twice")
    print(f"a worker has outlived its server by {book.orphaned:.2f} s at most")
