"""The websocket clients: who is connected, and who gets which message."""

import asyncio
import logging
from collections.abc import Mapping

from aiohttp import WSMessage, WSMsgType, web

from .body import read_json
from .messages import Message, feature_flags
from .outbox import Outbox

MAX_FRAME = 1 * 2**20
"""Longest frame read from a client, in bytes; they only ever send their feature flags."""

MAX_BODY = 100 * 2**20
"""Longest request body, in bytes."""

FLAGS: Mapping[str, object] = {"supports_preview_metadata": True, "max_upload_size": MAX_BODY}
"""What this server can do, as clients ask for it."""

log = logging.getLogger(__name__)


class Client:
    """One open websocket with its outbox."""

    def __init__(self, socket: web.WebSocketResponse) -> None:
        self.socket = socket
        self.outbox = Outbox()
        self.flags: Mapping[str, object] = {}
        self._writer: asyncio.Task[None] | None = None

    def send(self, message: Message) -> None:
        """Queue a message; a client that is too far behind is dropped, so that nobody waits for it.

        Of the two forms of a picture only the one goes out that the client said it takes.
        """
        takes_bare = not self.flags.get("supports_preview_metadata")
        if message.picture is not None and message.bare != takes_bare:
            return
        if not self.outbox.put(message) and self._writer is not None:
            log.warning("a websocket client does not read its messages; closing its socket")
            self._writer.cancel()

    async def serve(self) -> None:
        """Send and receive until either side closes or the client falls too far behind."""
        self._writer = asyncio.create_task(self._write())
        both = (self._writer, asyncio.create_task(self._read()))
        try:
            await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in both:
                task.cancel()
            results = await asyncio.gather(*both, return_exceptions=True)
        for result in results:
            if isinstance(result, Exception) and not isinstance(result, ConnectionError):
                raise result
        await self.socket.close()

    async def _read(self) -> None:
        first = True
        async for frame in self.socket:
            if first:
                self._hear(frame)
            first = False

    def _hear(self, frame: WSMessage) -> None:
        """Read a client's first message: only its feature flags have a meaning."""
        if frame.type is not WSMsgType.TEXT:
            return
        try:
            said = read_json(frame.data)
        except ValueError:
            log.info("a websocket client sent something that is not JSON")
            return
        match said:
            case {"type": "feature_flags", "data": dict() as flags}:
                self.flags = flags
                self.send(feature_flags(FLAGS))
            case _:
                log.info("a websocket client sent a message without a meaning here")

    async def _write(self) -> None:
        while True:
            message = await self.outbox.get()
            if message.picture is None:
                await self.socket.send_str(message.to_json())
            else:
                await self.socket.send_bytes(message.to_bytes())


class Clients:
    """All connected clients by session id; the newest socket of an id is the one that receives."""

    def __init__(self) -> None:
        self._clients: dict[str, Client] = {}
        self._open: set[Client] = set()

    def join(self, sid: str, client: Client) -> None:
        """Make a client the receiver of its session's messages."""
        self._clients[sid] = client
        self._open.add(client)

    def leave(self, sid: str, client: Client) -> None:
        """Forget a client; a newer one may have taken its place."""
        self._open.discard(client)
        if self._clients.get(sid) is client:
            del self._clients[sid]

    def connected(self, sid: str) -> bool:
        """Return whether a session has a socket."""
        return sid in self._clients

    def send(self, message: Message, sid: str | None) -> None:
        """Send to one session; nothing happens while it has no socket."""
        if sid is not None and (client := self._clients.get(sid)):
            client.send(message)

    def broadcast(self, message: Message) -> None:
        """Send to every session."""
        for client in self._clients.values():
            client.send(message)

    def end(self, slot: str) -> None:
        """Let the last state of a slot go to whoever hears of it: there will be no other."""
        for client in self._open:
            client.outbox.end(slot)

    async def close(self) -> None:
        """Close every socket, saying that the server goes away."""
        goodbyes = (client.socket.close(code=1001, message=b"server stops") for client in list(self._open))
        await asyncio.gather(*goodbyes)
