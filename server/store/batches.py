"""Events of a run as rows: one for all that are written at once, since a row costs more than its content."""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Row, text

from .tables import events
from .values import StoredEvent

MOST = 500
"""Events in one row."""

EVENTS = (events.c.seq, events.c.last_seq, events.c.attempt, events.c.places, events.c.bodies)
"""What events are made of."""

# Whether a write was done is unknown when the connection breaks in its middle: then it is done again, and
# what is written again begins with the same event.
ADD_EVENTS = text(
    "INSERT INTO events (ticket, seq, last_seq, attempt, places, bodies) "
    "VALUES (:ticket, :seq, :last_seq, :attempt, :places, :bodies) ON CONFLICT (ticket, seq) DO UPDATE "
    "SET last_seq = excluded.last_seq, places = excluded.places, bodies = excluded.bodies"
)


def batches_of(ticket: int, new: Sequence[StoredEvent]) -> list[dict[str, object]]:
    """Return the rows that keep consecutive events of one attempt at a job."""
    return [_row(ticket, new[begin : begin + MOST]) for begin in range(0, len(new), MOST)]


def _row(ticket: int, few: Sequence[StoredEvent]) -> dict[str, object]:
    return {
        "ticket": ticket,
        "seq": few[0].seq,
        "last_seq": few[-1].seq,
        "attempt": few[0].attempt,
        "places": json.dumps([[one.at, len(one.body)] for one in few]),
        "bodies": "".join([one.body for one in few]),
    }


def events_of(rows: Iterable[Row[*tuple[Any, ...]]]) -> Iterator[StoredEvent]:
    """Return the events of rows with the columns `EVENTS`."""
    for row in rows:
        begin = 0
        for seq, (at, length) in enumerate(json.loads(row.places), row.seq):
            body = row.bodies[begin : begin + length]
            yield StoredEvent(seq=seq, attempt=row.attempt, at=at, body=body)
            begin += length
