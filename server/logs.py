"""The server's own log, for those who can't see its terminal: the last lines, and new ones as they come."""

import asyncio
import logging
import shutil
from collections import deque
from collections.abc import Mapping
from datetime import UTC, datetime

from .sockets.clients import Clients, Session
from .sockets.messages import Message

LINES = 1000
"""Lines that are kept; the oldest goes first."""

LONGEST = 4000
"""Characters of a line that are kept."""


Line = tuple[float, str]
"""When something was logged, in seconds since the epoch, and what."""


def _entry(line: Line) -> Mapping[str, str]:
    """Return a line as the wire has it."""
    seconds, text = line
    return {"t": datetime.fromtimestamp(seconds, UTC).isoformat(), "m": f"{text}\n"}


class LogFeed(logging.Handler):
    """Keeps the last log lines, and sends new ones to the clients that asked for them.

    Lines may come from any thread; clients are told from the event loop, many lines at once when many come.
    """

    def __init__(self, clients: Clients, lines: int = LINES) -> None:
        super().__init__()
        self._clients = clients
        self._lines: deque[Line] = deque(maxlen=lines)
        self._new: deque[Line] = deque(maxlen=lines)
        self._subscribed: set[Session] = set()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._scheduled = False
        self._own = logging.getLogger(__name__.partition(".")[0])  # this program's, not its libraries'

    def start(self) -> None:
        """Listen to what this program logs; called in the event loop."""
        self._loop = asyncio.get_running_loop()
        logging.getLogger().addHandler(self)
        self._own.setLevel(logging.INFO)

    def stop(self) -> None:
        """Listen no more."""
        logging.getLogger().removeHandler(self)
        self._own.setLevel(logging.NOTSET)
        self._loop = None

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line; the caller holds this handler's lock."""
        # Most are never looked at: what can be made later of a line is.
        plain = record.exc_info is None and record.stack_info is None and self.formatter is None
        line = record.created, (record.getMessage() if plain else self.format(record))[:LONGEST]
        self._lines.append(line)
        if not self._subscribed:
            return
        self._new.append(line)
        if self._loop is not None and not self._scheduled:
            self._scheduled = True
            self._loop.call_soon_threadsafe(self._publish)

    def subscribe(self, client: Session, *, enabled: bool) -> None:
        """Send new lines to a client from now on, or no more; one that is not connected is none."""
        if enabled and self._clients.connected(client):
            self._subscribed.add(client)
        else:
            self._subscribed.discard(client)

    def entries(self) -> list[Mapping[str, str]]:
        """Return the last lines, oldest first."""
        with self._held():
            lines = list(self._lines)
        return [_entry(line) for line in lines]

    def told(self, entries: list[Mapping[str, str]]) -> dict[str, object]:
        """Return lines as the wire carries them, with the size of the terminal they were written for."""
        size = shutil.get_terminal_size()
        return {"entries": entries, "size": {"cols": size.columns, "rows": size.lines}}

    def _held(self):
        assert self.lock is not None
        return self.lock

    def _publish(self) -> None:
        with self._held():
            self._scheduled = False
            new = [_entry(line) for line in self._new]
            self._new.clear()
        self._subscribed = {client for client in self._subscribed if self._clients.connected(client)}
        message = Message(type="logs", data=self.told(new))
        for client in self._subscribed:
            self._clients.send(message, client)
