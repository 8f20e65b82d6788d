"""The connection of the client that does not wait: as `line.py`, word for word but for `await`."""

from __future__ import annotations

import asyncio
import ssl
import time
from collections.abc import AsyncGenerator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import replace
from typing import TypeVar, cast

import httpx2

from .address import Address
from .conversation import Manner, Sends, ask
from .errors import UnavailableError, refusal
from .exchange import Answer, Call, Lost, Request
from .scheme import speaks_tls
from .wire import answer_of, arguments, loss

T = TypeVar("T")


class AsyncLine:
    """One server, over connections that are kept open."""

    def __init__(
        self, address: Address, timeout: float, patience: float, verify: ssl.SSLContext | bool
    ) -> None:
        self.address = address
        self.manner = Manner(url=address.url, patience=patience, clock=time.monotonic)
        self._answered = False
        self._http = httpx2.AsyncClient(timeout=timeout, verify=verify, trust_env=not address.is_here)

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def ask(self, call: Call[T]) -> T:
        """Ask, and return what the answer says; raises ClientError."""
        return await self.hold(ask(call, self.manner))

    async def hold(self, conversation: Sends[T]) -> T:
        """Hold a conversation and return its result."""
        try:
            sending = next(conversation)
            while True:
                await asyncio.sleep(sending.after)
                sending = conversation.send(await self._exchange(sending.request))
        except StopIteration as ended:
            return cast(T, ended.value)

    async def loss(self, error: httpx2.RequestError | UnavailableError) -> Lost:
        """Return why there is no answer; a server that hears and is silent is asked if it speaks TLS."""
        found = loss(error, known=self._answered)
        if found.known or not found.heard or self.address.url.startswith("https:"):
            return found
        return replace(found, speaks="https" if await asyncio.to_thread(self._speaks_tls) else None)

    def _speaks_tls(self) -> bool:
        return speaks_tls(self.address.url)

    @asynccontextmanager
    async def stream(self, request: Request, silence: float | None = None) -> AsyncGenerator[httpx2.Response]:
        """Yield an answer that comes piece by piece; raises RefusedError, and httpx2.RequestError."""
        timeout = httpx2.Timeout(self._http.timeout.connect, read=silence or self._http.timeout.read)
        with ExitStack() as files:
            given = arguments(request, self.address, files)
            async with self._http.stream(**given, timeout=timeout) as response:
                self._answered = True
                if response.status_code >= 400:
                    await response.aread()
                    raise refusal(answer_of(response))
                yield response

    async def _exchange(self, request: Request) -> Answer | Lost:
        try:
            with ExitStack() as files:
                response = await self._http.request(**arguments(request, self.address, files))
        except httpx2.RequestError as error:
            return await self.loss(error)
        self._answered = True
        return answer_of(response)
