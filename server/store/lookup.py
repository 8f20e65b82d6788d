"""Jobs as they stand, one or many: what tells of each without reading what it was given."""

from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, func, or_, select, true

from .reading import of_user
from .tables import ENDED, LIVE, RUNNING, WAITING, inputs, jobs, results
from .values import Found, Given, Mark, State

FOUND = select(
    *(jobs.c.ticket, jobs.c.id, jobs.c.owner_user, jobs.c.state, jobs.c.number, jobs.c.created),
    *(jobs.c.attempt, jobs.c.asked, jobs.c.retry_of, jobs.c.ending, jobs.c.started, jobs.c.ended_at),
    *(results.c.outputs, results.c.messages),
).outerjoin(results, results.c.ticket == jobs.c.ticket)

OF_STATE = {"waiting": WAITING, "running": RUNNING}


def find(connection: Connection, job: str, user: str | None) -> Found | None:
    """Return the job of an id: the one that waits or runs, or else the one that ended last."""
    for which in (LIVE, ENDED):
        named = FOUND.where(jobs.c.id == job, which, of_user(user)).order_by(jobs.c.ticket.desc()).limit(1)
        if row := connection.execute(named).first():
            return _found(row)
    return None


def find_again(connection: Connection, ticket: int) -> Found | None:
    """Return the job of a ticket; None when it was deleted."""
    row = connection.execute(FOUND.where(jobs.c.ticket == ticket)).first()
    return None if row is None else _found(row)


def page(
    connection: Connection, state: State | None, before: int | None, most: int, user: str | None
) -> list[Found]:
    """Return jobs, newest first: those of a state or all, behind a ticket or from the newest on."""
    behind = true() if before is None else jobs.c.ticket < before
    chosen = FOUND.where(_in(state), behind, of_user(user))
    return [_found(row) for row in connection.execute(chosen.order_by(jobs.c.ticket.desc()).limit(most))]


def _in(state: State | None) -> ColumnElement[bool]:
    if state is None:
        return true()
    return OF_STATE[state] if state in OF_STATE else ENDED & (jobs.c.state == state)


def places(connection: Connection, tickets: Collection[int]) -> dict[int, int]:
    """Return how many waiting jobs run before each of these that waits."""
    if not tickets:
        return {}
    place = func.row_number().over(order_by=(jobs.c.number, jobs.c.ticket)) - 1
    line = select(jobs.c.ticket, place.label("place")).where(WAITING).subquery()
    rows = connection.execute(select(line.c.ticket, line.c.place).where(line.c.ticket.in_(tickets)))
    return {row.ticket: row.place for row in rows}


def given(connection: Connection, ticket: int) -> Given | None:
    """Return what a job was given; None when it was deleted."""
    named = select(jobs.c.client, inputs.c.prompt, inputs.c.extra_data, inputs.c.targets).join(inputs)
    row = connection.execute(named.where(jobs.c.ticket == ticket)).first()
    if row is None:
        return None
    return Given(client=row.client, prompt=row.prompt, extra_data=row.extra_data, targets=row.targets)


def are_unwanted(connection: Connection, tickets: Collection[int]) -> list[int]:
    """Return which of some running jobs were cancelled."""
    chosen = select(jobs.c.ticket).where(jobs.c.ticket.in_(tickets), RUNNING, jobs.c.unwanted != 0)
    return list(connection.scalars(chosen))


def mark(connection: Connection) -> Mark:
    """Return up to where things have happened."""
    newest = select(
        func.coalesce(func.max(jobs.c.ticket), 0).label("ticket"),
        func.coalesce(func.max(jobs.c.ending), 0).label("ending"),
    )
    row = connection.execute(newest).one()
    return Mark(ticket=row.ticket, ending=row.ending)


def moved(
    connection: Connection, since: Mark, tickets: Collection[int], most: int, user: str | None
) -> tuple[list[Found], Mark]:
    """Return a user's or all jobs that came or ended since a mark, those that run, and those of some tickets.

    At most so many of the first two kinds: the mark behind those that were read comes with them.
    """
    came = FOUND.where(jobs.c.ticket > since.ticket, of_user(user)).order_by(jobs.c.ticket).limit(most)
    ended = FOUND.where(jobs.c.ending > since.ending, of_user(user)).order_by(jobs.c.ending).limit(most)
    new, old = ([_found(row) for row in connection.execute(which)] for which in (came, ended))
    seen = Mark(
        ticket=max([since.ticket, *(one.ticket for one in new)]),
        ending=max([since.ending, *(one.ending or 0 for one in old)]),
    )
    others = FOUND.where(or_(RUNNING, jobs.c.ticket.in_(tickets)), of_user(user)).order_by(jobs.c.ticket)
    found = [*old, *new, *(_found(row) for row in connection.execute(others))]
    return list({one.ticket: one for one in found}.values()), seen


def _found(row: Row[*tuple[Any, ...]]) -> Found:
    return Found(
        ticket=row.ticket,
        id=row.id,
        user=row.owner_user,
        state=row.state,
        number=row.number,
        created=row.created,
        attempt=row.attempt,
        asked=row.asked,
        retry_of=row.retry_of,
        ending=row.ending,
        started=row.started,
        ended=row.ended_at,
        outputs=row.outputs,
        messages=row.messages,
    )
