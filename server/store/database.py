"""Opening a database: which one an address names, its tables made once, a newer one refused."""

import math
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property, partial
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import (
    URL,
    Connection,
    Engine,
    create_engine,
    event,
    func,
    insert,
    inspect,
    make_url,
    select,
    update,
)
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from .disk import flush_log
from .errors import Failures, StoreError, explained
from .prepared import say
from .tables import METADATA, VERSION, counters, schema

PATIENCE = 10.0
"""Seconds to wait, if nothing else is said."""

LOCK = 0x696E6B6C6F6F6D
"""The advisory lock under which PostgreSQL's tables are made: "inkloom"."""

DRIVERS = {"sqlite": "sqlite+pysqlite", "postgresql": "postgresql+psycopg"}

LONGEST_LOG = 16_000
"""Pages of SQLite's log at which a change moves them into the database itself, while others wait; `Tidying`
does that long before."""

Result = TypeVar("Result")


def sqlite_url(path: Path) -> URL:
    """Return the address of a SQLite file."""
    return URL.create("sqlite", database=str(path))


def url_of(text: str) -> URL:
    """Read an address such as postgresql://user:password@host/name; raises StoreError when it is none."""
    known = "a database is named as sqlite:///FOLDER/jobs.sqlite or postgresql://USER:PASSWORD@HOST/NAME"
    try:
        url = make_url(text)
    except (ArgumentError, ValueError) as error:
        raise StoreError(f"{known}; this is no such address") from error  # without it: it may hold a password
    if url.drivername not in DRIVERS:
        raise StoreError(f"{known}; there is no {url.drivername!r}")
    if url.drivername == "sqlite" and url.database in (None, "", ":memory:"):
        raise StoreError(f"{known}; a SQLite database needs a file, since jobs are to outlive the process")
    return url


@dataclass(frozen=True)
class Database:
    """An open database; `where` names it for people, without its password.

    `settle` waits until the disk has what was written durably; None where each durable transaction does so.
    """

    engine: Engine
    where: str
    settle: Callable[[], None] | None = None
    keeps: bool = False
    """Whether a connection may stay open between transactions: no server is there that may close it."""
    failures: Failures = field(default_factory=Failures)
    file: Path | None = None
    """Where a SQLite database lies."""

    @contextmanager
    def reading(self) -> Generator[Connection]:
        """Give a connection that sees one state of the database; raises StoreError."""
        with self.explained(), self.engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self, *, durable: bool = True) -> Generator[Connection]:
        """Give a transaction: all of it is done at the end, or nothing; raises StoreError.

        With `durable` it is on the disk then, or once the database is settled. Without, only a loss of power
        can undo it, never the end of a process.
        """
        engine = self.for_durable if durable else self._for_others
        with self.explained(), engine.begin() as connection:
            yield connection

    # Making one of these takes longer than a statement.

    @cached_property
    def for_durable(self) -> Engine:
        """What connects for changes that are durable."""
        return self.engine.execution_options(inkloom_writes=True, inkloom_durable=True)

    @cached_property
    def _for_others(self) -> Engine:
        return self.engine.execution_options(inkloom_writes=True, inkloom_durable=False)

    @cached_property
    def bare(self) -> Engine:
        """What connects to SQLite for transactions that are begun by `begin`, or for none."""
        return self.engine.execution_options(inkloom_bare=True)

    @contextmanager
    def outside_of_transactions(self) -> Generator[Connection]:
        """Give a connection whose statements each stand for themselves; raises StoreError."""
        with self.explained(), self.bare.connect() as connection:
            yield connection

    def tidy(self) -> None:
        """Move what SQLite's log has into the database, as far as nobody needs it; nobody waits for that."""
        with self.outside_of_transactions() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(PASSIVE)").all()

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()

    @contextmanager
    def explained(self) -> Generator[None]:
        """Raise StoreError for what the database can't do, and count it."""
        try:
            yield
        except SQLAlchemyError as error:
            self.failures.one_more()
            raise explained(error, self.where, self.file) from error


