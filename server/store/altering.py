"""Changes of one job that somebody asks for by its id: another place in the queue, or none."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import Connection, bindparam, delete, insert, select, update

from .changes import END, NEXT_ENDINGS, TAKE
from .reading import of_user
from .tables import ENDED, LIVE, jobs, results
from .values import State
from .writer import Change

Given = TypeVar("Given", "Reorder", "Cancel")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reorder:
    """A waiting job gets another number, or with None one that is before all others."""

    id: str
    user: str | None
    number: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel:
    """A waiting job ends, a running one is no longer wanted; `messages` are what the history keeps then."""

    id: str
    user: str | None
    at: int
    messages: str


OF_TICKET = jobs.c.ticket == bindparam("of_ticket")
NUMBER = update(jobs).where(OF_TICKET).values(number=bindparam("to_number"))
UNWANTED = update(jobs).where(OF_TICKET).values(unwanted=1)
MAKE_ROOM = delete(jobs).where(
    jobs.c.id == bindparam("of_id"), jobs.c.owner_user == bindparam("of_owner"), ENDED
)
ADD_RESULT = insert(results)


def reorder(connection: Connection, wanted: Sequence[Reorder]) -> list[State | None]:
    """Move waiting jobs; return the state of each, None where there is none that waits or runs."""
    return [_each(connection, given, _reordered) for given in wanted]


def cancel(connection: Connection, wanted: Sequence[Cancel]) -> list[State | None]:
    """Cancel jobs; return the state of each before, None where there is none that waits or runs."""
    return [_each(connection, given, _cancelled) for given in wanted]


@dataclass(frozen=True, slots=True)
class _Row:
    ticket: int
    id: str
    owner: str
    waits: bool


REORDER, CANCEL = Change(reorder), Change(cancel)


def _each(
    connection: Connection, given: Given, change: Callable[[Connection, Given, _Row], None]
) -> State | None:
    found = select(jobs.c.ticket, jobs.c.owner_user, jobs.c.state)
    # A row that another server has locked is about to change its state: who asks for this asks again.
    named = found.where(jobs.c.id == given.id, LIVE, of_user(given.user)).with_for_update(skip_locked=True)
    row = connection.execute(named).first()
    if row is None:
        return None
    change(connection, given, _Row(row.ticket, given.id, row.owner_user, row.state == "waiting"))
    return row.state


def _reordered(connection: Connection, given: Reorder, row: _Row) -> None:
    if not row.waits:
        return
    number = given.number
    if number is None:
        number = 1 - connection.execute(TAKE, {"more_numbers": 1, "more_tickets": 0}).one().numbers
    connection.execute(NUMBER, {"of_ticket": row.ticket, "to_number": number})


def _cancelled(connection: Connection, given: Cancel, row: _Row) -> None:
    if not row.waits:
        connection.execute(UNWANTED, {"of_ticket": row.ticket})
        return
    place = connection.scalar(NEXT_ENDINGS, {"more_endings": 1})
    connection.execute(MAKE_ROOM, {"of_id": row.id, "of_owner": row.owner})
    ended = {"of_ticket": row.ticket, "to_state": "cancelled", "place": place, "at": given.at}
    connection.execute(END, ended)
    texts = {"outputs": "{}", "meta": "{}", "messages": given.messages}
    connection.execute(ADD_RESULT, {"ticket": row.ticket, **texts})
