"""What the server costs over the wire: a real `inkloom serve`, clients on the same machine.

Beside each figure stands what the same machine takes at the same time for the least of it: a bare aiohttp
server that reads the workflow and answers, and the engine in this process, without server or disk.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from itertools import count
from pathlib import Path

from inkloom.executor import MemoryCache

from .engine import LONGEST, answered
from .flows import Flow, chains
from .wire import Http, Socket

INKLOOM = str(Path(sys.executable).with_name("inkloom"))
NODES = 1000
TURNS, CACHED_TURNS = 7, 30
CLIENTS, JOBS = 20, 600
WEBSOCKETS = 500
GOALS = {"uncached": 0.3, "cached": 0.03, "end changed": 0.03}
"""Seconds wanted for a workflow of 1,000 cheap nodes."""

MANY, LOOKS = 20_000, 4
"""Jobs over which memory should stay flat, and how often it is looked at."""

JOBS_A_SECOND, QUEUE_SECONDS = 600, 0.03
"""Jobs wanted a second, and the 99th percentile of GET /queue meanwhile."""


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        return found.getsockname()[1]


@contextmanager
def process(command: list[str]) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program as long as it is needed."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as running:
        try:
            yield running
        finally:
            running.send_signal(signal.SIGTERM)


def resident(pid: int) -> list[float]:
    """Return the MiB that a process and its children have in memory."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    pages = [
        int(Path(f"/proc/{one}/statm").read_text(encoding="ascii").split()[1]) for one in (pid, *children)
    ]
    return [one * os.sysconf("SC_PAGE_SIZE") / 2**20 for one in pages]


async def until_it_answers(port: int, server: subprocess.Popen[bytes]) -> None:
    """Wait until a server listens on a port; raises RuntimeError when it has ended."""
    while True:
        if server.poll() is not None:
            raise RuntimeError(f"a server ended with status {server.returncode}")
        with suppress(OSError):
            _, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.close()
            return
        await asyncio.sleep(0.05)


@asynccontextmanager
async def connected(port: int, name: str) -> AsyncIterator[tuple[Http, Socket]]:
    """Have a client with its websocket."""
    http, hearing = Http(port), Socket(port, name)
    await hearing.open()
    try:
        yield http, hearing
    finally:
        http.close()
        hearing.close()


async def run_one(http: Http, hearing: Socket, flow: Flow) -> float:
    """Return the seconds from the request to the run's last message; raises RuntimeError when it fails."""
    began, before = time.perf_counter(), len(hearing.ended)
    await http.queue(flow, hearing.client)
    await hearing.wait(before + 1)
    _, succeeded, at = hearing.ended[-1]
    if not succeeded:
        raise RuntimeError("a job failed")
    return at - began


def median(seconds: list[float]) -> float:
    """Return the median, in milliseconds."""
    return statistics.median(seconds) * 1e3


