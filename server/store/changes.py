"""Every change of the database, each for several callers in one transaction.

Rows of jobs are locked only where nobody else has locked them: who has is just about to change their state.
So servers that share a PostgreSQL wait for each other at the one row of counters only, not in a circle.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Update,
    bindparam,
    delete,
    func,
    insert,
    or_,
    select,
    update,
)

from .batches import ADD_EVENTS, batches_of
from .prepared import change, change_many, rows_of
from .rows import JOB, job_of
from .tables import ENDED, LIVE, RUNNING, WAITING, counters, events, inputs, jobs, results
from .values import Accepted, IdTaken, Lease, Leased, NewJob, Outcome, StoredEvent

Value = TypeVar("Value")

FEW = 500
"""Values that one statement names; SQLite takes no more than some thousands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """`owner` wants the next jobs, and will say again before `until` that it is still there."""

    owner: str
    most: int
    now: int
    until: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """The owner of a lease is still there."""

    lease: Lease
    until: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Events of a run."""

    lease: Lease
    events: tuple[StoredEvent, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """A run has ended; `events` are those not noted yet."""

    lease: Lease
    outcome: Outcome
    at: int
    events: tuple[StoredEvent, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """A run is given up, and its job waits again; `died` says how its worker died, None if it did not.

    One that was not even `begun` is no attempt.
    """

    lease: Lease
    died: str | None = None
    begun: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Reclaim:
    """Jobs wait again whose owners have not been heard of in time, or are in `dead`."""

    now: int
    dead: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Some:
    """Jobs of these ids, or all, of one user or of everybody."""

    ids: frozenset[str] | None = None
    user: str | None = None


# Statements are made once: making one takes longer than running it.


def _unlocked_rows(*which: ColumnElement[bool]) -> Select[tuple[int]]:
    return select(jobs.c.ticket).where(*which).with_for_update(skip_locked=True)


HELD = (
    (jobs.c.ticket == bindparam("held_ticket"))
    & RUNNING
    & (jobs.c.lease_owner == bindparam("held_owner"))
    & (jobs.c.attempt == bindparam("held_attempt"))
)
"""Chooses the row of a job while a lease of it is held."""

NOBODYS: Mapping[str, object] = {"lease_owner": None, "lease_until": None}

HELD_ROW = _unlocked_rows(HELD)
CHANGE = update(jobs).where(jobs.c.ticket.in_(HELD_ROW))
DIED = CHANGE.values(deaths=jobs.c.deaths + 1)
NOT_BEGUN = CHANGE.values(attempt=jobs.c.attempt - 1)
RELEASE = update(jobs).where(
    jobs.c.ticket.in_(_unlocked_rows(RUNNING, jobs.c.lease_owner == bindparam("of_owner")))
)
START = (
    update(jobs)
    .where(jobs.c.ticket == bindparam("of_ticket"))
    .values(
        state="running",
        attempt=jobs.c.attempt + 1,
        started=bindparam("started"),
        lease_owner=bindparam("lease_owner"),
        lease_until=bindparam("lease_until"),
    )
)
NEXT = (
    select(*JOB, jobs.c.attempt, jobs.c.deaths, jobs.c.losses, jobs.c.trouble, jobs.c.unwanted)
    .join(inputs)
    .where(WAITING)
    .order_by(jobs.c.number, jobs.c.ticket)
    .limit(bindparam("most"))
    .with_for_update(of=jobs, skip_locked=True)
)
END = (
    update(jobs)
    .where(jobs.c.ticket == bindparam("of_ticket"))
    .values(state=bindparam("to_state"), ending=bindparam("place"), ended_at=bindparam("at"), **NOBODYS)
)
NEXT_ENDINGS = (
    update(counters)
    .values(endings=counters.c.endings + bindparam("more_endings"))
    .returning(counters.c.endings)
)
MAKE_ROOM = delete(jobs).where(
    jobs.c.id == select(jobs.c.id).where(HELD).scalar_subquery(),
    jobs.c.owner_user == select(jobs.c.owner_user).where(HELD).scalar_subquery(),
    ENDED,
)
LIVE_ID = select(jobs.c.ticket).where(LIVE, jobs.c.id == bindparam("of_id"))
ADD_JOB, ADD_INPUT, ADD_RESULT = insert(jobs), insert(inputs), insert(results)
LAST_EVENT = select(func.max(events.c.last_seq)).where(events.c.ticket == bindparam("of_ticket"))
TAKE = (
    update(counters)
    .values(
        numbers=counters.c.numbers + bindparam("more_numbers"),
        tickets=counters.c.tickets + bindparam("more_tickets"),
    )
    .returning(counters.c.numbers, counters.c.tickets)
)


def accept(connection: Connection, wanted: Sequence[NewJob]) -> list[Accepted | IdTaken]:
    """Queue jobs."""
    taken = {job.id for job in wanted if rows_of(connection, LIVE_ID, {"of_id": job.id})}
    refused: list[bool] = []
    for job in wanted:  # of two in one batch, the first gets the id
        refused.append(job.id in taken or (job.once and _has_ended(connection, job)))
        taken.add(job.id)
    fresh = [job for job, no in zip(wanted, refused, strict=True) if not no]
    number, ticket = _count(connection, numbers=sum(job.number is None for job in fresh), tickets=len(fresh))
    answers: list[Accepted | IdTaken] = []
    for job, no in zip(wanted, refused, strict=True):
        if no:
            answers.append(IdTaken(id=job.id))
            continue
        ticket += 1
        if job.number is None:
            answers.append(Accepted(number=-number if job.front else number, ticket=ticket))
            number += 1
        else:
            answers.append(Accepted(number=job.number, ticket=ticket))
    places = [answer for answer in answers if isinstance(answer, Accepted)]
    if fresh:
        both = list(zip(fresh, places, strict=True))
        change_many(connection, ADD_JOB, [_job_row(job, place) for job, place in both])
        change_many(connection, ADD_INPUT, [_input_row(job, place.ticket) for job, place in both])
    return answers


def _job_row(job: NewJob, place: Accepted) -> dict[str, object]:
    return {
        "ticket": place.ticket,
        "id": job.id,
        "state": "waiting",
        "number": place.number,
        "client": job.client,
        "owner_user": job.user,
        "created": job.created,
        "size": job.size,
        "asked": job.asked,
        "retry_of": job.retry_of,
    }


def _input_row(job: NewJob, ticket: int) -> dict[str, object]:
    return {
        "ticket": ticket,
        "prompt": job.prompt,
        "extra_data": job.extra_data,
        "targets": job.targets,
    }


def skip_numbers(connection: Connection, amounts: Sequence[int]) -> list[None]:
    """Let so many queue numbers go to nobody."""
    _count(connection, numbers=sum(amounts))
    return [None] * len(amounts)


def lease(connection: Connection, claims: Sequence[Claim]) -> list[tuple[Leased, ...]]:
    """Give the first of the waiting jobs to each claim, as many as it wants and there are."""
    return [_leased(connection, claim) for claim in claims]


def _leased(connection: Connection, claim: Claim) -> tuple[Leased, ...]:
    rows = rows_of(connection, NEXT, {"most": claim.most}) if claim.most else []
    mine = {"lease_owner": claim.owner, "lease_until": claim.until, "started": claim.now}
    if rows:
        change_many(connection, START, [{"of_ticket": row.ticket, **mine} for row in rows])
    return tuple(
        Leased(
            lease=Lease(ticket=row.ticket, owner=claim.owner, attempt=row.attempt + 1),
            job=job_of(row),
            deaths=row.deaths,
            losses=row.losses,
            trouble=row.trouble,
            unwanted=bool(row.unwanted),
            last_event=_last_event(connection, row.ticket) if row.attempt else 0,
        )
        for row in rows
    )


def _last_event(connection: Connection, ticket: int) -> int:
    return connection.scalar(LAST_EVENT, {"of_ticket": ticket}) or 0


def heartbeat(connection: Connection, beats: Sequence[Beat]) -> list[bool]:
    """Prolong leases; False: it is no longer held, and what is done under it is for nothing."""
    return [_changed(connection, CHANGE, beat.lease, lease_until=beat.until) for beat in beats]


def note(connection: Connection, notes: Sequence[Note]) -> list[bool]:
    """Add events of runs; False: the lease is no longer held, and nothing was written."""
    return [_noted(connection, given) for given in notes]


def _noted(connection: Connection, given: Note) -> bool:
    if connection.execute(HELD_ROW, _key(given.lease)).first() is None:
        return False
    _add_events(connection, given.lease, given.events)
    return True


def finish(connection: Connection, endings: Sequence[Ending]) -> list[bool]:
    """Move jobs to the history; False: the lease is no longer held, and nothing was written.

    A job of the same user and id that has ended before makes room.
    """
    found = [bool(rows_of(connection, HELD_ROW, _key(ending.lease))) for ending in endings]
    tickets = [ending.lease.ticket for ending in endings]
    # Of two endings of one run, which nobody should ask for, the first counts.
    told = [
        yes and ticket not in tickets[:at]
        for at, (yes, ticket) in enumerate(zip(found, tickets, strict=True))
    ]
    held = [ending for ending, yes in zip(endings, told, strict=True) if yes]
    if not held:
        return told
    [counted] = rows_of(connection, NEXT_ENDINGS, {"more_endings": len(held)})
    change_many(connection, MAKE_ROOM, [_key(ending.lease) for ending in held])
    places = range(counted.endings - len(held) + 1, counted.endings + 1)
    change_many(
        connection, END, [_end_row(ending, place) for ending, place in zip(held, places, strict=True)]
    )
    change_many(connection, ADD_RESULT, [_result_row(ending) for ending in held])
    if new := [row for ending in held for row in batches_of(ending.lease.ticket, ending.events)]:
        change_many(connection, ADD_EVENTS, new)
    return told


def _end_row(ending: Ending, place: int) -> dict[str, object]:
    moved = {"to_state": ending.outcome.state, "place": place, "at": ending.at}
    return {"of_ticket": ending.lease.ticket, **moved}


def _result_row(ending: Ending) -> dict[str, object]:
    told = ending.outcome
    texts = {"outputs": told.outputs, "meta": told.meta, "messages": told.messages}
    return {"ticket": ending.lease.ticket, **texts}


def hand_over(
    connection: Connection, wanted: Sequence[tuple[Ending, Claim]]
) -> list[tuple[bool, tuple[Leased, ...]]]:
    """Move jobs to the history, as `finish` does, and give the next ones to each claim."""
    held = finish(connection, [ending for ending, _ in wanted])
    leased = lease(connection, [claim for _, claim in wanted])
    return list(zip(held, leased, strict=True))


def give_back(connection: Connection, returns: Sequence[Return]) -> list[bool]:
    """Make jobs wait again in their old places; False: the lease is no longer held."""
    return [_given_back(connection, given) for given in returns]


def _given_back(connection: Connection, given: Return) -> bool:
    if given.died is None:
        how = CHANGE if given.begun else NOT_BEGUN
        return _changed(connection, how, given.lease, state="waiting", **NOBODYS)
    return _changed(connection, DIED, given.lease, state="waiting", trouble=given.died, **NOBODYS)


def release(connection: Connection, owners: Sequence[str]) -> list[int]:
    """Make the jobs of owners wait again that end as they should; return how many there were."""
    changed = {"state": "waiting", **NOBODYS}
    return [change(connection, RELEASE, {"of_owner": owner, **changed}) for owner in owners]


def reclaim(connection: Connection, wanted: Sequence[Reclaim]) -> list[int]:
    """Make the jobs of owners wait again that are gone; return how many there were."""
    return [_reclaimed(connection, given) for given in wanted]


def _reclaimed(connection: Connection, given: Reclaim) -> int:
    gone = or_(jobs.c.lease_until < given.now, jobs.c.lease_owner.in_(given.dead))
    tickets = list(connection.scalars(_unlocked_rows(RUNNING, gone)))
    for few in _few(tickets):
        connection.execute(
            update(jobs)
            .where(jobs.c.ticket.in_(few))
            .values(
                state="waiting",
                lease_owner=None,
                lease_until=None,
                losses=jobs.c.losses + 1,
                trouble="The server that ran this job was ended in the middle of it.",
            )
        )
    return len(tickets)


def drop(connection: Connection, wanted: Sequence[Some]) -> list[int]:
    """Forget waiting jobs; return how many those were."""
    return [_deleted(connection, WAITING, some) for some in wanted]


def forget(connection: Connection, wanted: Sequence[Some]) -> list[int]:
    """Forget ended jobs; return how many those were."""
    return [_deleted(connection, ENDED, some) for some in wanted]


def _deleted(connection: Connection, which: ColumnElement[bool], some: Some) -> int:
    of_user = () if some.user is None else (jobs.c.owner_user == some.user,)
    portions = [()] if some.ids is None else [(jobs.c.id.in_(few),) for few in _few(sorted(set(some.ids)))]
    tickets = [
        found for named in portions for found in connection.scalars(_unlocked_rows(which, *of_user, *named))
    ]
    for few in _few(tickets):
        connection.execute(delete(jobs).where(jobs.c.ticket.in_(few)))
    return len(tickets)


def _few(values: Iterable[Value]) -> Iterator[Sequence[Value]]:
    """Cut values into portions that one statement can name."""
    rest = iter(values)
    while few := list(islice(rest, FEW)):
        yield few


def _has_ended(connection: Connection, job: NewJob) -> bool:
    named = select(jobs.c.ticket).where(jobs.c.id == job.id, jobs.c.owner_user == job.user, ENDED)
    return connection.scalar(named.limit(1)) is not None


def _count(connection: Connection, *, numbers: int = 0, tickets: int = 0) -> tuple[int, int]:
    """Take queue numbers and tickets; return the first number and the last ticket before these."""
    [row] = rows_of(connection, TAKE, {"more_numbers": numbers, "more_tickets": tickets})
    return row.numbers - numbers, row.tickets - tickets


def _key(lease: Lease) -> dict[str, object]:
    return {"held_ticket": lease.ticket, "held_owner": lease.owner, "held_attempt": lease.attempt}


def _changed(connection: Connection, how: Update, lease: Lease, **values: object) -> bool:
    """Change the row of a job while a lease of it is held; return whether it was."""
    return change(connection, how, {**_key(lease), **values}) == 1


def _add_events(connection: Connection, lease: Lease, new: Sequence[StoredEvent]) -> None:
    if new:
        change_many(connection, ADD_EVENTS, batches_of(lease.ticket, new))