def open_database(url: URL, patience: float = PATIENCE) -> Database:
    """Open a database and make its tables if it has none; raises StoreError.

    `patience` are the seconds to wait for another program's lock, or for a server that does not answer.
    """
    where, path = url.render_as_string(hide_password=True), url.database
    sqlite = url.drivername == "sqlite"
    settle = partial(flush_log, Path(path)) if sqlite and path else None
    file = Path(path) if sqlite and path and "uri" not in url.query else None
    database = Database(_engine(url, patience), where, settle, keeps=sqlite, file=file)
    try:
        if sqlite:
            _patiently(lambda: _keep_a_log(database), patience)
        with database.writing() as connection:
            _prepare(connection, database.where)
        if database.settle is not None:
            database.settle()
    except BaseException:
        database.close()
        raise
    return database


def _engine(url: URL, patience: float) -> Engine:
    sqlite = url.drivername == "sqlite"
    arguments: dict[str, Any] = {"timeout": patience} if sqlite else {"connect_timeout": math.ceil(patience)}
    try:
        # A connection that a server has closed meanwhile is replaced before it is used.
        engine = create_engine(
            url.set(drivername=DRIVERS[url.drivername]), connect_args=arguments, pool_pre_ping=not sqlite
        )
    except ImportError as error:
        raise StoreError("PostgreSQL needs its driver: pip install 'inkloom[postgres]'") from error
    if sqlite:
        event.listen(engine, "connect", _set_up_sqlite)
    event.listen(engine, "begin", _begin_sqlite if sqlite else _begin_postgresql)
    return engine


def _set_up_sqlite(connection: Any, _: object) -> None:
    connection.isolation_level = None  # the driver begins no transactions by itself: `_begin_sqlite` does
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA synchronous = NORMAL")  # a commit does not wait for the disk: `settle` does
    connection.execute(f"PRAGMA wal_autocheckpoint = {LONGEST_LOG}")


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    if options.get("inkloom_bare"):
        return
    begin(connection, writes=bool(options.get("inkloom_writes")))


def begin(connection: Connection, *, writes: bool) -> None:
    """Begin a transaction of SQLite in the driver's words: SQLAlchemy's own way takes longer than most do."""
    # At once: a transaction that reads first, and at its first change finds another one quicker, fails.
    say(connection, "BEGIN IMMEDIATE" if writes else "BEGIN")


def end(connection: Connection) -> None:
    """Make a transaction that `begin` has begun last, also where SQLAlchemy believes that it was its own."""
    if connection.in_transaction():
        connection.commit()
    else:
        say(connection, "COMMIT")


def _begin_postgresql(connection: Connection) -> None:
    if not connection.get_execution_options().get("inkloom_durable", True):
        connection.exec_driver_sql("SET LOCAL synchronous_commit = off")


def _keep_a_log(database: Database) -> None:
    """Make SQLite write ahead to a log, so that readers and the writer don't wait for each other."""
    with database.outside_of_transactions() as connection:
        connection.exec_driver_sql("PRAGMA journal_mode = WAL")


def _patiently(work: Callable[[], Result], patience: float) -> Result:
    """Try again for a while what fails at once when another process opens the same new file."""
    until = time.monotonic() + patience
    while True:
        try:
            return work()
        except StoreError as error:
            if "locked" not in str(error) or time.monotonic() > until:
                raise
            time.sleep(0.02)


def _prepare(connection: Connection, where: str) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(LOCK)))  # two servers may start at once
    if inspect(connection).has_table(schema.name):
        version = connection.scalar(select(schema.c.version))
        if version != VERSION:
            raise StoreError(
                f"the database {where} has tables of version {version}, and this inkloom knows version "
                f"{VERSION}; use the inkloom that wrote it, or another database: --database"
            )
        connection.execute(update(counters).values(one=counters.c.one))  # tells now that it may only be read
        return
    METADATA.create_all(connection)
    connection.execute(insert(schema).values(version=VERSION))
    connection.execute(insert(counters).values(one=1, numbers=0, tickets=0, endings=0))
