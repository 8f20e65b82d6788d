"""Statements that are run hundreds of times a second: put into words once, then given to the driver.

What is run is what SQLAlchemy would run; its own way from a statement to the driver takes longer than the
statement does.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Connection, Dialect, Executable
from sqlalchemy.exc import DBAPIError

from .tables import AnyText, from_ascii, to_ascii

Values = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class _Words:
    """A statement in the words of a database."""

    text: str
    constants: Values
    order: tuple[str, ...] | None  # of the values; None where they go by their names
    to_database: tuple[tuple[str, Callable[[Any], Any]], ...]
    from_database: tuple[tuple[str, Callable[[Any], Any]], ...]
    names: tuple[str, ...]  # of the columns of a row

    def given(self, values: Values) -> Any:
        """Return values as the driver takes them."""
        told = {**self.constants, **values}
        for name, change in self.to_database:
            told[name] = change(told[name])
        return told if self.order is None else [told[name] for name in self.order]

    def read(self, found: Sequence[Any]) -> Any:
        """Return a row with the names of its columns."""
        row = dict(zip(self.names, found, strict=True))
        for name, change in self.from_database:
            row[name] = change(row[name])
        return SimpleNamespace(**row)


def rows_of(connection: Connection, statement: Executable, values: Values) -> list[Any]:
    """Run a statement that returns rows; they have the names of its columns."""
    words = _words(statement, connection.dialect, tuple(values))
    return [words.read(found) for found in _run(connection, words.text, words.given(values)).fetchall()]


def tuples_of(connection: Connection, statement: Executable, values: Values) -> list[tuple[Any, ...]]:
    """Run a statement that returns rows which the driver gives as they are meant."""
    words = _words(statement, connection.dialect, tuple(values))
    assert not words.from_database
    return _run(connection, words.text, words.given(values)).fetchall()


def change(connection: Connection, statement: Executable, values: Values) -> int:
    """Run a statement that changes rows; return how many."""
    words = _words(statement, connection.dialect, tuple(values))
    return _run(connection, words.text, words.given(values)).rowcount


def change_many(connection: Connection, statement: Executable, many: Sequence[Values]) -> None:
    """Run a statement with each of these values."""
    words = _words(statement, connection.dialect, tuple(many[0]))
    _run(connection, words.text, [words.given(values) for values in many], many=True)


def say(connection: Connection, words: str) -> None:
    """Run a statement of the driver's own that takes no values and returns nothing."""
    _run(connection, words, ())


def _run(connection: Connection, text: str, given: Any, *, many: bool = False) -> Any:
    cursor: Any = connection.connection.cursor()
    try:
        (cursor.executemany if many else cursor.execute)(text, given)
    except connection.dialect.loaded_dbapi.Error as error:
        raise DBAPIError.instance(text, None, error, connection.dialect.loaded_dbapi.Error) from error
    return cursor


@lru_cache(maxsize=128)
def _words(statement: Any, dialect: Dialect, names: tuple[str, ...]) -> _Words:
    compiled = statement.compile(dialect=dialect, column_keys=names)
    binds: Mapping[str, Any] = {
        str(name): bind for name, bind in compiled.binds.items() if not name.startswith("%(")
    }
    shown: list[Any] = list(getattr(statement, "exported_columns", ()))
    return _Words(
        text=str(compiled),
        constants={name: bind.effective_value for name, bind in binds.items() if not bind.required}
        | {column.key: column.default.arg for column in compiled.insert_prefetch},
        order=None if compiled.positiontup is None else tuple(compiled.positiontup),
        to_database=tuple((name, to_ascii) for name, bind in binds.items() if isinstance(bind.type, AnyText)),
        from_database=tuple((column.key, from_ascii) for column in shown if isinstance(column.type, AnyText)),
        names=tuple(column.key for column in shown),
    )