def timed(work: Callable[[], object]) -> float:
    """Return the seconds that some work takes."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


async def big(port: int, echo: int, kind: str) -> None:
    """Print what a workflow of 1,000 cheap nodes takes, in turn here and there."""
    first = count(1, 1000)
    known = chains(kind, NODES, LONGEST)
    body, cache = json.dumps({"prompt": known}).encode(), MemoryCache(2**30)
    answered(json.dumps(known), cache)
    flows: dict[str, tuple[int, Callable[[int], Flow]]] = {
        "uncached": (TURNS, lambda _: chains(kind, NODES, LONGEST, first=next(first))),
        "cached": (CACHED_TURNS, lambda _: known),
        "end changed": (TURNS, lambda turn: chains(kind, NODES, LONGEST, changed=turn + 1)),
    }
    bare = Http(echo)
    async with connected(port, kind) as (http, hearing):
        await run_one(http, hearing, known)
        for name, (turns, make) in flows.items():
            there, here, answers = list[float](), list[float](), list[float]()
            frames, size = hearing.frames, hearing.bytes
            for turn in range(turns):
                flow = make(turn)
                there.append(await run_one(http, hearing, flow))
                text = json.dumps(flow)
                used = MemoryCache(2**30) if name == "uncached" else cache
                here.append(timed(lambda text=text, used=used: answered(text, used)))
                began = time.perf_counter()
                await bare.ask("POST", "/prompt", body)
                answers.append(time.perf_counter() - began)
            print(
                f"{kind + ', ' + name:24}{median(there):10.1f}{min(there) * 1e3:10.1f}"
                f"{GOALS[name] * 1e3:8.0f}{median(here):12.1f}{median(answers):10.1f}"
                f"{(hearing.frames - frames) // turns:8}{(hearing.bytes - size) / turns / 2**20:8.2f}",
                flush=True,
            )
    bare.close()


async def crowd(port: int, kind: str, idle: int = 0) -> None:
    """Print how many small jobs a second 20 clients get done, with so many more that only listen."""
    first = count(10**6 + 10**5 * idle)  # nothing that was run before
    async with asyncio.TaskGroup() as group:
        listening = [Socket(port, f"idle-{number}") for number in range(idle)]
        for one in listening:
            group.create_task(one.open())
    drains = [asyncio.create_task(one.wait(1)) for one in listening]
    accepted: list[float] = []
    order: list[tuple[float, str]] = []
    asked: list[float] = []
    done = asyncio.Event()

    async def client(number: int) -> None:
        async with connected(port, f"{kind}-{idle}-{number}") as (http, hearing):
            hears = asyncio.create_task(hearing.wait(JOBS // CLIENTS))
            mine = [
                await http.queue(chains(kind, 4, first=next(first)), hearing.client)
                for _ in range(JOBS // CLIENTS)
            ]
            accepted.append(time.perf_counter())
            await hears
            if [job for job, _, _ in hearing.ended] != mine:
                raise RuntimeError("the jobs of a client did not end in their order, or not all of them")
            if not all(succeeded for _, succeeded, _ in hearing.ended):
                raise RuntimeError("a job failed")
            order.extend((at, job) for job, _, at in hearing.ended)

    async def look() -> None:
        http = Http(port)
        while not done.is_set():
            began = time.perf_counter()
            await http.ask("GET", "/queue")
            asked.append(time.perf_counter() - began)
            await asyncio.sleep(0.1)
        http.close()

    looking = asyncio.create_task(look())
    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for number in range(CLIENTS):
            group.create_task(client(number))
    seconds = max(at for at, _ in order) - began
    done.set()
    await looking
    for drain, one in zip(drains, listening, strict=True):
        drain.cancel()
        one.close()
        if one.ended:
            raise RuntimeError("a client heard of another one's job")
    asked.sort()
    print(
        f"{f'{kind}, 4 nodes, {idle} more sockets':36}{JOBS / seconds:10.0f}{JOBS_A_SECOND:8}"
        f"{JOBS / (max(accepted) - began):12.0f}{asked[int(len(asked) * 0.99)] * 1e3:14.1f}"
        f"{QUEUE_SECONDS * 1e3:8.0f}",
        flush=True,
    )


async def many(port: int, pid: int) -> None:
    """Print the memory of the server and its worker over many jobs of 20 clients."""
    first = count(10**8)
    share = MANY // LOOKS // CLIENTS

    async def client(http: Http, hearing: Socket) -> None:
        before = len(hearing.ended)
        hears = asyncio.create_task(hearing.wait(before + share))
        for _ in range(share):
            await http.queue(chains("string", 4, first=next(first)), hearing.client)
        await hears

    async with AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(connected(port, f"many-{number}")) for number in range(CLIENTS)
        ]
        for look in range(LOOKS + 1):
            began = time.perf_counter()
            if look:
                await asyncio.gather(*(client(*one) for one in clients))
            rate = share * CLIENTS / (time.perf_counter() - began) if look else 0.0
            shown = "".join(f"{one:10.1f}" for one in resident(pid))
            print(f"{f'after {look * share * CLIENTS} jobs':36}{rate:10.0f}{shown}", flush=True)


async def bare_crowd(echo: int) -> None:
    """Print how many requests a second a bare server answers to as many clients."""
    body = json.dumps({"prompt": chains("string", 4), "client_id": "x"}).encode()

    async def client() -> None:
        http = Http(echo)
        for _ in range(JOBS // CLIENTS):
            await http.ask("POST", "/prompt", body)
        http.close()

    began = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for _ in range(CLIENTS):
            group.create_task(client())
    print(f"{'bare aiohttp server (reference)':36}{JOBS / (time.perf_counter() - began):10.0f}", flush=True)


async def measured(
    port: int, server: subprocess.Popen[bytes], echo: int, bare: subprocess.Popen[bytes]
) -> None:
    """Print the tables."""
    await until_it_answers(echo, bare)
    await until_it_answers(port, server)
    print(
        f"{'1,000 cheap nodes, ms':24}{'median':>10}{'quickest':>10}{'goal':>8}{'engine here':>12}"
        f"{'bare':>10}{'frames':>8}{'MiB':>8}"
    )
    for kind in ("image", "string"):
        await big(port, echo, kind)
    print(
        f"\n{f'{JOBS} jobs of {CLIENTS} clients':36}{'run/s':>10}{'goal':>8}{'accepted/s':>12}"
        f"{'p99 /queue ms':>14}{'goal':>8}"
    )
    await bare_crowd(echo)
    for kind in ("string", "image"):
        await crowd(port, kind)
    await crowd(port, "string", WEBSOCKETS)
    print(f"\n{f'{MANY} jobs of {CLIENTS} clients':36}{'run/s':>10}{'web MiB':>10}{'worker':>10}")
    await many(port, server.pid)


def main() -> None:
    """Start both servers and print the tables."""
    port, echo = free_port(), free_port()
    with (
        tempfile.TemporaryDirectory() as root,
        process([sys.executable, "-m", "bench.echo", str(echo)]) as bare,
        process([INKLOOM, "serve", "--root", root, "--port", str(port)]) as server,
    ):
        asyncio.run(measured(port, server, echo, bare))


if __name__ == "__main__":
    main()
