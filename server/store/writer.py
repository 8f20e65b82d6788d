"""The one thread that changes the database: what many ask for at the same time shares a transaction.

A transaction costs much, and a change in it little. So while one batch is written the next one gathers, and
who asked is told after the commit.
"""

import asyncio
import logging
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import groupby
from queue import Empty, SimpleQueue
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError, OperationalError

from .answers import answer
from .database import Database
from .errors import StoreError
from .line import Line
from .turns import Turns

MOST = 1000
"""Changes after which a transaction takes no more: those of one turn of a loop stay together."""

TRIES = 3
"""Attempts at a transaction when other servers stand in its way."""

Given = TypeVar("Given")
Got = TypeVar("Got")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class Change(Generic[Given, Got]):
    """A kind of change: `make` is given what several ask for, in order, and returns what each of them gets.

    One that is not `durable` may be undone by a loss of power, never by the end of a process. So may one that
    is, where that is waited for apart from the commit: until the database is settled.
    """

    make: Callable[[Connection, Sequence[Given]], Sequence[Got]]
    durable: bool = True


@dataclass(frozen=True, slots=True)
class _Asked:
    change: Change[Any, Any]
    given: Any
    answer: asyncio.Future[Any]


class Writer:
    """Makes changes in the order in which they are asked for, many in a transaction."""

    def __init__(self, database: Database) -> None:
        self._where = database.where
        self._line = Line(database)
        self._asked: SimpleQueue[list[_Asked] | None] = SimpleQueue()
        self._turns = Turns(self._asked.put)
        self._closed = False
        # A daemon: nothing that has been answered can be lost by ending it.
        self._thread = threading.Thread(target=self._write, name="job store", daemon=True)
        self._thread.start()

    def ask(self, change: Change[Given, Got], given: Given) -> asyncio.Future[Got]:
        """Ask for a change; the answer comes when it is done. It raises StoreError when it could not be."""
        answer: asyncio.Future[Got] = asyncio.get_running_loop().create_future()
        if self._closed:
            raise StoreError(f"the database {self._where} was closed")
        self._turns.add(_Asked(change, given, answer))
        return answer

    async def close(self) -> None:
        """Make the changes that were asked for, and end the thread."""
        self._closed = True
        self._turns.end()
        self._asked.put(None)
        await asyncio.to_thread(self._thread.join)

    def _write(self) -> None:
        more = True
        while more and (first := self._asked.get()) is not None:
            batch, more = self._gathered(first)
            self._make(batch)
        self._line.close()

    def _gathered(self, first: list[_Asked]) -> tuple[list[_Asked], bool]:
        """Return what has been asked for by now, and whether more may come."""
        batch = [*first]
        with suppress(Empty):
            while len(batch) < MOST:
                if (asked := self._asked.get_nowait()) is None:
                    return batch, False
                batch += asked
        return batch, True

    def _make(self, batch: Sequence[_Asked], tries: int = 1) -> None:
        try:
            answers = self._transaction(batch)
        except Exception as error:  # whatever it is, it is told to who asked, and the next batch is written
            # Nothing of the batch was done.
            if _is_conflict(error) and tries < TRIES:
                self._make(batch, tries + 1)
            elif len(batch) > 1 and not _concerns_all(error):
                for asked in batch:  # the one at fault fails, the others don't
                    self._make([asked])
            else:
                if not isinstance(error, StoreError):
                    log.exception("a change of the job database failed")
                _tell(batch, [error] * len(batch))
        else:
            _tell(batch, answers)

    def _transaction(self, batch: Sequence[_Asked]) -> list[Any]:
        answers: list[Any] = []
        with self._line.writing(durable=any(asked.change.durable for asked in batch)) as connection:
            for change, group in groupby(batch, key=lambda asked: asked.change):
                answers += change.make(connection, [asked.given for asked in group])
        return answers


def _concerns_all(error: Exception) -> bool:
    """Return whether each change of a batch would fail alone as well: no disk, no server."""
    return isinstance(error.__cause__, OperationalError)


def _is_conflict(error: Exception) -> bool:
    """Return whether another server stood in the way, so that the same change may do now."""
    match error.__cause__:
        case IntegrityError():  # both gave an id away: the next try finds it taken
            return True
        case OperationalError(orig=original):
            return getattr(original, "sqlstate", None) in ("40001", "40P01")
        case _:
            return False


def _tell(batch: Sequence[_Asked], answers: Sequence[Any]) -> None:
    answer([asked.answer for asked in batch], answers)
