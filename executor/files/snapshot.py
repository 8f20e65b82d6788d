"""What folders hold at one time, each question asked once."""

from __future__ import annotations

from collections.abc import Callable

from .folders import Folders


class Snapshot:
    """Answers for content keys that are found together, as `Folders` does for one.

    A thousand nodes that name one model look for it once. It is made anew when more keys are to be found,
    since nodes write files.
    """

    def __init__(self, folders: Folders) -> None:
        self._folders = folders
        self._names: dict[str, tuple[str, ...]] = {}
        self._named: dict[tuple[str, str], str | None] = {}
        self._states: dict[str, str] = {}
        self._fingerprints: dict[tuple[str, str], str] = {}

    def names(self, folder: str) -> tuple[str, ...]:
        """Name the files of a folder."""
        if folder not in self._names:
            self._names[folder] = self._folders.names(folder)
        return self._names[folder]

    def named(self, folder: str, name: str) -> str | None:
        """Return the file that has this name, or this name and an ending; None if there is none."""
        asked = (folder, name)
        if asked not in self._named:
            self._named[asked] = self._folders.named(folder, name)
        return self._named[asked]

    def state(self, folder: str) -> str:
        """Return a digest of the names, sizes and times of all files of a folder."""
        if folder not in self._states:
            self._states[folder] = self._folders.state(folder)
        return self._states[folder]

    def fingerprint(self, folder: str, name: str, check: Callable[[], None] = lambda: None) -> str:
        """Return the digest of a file's content, or of all files of a folder."""
        asked = (folder, name)
        if asked not in self._fingerprints:
            self._fingerprints[asked] = self._folders.fingerprint(folder, name, check)
        return self._fingerprints[asked]
