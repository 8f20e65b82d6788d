"""What can be read of the database; each function sees one state of it."""

from sqlalchemy import ColumnElement, Connection, Select, func, select, true

from .rows import JOB, OUTCOME, ended_of, job_of
from .tables import ENDED, LIVE, RUNNING, WAITING, events, inputs, jobs, results
from .values import Counts, Ended, Queue, State, StoredEvent

UNFINISHED = select(*JOB, jobs.c.state).join(inputs).where(LIVE).order_by(jobs.c.number, jobs.c.ticket)
HISTORY = select(*JOB, *OUTCOME).join(inputs).join(results, results.c.ticket == jobs.c.ticket)
COUNTS = select(
    select(func.count()).select_from(jobs).where(WAITING).scalar_subquery().label("waiting"),
    select(func.count()).select_from(jobs).where(RUNNING).scalar_subquery().label("running"),
    select(func.count()).select_from(jobs).where(ENDED).scalar_subquery().label("ended"),
)


def queue(connection: Connection, user: str | None) -> Queue:
    """Return the jobs that have not ended, of one user or of everybody."""
    # In one query: between two of them a job could go on from one list to the other.
    rows = connection.execute(UNFINISHED.where(_of(user))).all()
    waiting = tuple(job_of(row) for row in rows if row.state == "waiting")
    return Queue(running=tuple(job_of(row) for row in rows if row.state == "running"), waiting=waiting)


def owners(connection: Connection) -> frozenset[str]:
    """Name those who run jobs."""
    return frozenset(connection.scalars(select(jobs.c.lease_owner).where(RUNNING)))


def counts(connection: Connection) -> Counts:
    """Count the jobs."""
    row = connection.execute(COUNTS).one()
    return Counts(waiting=row.waiting, running=row.running, ended=row.ended)


def unfinished(connection: Connection, user: str) -> int:
    """Count the jobs of a user that have not ended."""
    found = select(func.count()).select_from(jobs).where(LIVE, jobs.c.owner_user == user)
    return connection.scalar(found) or 0


def state(connection: Connection, job: str) -> State | None:
    """Return the state of the job of an id: of the one that waits or runs, or else of the one that ended."""
    for which in (LIVE, ENDED):
        if found := connection.scalar(select(jobs.c.state).where(jobs.c.id == job, which)):
            return found
    return None


def record(connection: Connection, job: str, user: str | None) -> Ended | None:
    """Return how a job ended; None when it is unknown, another user's, or has not ended."""
    named = HISTORY.where(jobs.c.id == job, ENDED, _of(user)).order_by(jobs.c.ending.desc()).limit(1)
    row = connection.execute(named).first()
    return None if row is None else ended_of(row)


def history(
    connection: Connection, max_items: int | None, offset: int | None, most: int, user: str | None
) -> list[Ended]:
    """Return a window of the history, of one user or of everybody, oldest first.

    Without `max_items`: all from `offset` on. With it: that many from `offset`, or the newest ones when
    there is no offset or a negative one. Never more than `most`: without `max_items` the newest of those.
    """
    tickets = select(jobs.c.ticket).where(ENDED, _of(user))
    if max_items is None:
        there = connection.scalar(select(func.count()).select_from(tickets.subquery())) or 0
        return _window(connection, tickets, max(offset or 0, there - most, 0), most)
    size = min(max(max_items, 0), most)
    if offset is not None and offset >= 0:
        return _window(connection, tickets, offset, size)
    newest = tickets.order_by(jobs.c.ending.desc()).limit(size)
    rows = connection.execute(HISTORY.where(jobs.c.ticket.in_(newest)).order_by(jobs.c.ending))
    return [ended_of(row) for row in rows]


def _window(connection: Connection, tickets: Select[tuple[int]], offset: int, size: int) -> list[Ended]:
    # The inner query walks an index only: the rows before the window are not read.
    window = tickets.order_by(jobs.c.ending).offset(offset).limit(size)
    rows = connection.execute(HISTORY.where(jobs.c.ticket.in_(window)).order_by(jobs.c.ending))
    return [ended_of(row) for row in rows]


def _of(user: str | None) -> ColumnElement[bool]:
    return true() if user is None else jobs.c.owner_user == user


def events_since(connection: Connection, job: str, after: int, most: int) -> list[StoredEvent]:
    """Return the events of a job behind `after`, at most so many; of the newest job of an id."""
    newest = select(func.max(jobs.c.ticket)).where(jobs.c.id == job).scalar_subquery()
    rows = connection.execute(
        select(events.c.seq, events.c.attempt, events.c.at, events.c.body)
        .where(events.c.ticket == newest, events.c.seq > after)
        .order_by(events.c.seq)
        .limit(most)
    )
    return [StoredEvent(seq=row.seq, attempt=row.attempt, at=row.at, body=row.body) for row in rows]
