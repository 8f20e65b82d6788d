"""Following a job: what was heard, and whether there is more to come. Opens no connection itself."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from . import requests
from .conversation import ENDED, Losses
from .errors import NotUnderstoodError
from .exchange import Lost, Request
from .values import Event

LONGEST_EVENT = 64 * 2**20
"""Bytes of one event; the start of a run names every node."""

SILENCE = 45.0
"""Seconds without a word after which a connection counts as lost: the server sends something every 15."""

CLOSED = Lost(reason="it ended the stream of events", heard=True, known=True)


@dataclass(slots=True)
class Following:
    """The events of one job after number `since`; `over` once the last has come."""

    job: str
    losses: Losses
    since: int = 0
    over: bool = False

    def request(self) -> Request:
        """Return the request for all events that were not heard yet."""
        return requests.event_stream(self.job, self.since)

    def take(self, data: str) -> Event:
        """Read an event; raises NotUnderstoodError for what is none."""
        try:
            event = msgspec.json.decode(data, type=Event)
        except msgspec.DecodeError as error:
            raise NotUnderstoodError(
                f"what the server tells of job {self.job} is no event: {error}"
            ) from error
        self.since = max(self.since, event.seq)
        self.over = event.type == "state" and event.data.get("state") in ENDED
        self.losses.none()
        return event
