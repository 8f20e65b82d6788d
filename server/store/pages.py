"""Long lists in pieces: first where their rows lie, then a few rows at a time.

A list of 10,000 jobs may have hundreds of megabytes, and whoever reads it may be slow: none of it is held in
memory, nor a look at the database kept open, for longer than a piece takes.
"""

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, Select, bindparam, func, select

from .prepared import rows_of, tuples_of
from .reading import HISTORY, UNFINISHED, of_user
from .rows import ended_of, job_of
from .tables import ENDED, LIVE, jobs
from .values import Ended, Job, Place

PIECE = 2**18
"""Bytes that jobs were given which are read at once; one job may be more."""

FEW = 64
"""Jobs that are read at once."""

PLACES = (
    select(jobs.c.ticket, jobs.c.size, jobs.c.number, jobs.c.state)
    .where(LIVE)
    .order_by(jobs.c.number, jobs.c.ticket)
)
PLACES_OF = PLACES.where(jobs.c.owner_user == bindparam("of"))
NAMES = tuple(f"ticket_{number}" for number in range(FEW))
NAMED = UNFINISHED.where(jobs.c.ticket.in_([bindparam(name) for name in NAMES]))


def cut(places: Sequence[Place]) -> Iterator[Sequence[Place]]:
    """Cut a list into pieces that may be read at once."""
    begin = size = 0
    for end, place in enumerate(places):
        if end > begin and (end - begin == FEW or size + place.size > PIECE):
            yield places[begin:end]
            begin, size = end, 0
        size += place.size
    if begin < len(places):
        yield places[begin:]


def history_places(
    connection: Connection, max_items: int | None, offset: int | None, most: int, user: str | None
) -> list[Place]:
    """Return where a window of the history lies, of one user or of everybody, oldest first.

    Without `max_items`: all from `offset` on. With it: that many from `offset`, or the newest ones when
    there is no offset or a negative one. Never more than `most`: without `max_items` the newest of those.
    """
    tickets = select(jobs.c.ticket).where(ENDED, of_user(user))
    if max_items is None:
        there = connection.scalar(select(func.count()).select_from(tickets.subquery())) or 0
        return _window(connection, tickets, max(offset or 0, there - most, 0), most)
    size = min(max(max_items, 0), most)
    if offset is not None and offset >= 0:
        return _window(connection, tickets, offset, size)
    return _places(connection, tickets.order_by(jobs.c.ending.desc()).limit(size))


def _window(connection: Connection, tickets: Select[tuple[int]], offset: int, size: int) -> list[Place]:
    return _places(connection, tickets.order_by(jobs.c.ending).offset(offset).limit(size))


def _places(connection: Connection, tickets: Select[tuple[int]]) -> list[Place]:
    # The inner query walks an index only: the rows before the window are not read.
    found = select(jobs.c.ticket, jobs.c.size).where(jobs.c.ticket.in_(tickets)).order_by(jobs.c.ending)
    return [Place(ticket=row.ticket, size=row.size) for row in connection.execute(found)]


def ended(connection: Connection, places: Sequence[Place]) -> list[Ended]:
    """Return jobs of the history, oldest first; those that were deleted meanwhile are left out."""
    named = HISTORY.where(jobs.c.ticket.in_([place.ticket for place in places]), ENDED)
    return [ended_of(row) for row in connection.execute(named.order_by(jobs.c.ending))]


def queue_places(connection: Connection, user: str | None) -> tuple[list[Place], list[Place]]:
    """Return where the running and the waiting jobs lie, of one user or of everybody, first to run first."""
    # In one query: between two of them a job could go on from one list to the other.
    which, given = (PLACES, {}) if user is None else (PLACES_OF, {"of": user})
    rows = tuples_of(connection, which, given)
    places = [(state, Place(ticket=ticket, size=size, number=number)) for ticket, size, number, state in rows]
    running = [place for state, place in places if state == "running"]
    return running, [place for state, place in places if state == "waiting"]


def unfinished(connection: Connection, places: Sequence[Place]) -> list[Job]:
    """Return jobs that have not ended, first to run first; those that have meanwhile are left out.

    At most `FEW`, and at least one.
    """
    tickets = [place.ticket for place in places]
    tickets += tickets[-1:] * (FEW - len(tickets))
    return [job_of(row) for row in rows_of(connection, NAMED, dict(zip(NAMES, tickets, strict=True)))]
