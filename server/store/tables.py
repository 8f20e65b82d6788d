"""The tables: one row for each job, beside it what it was given and what became of it."""

import json
from typing import Any

from sqlalchemy import (
    DDL,
    BigInteger,
    CheckConstraint,
    Column,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    event,
    literal_column,
)

VERSION = 1
"""Of these tables; a database of a newer one is refused."""


def to_ascii(text: str | None) -> str | None:
    """Return text as `AnyText` keeps it."""
    return None if text is None else json.dumps(text)[1:-1]


def from_ascii(kept: str | None) -> str | None:
    """Return the text that `AnyText` keeps so."""
    return kept if kept is None or "\\" not in kept else json.loads(f'"{kept}"')


class AnyText(TypeDecorator[str]):
    """Text of any characters, kept in ASCII as JSON escapes it.

    Halves of surrogate pairs have no encoding, and PostgreSQL takes no NUL; clients may send both.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: D102
        return to_ascii(value)

    def process_result_value(self, value: Any, dialect: Dialect) -> str | None:  # noqa: D102
        return from_ascii(value)


Whole = BigInteger().with_variant(Integer(), "sqlite")
"""A whole number of 64 bits; SQLite's INTEGER has as many, and is its row's address as a primary key."""

METADATA = MetaData()

schema = Table("inkloom_schema", METADATA, Column("version", Integer, nullable=False))

counters = Table(
    "counters",
    METADATA,
    Column("one", Integer, CheckConstraint("one = 1"), primary_key=True, autoincrement=False),
    Column("numbers", Whole, nullable=False),  # the next queue number
    Column("tickets", Whole, nullable=False),  # the last ticket
    Column("endings", Whole, nullable=False),  # the last place in the history
)
"""One row: who changes it holds its lock until the commit, so numbers are in the order of commits."""

jobs = Table(
    "jobs",
    METADATA,
    Column("ticket", Whole, primary_key=True, autoincrement=False),
    Column("id", AnyText, nullable=False),
    Column("state", Text, nullable=False),
    Column("number", Float(53), nullable=False),
    Column("client", AnyText),
    Column("owner_user", AnyText, nullable=False),
    Column("created", Whole, nullable=False),
    Column("attempt", Integer, nullable=False, default=0),
    Column("deaths", Integer, nullable=False, default=0),  # of workers that ran it
    Column("losses", Integer, nullable=False, default=0),  # of servers that did
    Column("size", Whole, nullable=False),  # bytes that it was given: prompt, extra data, targets
    Column("trouble", AnyText),
    Column("unwanted", Integer, nullable=False, default=0),  # 1 when it was cancelled while it ran
    Column("asked", Text),  # a digest of the request, where the client chose the id
    Column("retry_of", AnyText),
    Column("lease_owner", AnyText),
    Column("lease_until", Whole),
    Column("started", Whole),
    Column("ended_at", Whole),
    Column("ending", Whole),  # the place in the history; null while the job waits or runs
    CheckConstraint("state IN ('waiting', 'running', 'done', 'failed', 'cancelled')", name="known_state"),
    CheckConstraint("(ending IS NULL) = (state IN ('waiting', 'running'))", name="ended_jobs_have_a_place"),
    CheckConstraint("(state = 'running') = (lease_owner IS NOT NULL)", name="running_jobs_have_an_owner"),
)

# As literals: an index of some rows only serves a query that says so in its text, not in a parameter.
WAITING = jobs.c.state == literal_column("'waiting'")
RUNNING = jobs.c.state == literal_column("'running'")
LIVE = jobs.c.ending.is_(None)
ENDED = jobs.c.ending.is_not(None)


def _index(name: str, *columns: Column[Any], where: str, unique: bool = False) -> None:
    """Declare an index of some jobs only."""
    # In words, which both databases read alike: `Index` has a condition for each, and loads both for that.
    kind, names = "UNIQUE INDEX" if unique else "INDEX", ", ".join(column.name for column in columns)
    event.listen(jobs, "after_create", DDL(f"CREATE {kind} {name} ON jobs ({names}) WHERE {where}"))


_WAITS, _RUNS, _LIVES, _ENDED = (
    "state = 'waiting'",
    "state = 'running'",
    "ending IS NULL",
    "ending IS NOT NULL",
)

_index("jobs_queue", jobs.c.number, jobs.c.ticket, where=_WAITS)
_index("jobs_leases", jobs.c.lease_until, where=_RUNS)
_index("jobs_live_id", jobs.c.id, where=_LIVES, unique=True)
_index("jobs_history", jobs.c.ending, jobs.c.ticket, where=_ENDED, unique=True)
_index("jobs_history_id", jobs.c.id, jobs.c.owner_user, where=_ENDED, unique=True)
_index("jobs_live_user", jobs.c.owner_user, jobs.c.size, where=_LIVES)
Index("jobs_user", jobs.c.owner_user, jobs.c.ticket)
_index("jobs_user_history", jobs.c.owner_user, jobs.c.ending, jobs.c.ticket, where=_ENDED)


def _of_job() -> Column[Any]:
    return Column(
        "ticket", Whole, ForeignKey(jobs.c.ticket, ondelete="CASCADE"), primary_key=True, autoincrement=False
    )


inputs = Table(
    "inputs",
    METADATA,
    _of_job(),
    Column("prompt", Text, nullable=False),
    Column("extra_data", Text, nullable=False),
    Column("targets", Text, nullable=False),
)
"""What jobs were given: beside the jobs, whose rows are written again with each change of state."""

results = Table(
    "results",
    METADATA,
    _of_job(),
    Column("outputs", Text, nullable=False),
    Column("meta", Text, nullable=False),
    Column("messages", Text, nullable=False),
)

events = Table(
    "events",
    METADATA,
    _of_job(),
    Column("seq", Integer, primary_key=True, autoincrement=False),  # of the first event in the row
    Column("last_seq", Integer, nullable=False),
    Column("attempt", Integer, nullable=False),
    Column("places", Text, nullable=False),  # JSON: [[at, characters of its body], ...]
    Column("bodies", Text, nullable=False),  # one after the other
    sqlite_with_rowid=False,
)
"""What happened in runs: a row for all events that were written at once."""
