"""The tables: one row for each job, beside it what it was given and what became of it."""

import json
from typing import Any

from sqlalchemy import (
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
    literal_column,
)

VERSION = 1
"""Of these tables; a database of a newer one is refused."""


class AnyText(TypeDecorator[str]):
    """Text of any characters, kept in ASCII as JSON escapes it.

    Halves of surrogate pairs have no encoding, and PostgreSQL takes no NUL; clients may send both.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: D102
        return None if value is None else json.dumps(value)[1:-1]

    def process_result_value(self, value: Any, dialect: Dialect) -> str | None:  # noqa: D102
        return None if value is None else json.loads(f'"{value}"')


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
    Column("deaths", Integer, nullable=False, default=0),
    Column("trouble", AnyText),
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


def _some(name: str, *columns: Column[Any], where: Any, unique: bool = False) -> Index:
    return Index(name, *columns, unique=unique, sqlite_where=where, postgresql_where=where)


INDEXES = (
    _some("jobs_queue", jobs.c.number, jobs.c.ticket, where=WAITING),
    _some("jobs_leases", jobs.c.lease_until, where=RUNNING),
    _some("jobs_live_id", jobs.c.id, where=LIVE, unique=True),
    _some("jobs_history", jobs.c.ending, jobs.c.ticket, where=ENDED, unique=True),
    _some("jobs_history_id", jobs.c.id, jobs.c.owner_user, where=ENDED, unique=True),
    _some("jobs_live_user", jobs.c.owner_user, where=LIVE),
    _some("jobs_user_history", jobs.c.owner_user, jobs.c.ending, jobs.c.ticket, where=ENDED),
)


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
    Column("seq", Integer, primary_key=True, autoincrement=False),
    Column("attempt", Integer, nullable=False),
    Column("at", Whole, nullable=False),
    Column("body", Text, nullable=False),
    sqlite_with_rowid=False,
)
