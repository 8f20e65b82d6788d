"""One engine for every user: they share models, memory and results, and nothing that has a name."""

from dataclasses import replace

from ...executor import History
from ...executor.explaining.history import FILE
from ...nodes import Engine
from ...nodes.elsewhere import writing_to
from ..access.identity import ONLY
from ..users.places import folders_for, home_of


class Homes:
    """Gives out the engines by user."""

    def __init__(self, engine: Engine) -> None:
        self._engines = {ONLY: engine}

    def of(self, user: str) -> Engine:
        """Return a user's engine: it reads and writes files in their folders, and knows only their runs."""
        if user not in self._engines:
            self._engines[user] = _at_home(self._engines[ONLY], user)
        return self._engines[user]

    @property
    def shared(self) -> Engine:
        """The engine whose caches and models are everybody's."""
        return self._engines[ONLY]

    def close(self, seconds: float) -> None:
        """Wait until the disk has what was computed and what is remembered of runs; see `Engine.close`."""
        for engine in tuple(self._engines.values()):
            engine.close(seconds)


def _at_home(engine: Engine, user: str) -> Engine:
    folders = folders_for(engine.folders, user)
    past = engine.history
    history = None if past is None else History(home_of(engine.folders, user) / FILE, stamp=past.stamp)
    return replace(
        engine,
        folders=folders,
        table=writing_to(engine.table, folders.root("output")),
        history=history,
    )
