"""A client of the server that costs next to nothing itself: it shares the machine with what it measures."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import time
from typing import Any

TEXT, PING, PONG = 1, 9, 10
ENDS = (b'"execution_success"', b'"execution_error"', b'"execution_interrupted"')


class Http:
    """One connection that is kept open, for one request after the other."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def ask(self, method: str, path: str, body: bytes = b"") -> bytes:
        """Return the body of the answer; raises RuntimeError with it when the status is not 200."""
        if self._reader is None or self._writer is None:
            self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port, limit=2**24)
        head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\nContent-Length: {len(body)}\r\n"
        self._writer.write(head.encode() + b"Content-Type: application/json\r\n\r\n" + body)
        answer = await self._reader.readuntil(b"\r\n\r\n")
        told = await self._body(answer.lower())
        if b" 200 " not in answer[:16]:
            raise RuntimeError((answer + told)[:2000].decode())
        return told

    async def _body(self, head: bytes) -> bytes:
        """Read the body behind a head in small letters: of a length it says, or in chunks."""
        assert self._reader is not None
        if b"content-length:" in head:
            length = head.partition(b"content-length:")[2].partition(b"\r\n")[0]
            return await self._reader.readexactly(int(length))
        parts = list[bytes]()
        while size := int(await self._reader.readuntil(b"\r\n"), 16):
            parts.append(await self._reader.readexactly(size))
            await self._reader.readexactly(2)
        await self._reader.readexactly(2)
        return b"".join(parts)

    async def queue(self, flow: dict[str, Any], client: str) -> str:
        """Queue a workflow and return the job's id."""
        body = json.dumps({"prompt": flow, "client_id": client}).encode()
        return json.loads(await self.ask("POST", "/prompt", body))["prompt_id"]

    def close(self) -> None:
        """Close the connection."""
        if self._writer is not None:
            self._writer.close()


class Socket:
    """The websocket of one client, on which the ends of its jobs are heard."""

    def __init__(self, port: int, client: str) -> None:
        self._port, self.client = port, client
        self._buffer = bytearray()
        self.ended: list[tuple[str, bool, float]] = []
        """Jobs in the order of their ends: id, whether it succeeded, when."""
        self.frames = 0
        self.bytes = 0

    async def open(self) -> None:
        """Connect; what comes after that is read by `wait`."""
        self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port, limit=2**24)
        key = base64.b64encode(os.urandom(16)).decode()
        self._writer.write(
            f"GET /ws?clientId={self.client} HTTP/1.1\r\nHost: 127.0.0.1:{self._port}\r\n"
            f"Upgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        answer = await self._reader.readuntil(b"\r\n\r\n")
        if b" 101 " not in answer[:16]:
            raise RuntimeError(answer.decode())

    async def wait(self, jobs: int) -> None:
        """Read until so many jobs have ended in all; raises RuntimeError when the socket ends before."""
        while len(self.ended) < jobs:
            read = await self._reader.read(2**18)
            if not read:
                raise RuntimeError("the server closed a websocket")
            self._buffer += read
            self._take()

    def close(self) -> None:
        """Close the socket, without a word."""
        self._writer.close()

    def _take(self) -> None:
        buffer, at = self._buffer, 0
        while len(buffer) >= at + 2:
            size, begin = buffer[at + 1] & 127, at + 2
            if size > 125:
                wide = 2 if size == 126 else 8
                if len(buffer) < begin + wide:
                    break
                size, begin = int.from_bytes(buffer[begin : begin + wide], "big"), begin + wide
            if len(buffer) < begin + size:
                break
            self._hear(buffer[at] & 15, bytes(buffer[begin : begin + size]))
            at = begin + size
        del buffer[:at]

    def _hear(self, kind: int, payload: bytes) -> None:
        self.frames += 1
        self.bytes += len(payload)
        if kind == PING:
            self._writer.write(bytes((0x80 | PONG, 0x80, 0, 0, 0, 0)))  # masked, by nothing
        if kind == TEXT and any(end in payload[:64] for end in ENDS):
            told = json.loads(payload)
            succeeded = told["type"] == "execution_success"
            self.ended.append((told["data"]["prompt_id"], succeeded, time.perf_counter()))
