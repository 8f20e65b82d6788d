"""Connections that are too many, too slow, or that nobody reads."""

import asyncio
import socket
from dataclasses import replace
from typing import Any

from inkloom.server.limits import LIMITS, Limits

from .conftest import Serve


def small(**limits: Any) -> Limits:
    return replace(LIMITS, **limits)


HEAD = b"POST /settings HTTP/1.1\r\nHost: 127.0.0.1\r\n"


async def test_headers_that_do_not_come(serve: Serve) -> None:
    async with serve(limits=small(header_seconds=0.2)) as server:
        for begun in (b"", b"GET /queue HT", HEAD, HEAD + b"X-Slow: "):
            assert await server.raw(begun) == b""
        quick = b"GET /queue HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
        assert (await server.raw(quick)).startswith(b"HTTP/1.1 200")


async def test_a_connection_that_asks_no_more(serve: Serve) -> None:
    async with serve(limits=small(idle_seconds=0.2)) as server:
        for more in (b"", b"GET /que"):  # nothing, or half of a request
            answer = await server.raw(b"GET /queue HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n" + more)
            assert answer.startswith(b"HTTP/1.1 200")


async def test_a_body_that_comes_too_slowly(serve: Serve) -> None:
    limits = small(body_seconds=0.3, body_rate=1000, lingering_seconds=0.2)
    async with serve(limits=limits) as server:
        for path in (b"/settings", b"/prompt", b"/userdata/a"):
            head = b"POST %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5000\r\n\r\n" % path
            answer = await server.raw(head + b'{"a": ')
            assert answer.startswith(b"HTTP/1.1 408"), path
            assert b"too_slow" in answer
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        text = b'{"a": "%s"}' % (b"x" * 2000)
        writer.write(HEAD + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(text))
        for start in range(0, len(text), 200):  # a second in all: slower than the limit, faster than the rate
            writer.write(text[start : start + 200])
            await asyncio.sleep(0.1)
        assert (await reader.read()).startswith(b"HTTP/1.1 200")
        writer.close()
        assert not [path for path in server.root.rglob("*") if path.name in ("a", "unfinished")]


async def test_an_answer_that_nobody_reads(serve: Serve) -> None:
    async with serve(limits=small(stalled_seconds=0.3)) as server:
        (server.root / "output").mkdir(exist_ok=True)
        (server.root / "output" / "large.bin").write_bytes(b"x" * 64 * 2**20)
        with socket.create_connection(("127.0.0.1", server.port)) as lazy:
            lazy.setblocking(False)
            loop = asyncio.get_running_loop()
            asked = b"GET /view?filename=large.bin HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
            await loop.sock_sendall(lazy, asked)
            assert (await loop.sock_recv(lazy, 100)).startswith(b"HTTP/1.1 200")
            assert server.gate.open.total() == 1
            async with asyncio.timeout(20):
                while server.gate.open.total():
                    await asyncio.sleep(0.05)


async def test_connections_of_one_address_and_in_all(serve: Serve) -> None:
    for limits in (small(connections_of_address=3), small(connections=3)):
        async with serve(limits=limits) as server:
            held = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(3)]
            for _, writer in held:
                writer.write(b"GET /features HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            for reader, _ in held:
                assert (await reader.readline()).startswith(b"HTTP/1.1 200")
            assert await server.raw(b"GET /features HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n") == b""
            held.pop()[1].close()
            async with asyncio.timeout(10):
                while not await server.raw(
                    b"GET /features HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
                ):
                    pass
            for _, writer in held:
                writer.close()
