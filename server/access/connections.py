"""Connections before and below HTTP: how many there are, and how long one may keep the server waiting."""

import asyncio
import socket
import ssl
from collections import Counter
from collections.abc import Callable
from typing import cast

from aiohttp import StreamReader, web
from aiohttp.typedefs import Handler, Middleware
from yarl import URL

from ..limits import Limits
from ..refusals import refused

try:
    import resource
except ImportError:  # Windows: there is no such limit
    resource = None

OTHER_FILES = 256
"""Open files of a server besides its connections."""

Make = Callable[[], asyncio.Protocol]


class Gate:
    """Makes the protocol of each connection, and closes those that are too many or too slow."""

    def __init__(self, make: Make, limits: Limits) -> None:
        self._make = make
        self.limits = limits
        self.open: Counter[str] = Counter()

    def __call__(self) -> asyncio.Protocol:
        """Return the protocol of a new connection."""
        return Watched(self._make(), self)


class Watched(asyncio.Protocol):
    """A protocol that is given up when its first request is long in coming, or nobody reads its answers."""

    def __init__(self, inner: asyncio.Protocol, gate: Gate) -> None:
        self._inner = inner
        self._gate = gate
        self._address = ""
        self._patience: asyncio.TimerHandle | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin, unless there are too many already."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._address = address_of(transport)
        self._gate.open[self._address] += 1
        self._inner.connection_made(transport)
        limits, there = self._gate.limits, self._gate.open
        if there[self._address] > limits.connections_of_address or there.total() > limits.connections:
            transport.abort()
            return
        _give_up_unread(transport, limits.stalled_seconds)
        self._wait(limits.header_seconds)

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        self._wait(None)
        self._gate.open[self._address] -= 1
        if not self._gate.open[self._address]:
            del self._gate.open[self._address]
        self._inner.connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Pass on what came."""
        self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        """Pass on that nothing comes any more."""
        return self._inner.eof_received()

    def pause_writing(self) -> None:
        """Give up when this lasts: the client does not read what it asked for."""
        self._wait(self._gate.limits.stalled_seconds)
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        """Go on."""
        self._wait(None)
        self._inner.resume_writing()

    def came(self) -> None:
        """Hear that a request has come."""
        self._wait(None)

    def _wait(self, seconds: float | None) -> None:
        if self._patience is not None:
            self._patience.cancel()
        assert self._transport is not None
        loop = asyncio.get_running_loop()
        self._patience = None if seconds is None else loop.call_later(seconds, self._transport.abort)


def _give_up_unread(transport: asyncio.BaseTransport, seconds: float) -> None:
    """Let the system give up too, where it can: it sends files by itself, which `pause_writing` misses."""
    connection: socket.socket | None = transport.get_extra_info("socket")
    if connection is not None and connection.family != getattr(socket, "AF_UNIX", None):
        option = getattr(socket, "TCP_USER_TIMEOUT", None)
        if option is not None:
            connection.setsockopt(socket.IPPROTO_TCP, option, round(seconds * 1000))


def address_of(transport: asyncio.BaseTransport | None) -> str:
    """Return the address of whoever is at the other end."""
    peer = None if transport is None else transport.get_extra_info("peername")
    return str(cast(tuple[object, ...], peer)[0]) if isinstance(peer, tuple) else ""


def gated_runner(app: web.Application, limits: Limits, shutdown_timeout: float) -> web.AppRunner:
    """Return what runs an application, with the limits of what is read before it hears of a request."""
    return web.AppRunner(
        app,
        access_log=None,
        shutdown_timeout=shutdown_timeout,
        keepalive_timeout=limits.idle_seconds,
        lingering_time=limits.lingering_seconds,
        max_line_size=limits.header_bytes,
        max_field_size=limits.header_bytes,
        max_headers=limits.headers,
    )


def allow_open_files(connections: int) -> None:
    """Let this process have as many open files as connections need, so far as the system allows it."""
    if resource is None:
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        most = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


class GatedSite(web.BaseSite):
    """Answers on a socket that listens already, behind a gate."""

    def __init__(
        self,
        runner: web.AppRunner,
        listening: socket.socket,
        limits: Limits,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        super().__init__(runner, ssl_context=tls)
        self._listening = listening
        self._limits = limits
        assert runner.server is not None
        self.gate = Gate(runner.server, limits)

    @property
    def name(self) -> str:
        """The site's address."""
        host, port = self._listening.getsockname()[:2]
        return str(URL.build(scheme="https" if self._ssl_context else "http", host=host, port=port))

    async def start(self) -> None:
        """Answer from now on."""
        await super().start()
        patience = None if self._ssl_context is None else self._limits.header_seconds
        self._server = await asyncio.get_running_loop().create_server(
            self.gate,
            sock=self._listening,
            ssl=self._ssl_context,
            backlog=self._backlog,
            ssl_handshake_timeout=patience,
        )


def in_time(limits: Limits) -> Middleware:
    """Return what gives up on bodies that come too slowly."""

    @web.middleware
    async def watch(request: web.Request, handler: Handler) -> web.StreamResponse:
        protocol = None if request.transport is None else request.transport.get_protocol()
        if isinstance(protocol, Watched):
            protocol.came()
        if request.content.is_eof():  # as most: the body came with the headers
            return await handler(request)
        patience = asyncio.timeout(None)
        try:
            async with patience:
                watching = _Slowness(request.content, limits, patience)
                try:
                    return await handler(request)
                finally:
                    watching.end()
        except TimeoutError:
            if not patience.expired():
                raise
            answer = refused(408, "too_slow", "The body of this request came too slowly")
            answer.force_close()
            return answer

    return watch


class _Slowness:
    """Ends patience with a body that is not there when it should be."""

    def __init__(self, body: StreamReader, limits: Limits, patience: asyncio.Timeout) -> None:
        self._body, self._limits, self._patience = body, limits, patience
        self._loop = asyncio.get_running_loop()
        self._began = self._loop.time()
        self._next = self._loop.call_at(self._due(), self._look)

    def end(self) -> None:
        """Look no more."""
        self._next.cancel()

    def _due(self) -> float:
        limits = self._limits
        return self._began + limits.body_seconds + self._body.total_bytes / limits.body_rate

    def _look(self) -> None:
        if self._body.is_eof():
            return
        if self._loop.time() < self._due():
            self._next = self._loop.call_at(self._due(), self._look)
        else:
            self._patience.reschedule(self._loop.time())
