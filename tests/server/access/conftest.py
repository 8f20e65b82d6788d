"""A server with users on a real socket, behind its gate, and clients that are somebody."""

import asyncio
import socket
import sys
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from aiohttp import ClientSession, web

from inkloom.executor import Folders
from inkloom.server.access.connections import Gate, GatedSite, gated_runner
from inkloom.server.access.door import Door
from inkloom.server.app import make_app
from inkloom.server.limits import LIMITS, Limits

TOY = Path(__file__).parent.parent / "toy.py"


@dataclass(frozen=True)
class Running:
    """A server that runs: its folder, its application, its port."""

    root: Path
    app: web.Application
    port: int
    gate: Gate

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @asynccontextmanager
    async def client(self, token: str | None = None, **kwargs: Any) -> AsyncGenerator[ClientSession]:
        """Yield a client that shows a token."""
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        async with ClientSession(self.url, headers=headers, **kwargs) as session:
            yield session

    async def raw(self, text: bytes, seconds: float = 30) -> bytes:
        """Send bytes, and return all that comes until the server closes the connection."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            async with asyncio.timeout(seconds):
                writer.write(text)
                return await reader.read()
        finally:
            writer.close()


Serve = Callable[..., AbstractAsyncContextManager[Running]]


@pytest.fixture
def serve(toy: ModuleType, tmp_path: Path) -> Serve:
    """Return what runs a server with toy nodes."""

    @asynccontextmanager
    async def run(
        door: Door | None = None,
        *,
        hosts: tuple[str, ...] = (),
        limits: Limits = LIMITS,
        works: bool = False,
        root: Path = tmp_path,
        **options: Any,
    ) -> AsyncIterator[Running]:
        argv = (sys.executable, str(TOY), str(root)) if works else ("/bin/cat",)
        app = make_app(toy.TABLE, Folders(root), [argv], None, door, hosts, limits, **options)
        runner = gated_runner(app, limits, 1.0)
        with socket.create_server(("127.0.0.1", 0)) as listening:
            try:
                await runner.setup()
                site = GatedSite(runner, listening, limits)
                await site.start()
                yield Running(root, app, listening.getsockname()[1], site.gate)
            finally:
                await runner.cleanup()

    return run
