"""What can be read of the database; each function sees one state of it."""

from collections.abc import Collection

from sqlalchemy import ColumnElement, Connection, func, select, true

from .batches import EVENTS, events_of
from .rows import JOB, OUTCOME, ended_of, job_of
from .tables import ENDED, LIVE, RUNNING, WAITING, events, inputs, jobs, results
from .values import Counts, Ended, Load, Queue, State, StoredEvent

FEW = 8
"""Rows of events that are read at once."""

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
    rows = connection.execute(UNFINISHED.where(of_user(user))).all()
    waiting = tuple(job_of(row) for row in rows if row.state == "waiting")
    return Queue(running=tuple(job_of(row) for row in rows if row.state == "running"), waiting=waiting)


def owners(connection: Connection) -> frozenset[str]:
    """Name those who run jobs."""
    return frozenset(connection.scalars(select(jobs.c.lease_owner).where(RUNNING)))


def counts(connection: Connection) -> Counts:
    """Count the jobs."""
    row = connection.execute(COUNTS).one()
    return Counts(waiting=row.waiting, running=row.running, ended=row.ended)


def load(connection: Connection, user: str | None) -> Load:
    """Count the jobs that have not ended, of one user or of everybody."""
    found = select(func.count().label("jobs"), func.coalesce(func.sum(jobs.c.size), 0).label("bytes"))
    row = connection.execute(found.where(LIVE, of_user(user))).one()
    return Load(jobs=row.jobs, bytes=int(row.bytes))


def state(connection: Connection, job: str) -> State | None:
    """Return the state of the job of an id: of the one that waits or runs, or else of the one that ended."""
    for which in (LIVE, ENDED):
        if found := connection.scalar(select(jobs.c.state).where(jobs.c.id == job, which)):
            return found
    return None


def record(connection: Connection, job: str, user: str | None) -> Ended | None:
    """Return how a job ended; None when it is unknown, another user's, or has not ended."""
    named = HISTORY.where(jobs.c.id == job, ENDED, of_user(user)).order_by(jobs.c.ending.desc()).limit(1)
    row = connection.execute(named).first()
    return None if row is None else ended_of(row)


def ended(connection: Connection, tickets: Collection[int]) -> list[tuple[int, int, str]]:
    """Return ticket, time of creation and id of those of some jobs that have ended."""
    named = select(jobs.c.ticket, jobs.c.created, jobs.c.id).where(jobs.c.ticket.in_(tickets), ENDED)
    return [(row.ticket, row.created, row.id) for row in connection.execute(named)]


def of_user(user: str | None) -> ColumnElement[bool]:
    """Choose the jobs of one user, or everybody's."""
    return true() if user is None else jobs.c.owner_user == user


def events_since(connection: Connection, job: str, after: int, most: int) -> list[StoredEvent]:
    """Return the events of a job behind `after`, at most so many; of the newest job of an id."""
    newest = connection.scalar(select(func.max(jobs.c.ticket)).where(jobs.c.id == job))
    return [] if newest is None else events_behind(connection, newest, after, most)


def events_behind(connection: Connection, ticket: int, after: int, most: int) -> list[StoredEvent]:
    """Return the events of one job behind `after`, at most so many."""
    found: list[StoredEvent] = []
    while len(found) < most:  # a few rows at a time: how many events are in them is seen then
        behind = select(*EVENTS).where(events.c.ticket == ticket, events.c.last_seq > after)
        rows = connection.execute(behind.order_by(events.c.seq).limit(FEW)).all()
        if not rows:
            break
        found += [one for one in events_of(rows) if one.seq > after]
        after = rows[-1].last_seq
    return found[:most]
