"""The bounded queue between the server and one websocket client."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from time import monotonic

from .messages import Message

LIMIT = 4096
"""Messages that may wait for one client; a client that is further behind is disconnected."""

BEHIND = 512
"""When so many wait, the client is slow: it gets only the latest of each state. A line of a worker may bring
hundreds at once."""

BATCH = 256
"""Messages that are taken at once; what waits longer may still be replaced by a newer state."""

LIGHT = 32
"""A state of more nodes than this is always told as seldom as it may be."""

SECONDS_PER_NODE = 0.0002
"""Such a state is queued at most once in this time for each of its nodes."""


class Outbox:
    """What waits for one client, in order.

    Facts always arrive. A message with a `slot` is a state, of which only the latest matters: a client that
    is behind, and every client where states are heavy, gets fewer of them. A heavy state is held back while
    its predecessor is young, and leaves out the nodes that were told to be finished. The end of its run lets
    it go whole, so the last one always arrives and has every node.
    """

    def __init__(
        self, limit: int = LIMIT, behind: int = BEHIND, clock: Callable[[], float] = monotonic
    ) -> None:
        self._limit = limit
        self._behind = behind
        self._clock = clock
        self._waiting: OrderedDict[object, Message] = OrderedDict()
        self._held: dict[str, Message] = {}
        self._due: dict[str, float] = {}
        self._sent: dict[str, Message] = {}  # heavy states as they were before nodes were left out
        self._shortened: set[str] = set()  # slots whose last state went out with nodes left out
        self._ended: set[str] = set()  # slots whose last state waits
        self._changed = asyncio.Event()

    def put(self, message: Message) -> bool:
        """Queue a message; False: this client is too far behind, close its socket."""
        if message.ends is not None:
            self.end(message.ends)
        light = message.weight <= LIGHT
        if message.slot is None or (light and len(self._waiting) < self._behind):
            self._waiting[object()] = message
        elif not light and self._clock() < self._due.get(message.slot, 0.0):
            self._held[message.slot] = message
        else:
            self._held.pop(message.slot, None)
            self._queue_state(message.slot, message)
        self._changed.set()
        return len(self._waiting) <= self._limit

    async def take(self, most: int = BATCH) -> list[Message]:
        """Wait until something may go out, and take it from the queue: all of it, or so many messages."""
        while True:
            now = self._clock()
            for slot in [slot for slot in self._held if self._due.get(slot, 0.0) <= now]:
                self._release(slot)
            if self._waiting:
                count = min(most, len(self._waiting))
                return [self._going(self._waiting.popitem(last=False)[1]) for _ in range(count)]
            self._changed.clear()
            patience = min((self._due[slot] - now for slot in self._held), default=None)
            if patience is None:
                await self._changed.wait()
                continue
            with suppress(TimeoutError):
                async with asyncio.timeout(patience):
                    await self._changed.wait()

    def end(self, slot: str) -> None:
        """Let the last state of a slot go, whole; there will be no other."""
        if slot not in self._waiting and slot not in self._sent and slot not in self._held:
            return  # nothing is known of it here: ends are told to every outbox
        self._release(slot)
        if slot in self._waiting:
            self._ended.add(slot)
        elif slot in self._shortened:
            self._ended.add(slot)
            self._queue_state(slot, self._sent[slot])
        self._sent.pop(slot, None)
        self._shortened.discard(slot)
        self._due.pop(slot, None)

    def _going(self, message: Message) -> Message:
        """Return a message as it goes out: a heavy state without what was told of it before."""
        slot = message.slot
        if slot in self._ended:
            self._ended.remove(slot)
            return message
        if slot is None or message.weight <= LIGHT:
            return message
        told = self._sent.get(slot)
        self._sent[slot] = message
        if told is None:
            return message
        self._shortened.add(slot)
        return message.since(told)

    def _release(self, slot: str) -> None:
        if held := self._held.pop(slot, None):
            self._queue_state(slot, held)

    def _queue_state(self, slot: str, message: Message) -> None:
        self._waiting.pop(slot, None)
        self._waiting[slot] = message
        self._changed.set()  # only then: an end is told to every outbox, and concerns few
        if message.weight > LIGHT:
            self._due[slot] = self._clock() + message.weight * SECONDS_PER_NODE
