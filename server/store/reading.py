"""What can be read of the database; each function sees one state of it."""

from sqlalchemy import Connection, func, select

from .rows import JOB, OUTCOME, ended_of, job_of
from .tables import ENDED, LIVE, RUNNING, WAITING, events, inputs, jobs, results
from .values import Counts, Ended, Job, State, StoredEvent

PENDING = select(*JOB).join(inputs).where(WAITING).order_by(jobs.c.number, jobs.c.ticket)
RUNNING_JOBS = select(*JOB).join(inputs).where(RUNNING).order_by(jobs.c.started, jobs.c.ticket)
HISTORY = select(*JOB, *OUTCOME).join(inputs).join(results, results.c.ticket == jobs.c.ticket)
COUNTS = select(
    select(func.count()).select_from(jobs).where(WAITING).scalar_subquery().label("waiting"),
    select(func.count()).select_from(jobs).where(RUNNING).scalar_subquery().label("running"),
    select(func.count()).select_from(jobs).where(ENDED).scalar_subquery().label("ended"),
)


def pending(connection: Connection) -> list[Job]:
    """Return the waiting jobs, first to run first."""
    return [job_of(row) for row in connection.execute(PENDING)]


def running(connection: Connection) -> list[Job]:
    """Return the running jobs, in the order in which they were begun."""
    return [job_of(row) for row in connection.execute(RUNNING_JOBS)]


def owners(connection: Connection) -> frozenset[str]:
    """Name those who run jobs."""
    return frozenset(connection.scalars(select(jobs.c.lease_owner).where(RUNNING)))


def counts(connection: Connection) -> Counts:
    """Count the jobs."""
    row = connection.execute(COUNTS).one()
    return Counts(waiting=row.waiting, running=row.running, ended=row.ended)


def state(connection: Connection, job: str) -> State | None:
    """Return the state of the job of an id: of the one that waits or runs, or else of the one that ended."""
    for which in (LIVE, ENDED):
        if found := connection.scalar(select(jobs.c.state).where(jobs.c.id == job, which)):
            return found
    return None


def record(connection: Connection, job: str) -> Ended | None:
    """Return how a job ended; None when it is unknown or has not ended."""
    row = connection.execute(HISTORY.where(jobs.c.id == job, ENDED)).first()
    return None if row is None else ended_of(row)


def history(connection: Connection, max_items: int | None, offset: int | None, most: int) -> list[Ended]:
    """Return a window of the history, oldest first.

    Without `max_items`: all from `offset` on. With it: that many from `offset`, or the newest ones when
    there is no offset or a negative one. Never more than `most`: without `max_items` the newest of those.
    """
    if max_items is None:
        there = connection.scalar(select(func.count()).select_from(jobs).where(ENDED)) or 0
        begin = max(offset or 0, there - most, 0)
        return _from(connection, begin, most)
    size = min(max(max_items, 0), most)
    if offset is None or offset < 0:
        newest = select(jobs.c.ticket).where(ENDED).order_by(jobs.c.ending.desc()).limit(size)
        rows = connection.execute(HISTORY.where(jobs.c.ticket.in_(newest)).order_by(jobs.c.ending))
        return [ended_of(row) for row in rows]
    return _from(connection, offset, size)


def _from(connection: Connection, offset: int, size: int) -> list[Ended]:
    # The inner query walks an index only: the rows before the window are not read.
    window = select(jobs.c.ticket).where(ENDED).order_by(jobs.c.ending).offset(offset).limit(size)
    rows = connection.execute(HISTORY.where(jobs.c.ticket.in_(window)).order_by(jobs.c.ending))
    return [ended_of(row) for row in rows]


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
