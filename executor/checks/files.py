"""The names of files that a workflow gives, against what is there."""

from __future__ import annotations

from typing import NamedTuple

from ..files.folders import Folders, MissingFileError
from ..files.names import UnsafeNameError
from ..node_types.annotations import Files
from ..problems import Guesses


class Fault(NamedTuple):
    """What is wrong with the name of a file, and the name that was meant, if one is like it."""

    text: str
    nearest: str | None = None


class FileCheck:
    """Checks names of files for one workflow: a folder is listed once, and each name is looked for once."""

    def __init__(self, folders: Folders, guesses: Guesses) -> None:
        self._folders, self._guesses = folders, guesses
        self._names: dict[str, tuple[str, ...]] = {}
        self._offered: dict[Files, dict[str, None]] = {}
        self._faults: dict[tuple[Files, str], Fault | None] = {}

    def offered(self, files: Files) -> list[str]:
        """Return the names on offer."""
        return list(self._on_offer(files))

    def fault(self, files: Files, name: str) -> Fault | None:
        """Return what is wrong with a name; None when what it stands for is there, or is no file."""
        if name in files.also:
            return None
        asked = (files, name)
        if asked not in self._faults:
            self._faults[asked] = self._look(files, name)
        return self._faults[asked]

    def _look(self, files: Files, name: str) -> Fault | None:
        if (asked := files.set_of(name)) is not None:
            found = asked.found(self._listed)
            lacking = [stem for stem in asked.stems if stem not in found]
            text = f"{name!r} needs {' and '.join(lacking)} in {self._folders.root(asked.folder)}"
            return Fault(text) if lacking else None
        known = self._on_offer(files)
        try:
            if not files.upload and name not in known:
                # Listed names are the rule for models, so a file of another kind is as good as missing.
                roots = self._folders.roots(files.folder)
                raise MissingFileError(files.folder, name, roots, list(known), self._guesses.nearest)
            self._folders.path(files.folder, name, self._guesses.nearest)
        except MissingFileError as error:
            return Fault(str(error), error.nearest)
        except UnsafeNameError as error:
            return Fault(str(error))
        return None

    def _on_offer(self, files: Files) -> dict[str, None]:
        if files not in self._offered:
            self._offered[files] = dict.fromkeys(files.offered(self._listed))
        return self._offered[files]

    def _listed(self, folder: str) -> tuple[str, ...]:
        if folder not in self._names:
            self._names[folder] = self._folders.names(folder)
        return self._names[folder]
