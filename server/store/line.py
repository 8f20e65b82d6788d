"""One thread's way to the database: its connection stays open between transactions, where that is safe."""

from collections.abc import Generator
from contextlib import contextmanager

from sqlalchemy import Connection

from .database import Database, begin, end


class Line:
    """A connection that one thread at a time uses: to have it opened takes longer than most transactions."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._kept: Connection | None = None

    @contextmanager
    def reading(self) -> Generator[Connection]:
        """Give what `Database.reading` gives."""
        if not self._database.keeps:
            with self._database.reading() as connection:
                yield connection
            return
        with self._transaction(writes=False) as connection:
            yield connection

    @contextmanager
    def writing(self, *, durable: bool) -> Generator[Connection]:
        """Give what `Database.writing` gives."""
        if not self._database.keeps:
            with self._database.writing(durable=durable) as connection:
                yield connection
            return
        with self._transaction(writes=True) as connection:  # durable or not is all the same before it settles
            yield connection

    def close(self) -> None:
        """Close the connection; the next transaction opens another one."""
        kept, self._kept = self._kept, None
        if kept is not None:
            kept.close()

    @contextmanager
    def _transaction(self, *, writes: bool) -> Generator[Connection]:
        with self._database.explained():
            try:
                if self._kept is None:
                    self._kept = self._database.bare.connect()
                begin(self._kept, writes=writes)
                yield self._kept
                end(self._kept)
            except BaseException:  # whatever state it is in now
                self.close()
                raise
