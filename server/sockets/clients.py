"""The websocket clients: who is connected, and who gets which message."""

import asyncio
import logging
from collections import Counter, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import monotonic

from aiohttp import WSCloseCode, WSMessage, WSMsgType, web

from ..access.identity import Identity
from ..body import read_json
from ..limits import FRAMES_SECONDS, LIMITS, Limits
from .messages import Message, feature_flags, status
from .outbox import Outbox

Session = tuple[str, str]
"""A user, and the id that a client of theirs has chosen: another user's of the same id is another."""

FEW = 4
"""Sessions that are told of each change of the queue."""

PAUSE_PER_CLIENT = 0.004
"""Where there are more, seconds for each of them between two times that all are told: jobs come by the
hundred a second, and each changes the queue three times."""

LONGEST_PAUSE = 1.0
"""Seconds between two such times at most, for however many clients."""

FULL = 2**16
"""Bytes that may wait for the network before more messages are taken from the outbox."""

LOOK_AGAIN = 0.02
"""Seconds until it is looked again whether there are still so many."""

log = logging.getLogger(__name__)


def flags_of(limits: Limits) -> Mapping[str, object]:
    """Return what a server can do, as clients ask for it."""
    return {"supports_preview_metadata": True, "max_upload_size": limits.upload_bytes}


@dataclass(frozen=True, slots=True, kw_only=True)
class Guest:
    """Who has opened a websocket, from which address; `proof` is what let them in."""

    identity: Identity
    address: str
    proof: str = ""


class Client:
    """One open websocket with its outbox."""

    def __init__(
        self,
        socket: web.WebSocketResponse,
        transport: asyncio.WriteTransport,
        guest: Guest,
        limits: Limits = LIMITS,
    ) -> None:
        self.socket = socket
        self._transport = transport
        self.guest = guest
        self.outbox = Outbox(limits.outbox)
        self._limits = limits
        self.flags: Mapping[str, object] = {}
        self.sent = 0
        """How many messages have left."""
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
        recent: deque[float] = deque(maxlen=self._limits.frames)
        first = True
        async for frame in self.socket:
            if first:
                self._hear(frame)
            first = False
            now = monotonic()
            if len(recent) == recent.maxlen and now - recent[0] < FRAMES_SECONDS:
                log.warning("a websocket client sends too many messages; closing its socket")
                await self.socket.close(code=WSCloseCode.POLICY_VIOLATION, message=b"too many messages")
                return
            recent.append(now)

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
                self.send(feature_flags(flags_of(self._limits)))
            case _:
                log.info("a websocket client sent a message without a meaning here")

    async def _write(self) -> None:
        while True:
            messages = await self.outbox.take()
            if self.socket.closed or self._transport.is_closing():
                raise ConnectionResetError("the websocket is closed")
            self._transport.write(b"".join([message.frame for message in messages]))
            self.sent += len(messages)
            # There is no way to be told: this is for those who read slowly, and what they don't is kept here.
            while self._transport.get_write_buffer_size() > FULL:
                await asyncio.sleep(LOOK_AGAIN)


class Clients:
    """All connected clients by session; the newest socket of a session is the one that receives."""

    def __init__(self, limits: Limits = LIMITS) -> None:
        self._limits = limits
        self._clients: dict[Session, Client] = {}
        self._open: set[Client] = set()
        self._addresses: Counter[str] = Counter()
        self._remaining = 0
        self._status_due: asyncio.TimerHandle | None = None
        self._sent_before = 0  # by sockets that are gone

    @property
    def count(self) -> int:
        """How many sockets are open."""
        return len(self._open)

    @property
    def sent(self) -> int:
        """How many messages have left so far, by all sockets."""
        return self._sent_before + sum(client.sent for client in self._open)

    def full(self, address: str) -> int | None:
        """Return the status that refuses one more socket from an address; None where it is welcome."""
        if len(self._open) >= self._limits.websockets:
            return 503
        return 429 if self._addresses[address] >= self._limits.websockets_of_address else None

    def join(self, sid: str, client: Client) -> None:
        """Make a client the receiver of its session's messages."""
        self._clients[client.guest.identity.name, sid] = client
        self._open.add(client)
        self._addresses[client.guest.address] += 1

    def leave(self, sid: str, client: Client) -> None:
        """Forget a client; a newer one may have taken its place."""
        if client in self._open:
            self._sent_before += client.sent
        self._open.discard(client)
        self._addresses -= Counter((client.guest.address,))
        session = (client.guest.identity.name, sid)
        if self._clients.get(session) is client:
            del self._clients[session]

    def connected(self, session: Session) -> bool:
        """Return whether a session has a socket."""
        return session in self._clients

    def send(self, message: Message, session: Session) -> None:
        """Send to one session; nothing happens while it has no socket."""
        if client := self._clients.get(session):
            client.send(message)

    def tell_status(self, remaining: int) -> None:
        """Tell every session how many jobs wait or run: where there are many sessions, not every time."""
        if len(self._clients) <= FEW:
            self.broadcast(status(remaining))
            return
        self._remaining = remaining
        if self._status_due is None:
            pause = min(len(self._clients) * PAUSE_PER_CLIENT, LONGEST_PAUSE)
            self._status_due = asyncio.get_running_loop().call_later(pause, self._tell_newest_status)

    def _tell_newest_status(self) -> None:
        self._status_due = None
        self.broadcast(status(self._remaining))

    def broadcast(self, message: Message, about: str | None = None) -> None:
        """Send to every session, or to those that may hear `about` a user's jobs."""
        for client in self._clients.values():
            if about is None or client.guest.identity.may_see(about):
                client.send(message)

    async def dismiss(self, welcome: Callable[[Guest], bool]) -> None:
        """Close the sockets of those who are not let in any more."""
        gone = [client for client in self._open if not welcome(client.guest)]
        closing = (
            client.socket.close(code=WSCloseCode.POLICY_VIOLATION, message=b"token gone") for client in gone
        )
        await asyncio.gather(*closing)

    def end(self, slot: str) -> None:
        """Let the last state of a slot go to whoever hears of it: there will be no other."""
        for client in self._open:
            client.outbox.end(slot)

    async def close(self) -> None:
        """Close every socket, saying that the server goes away."""
        goodbyes = (client.socket.close(code=1001, message=b"server stops") for client in list(self._open))
        await asyncio.gather(*goodbyes)
