"""Which servers are alive: each holds a lock on a file while it is, however it ends."""

import os
import secrets
from contextlib import suppress
from pathlib import Path

from ..store.errors import usable

try:
    import fcntl
except ImportError:  # Windows: there nobody is known to be gone, and what a server left is free again later
    fcntl = None


class Presence:
    """A server among others that use the same folder; `name` is its own for as long as it lives.

    Raises StoreError where the folder can't be used.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.name = f"{os.getpid()}-{secrets.token_hex(8)}"
        with usable(folder):
            folder.mkdir(parents=True, exist_ok=True)
            self._file = os.open(self._path(self.name), os.O_CREAT | os.O_EXCL | os.O_RDWR)
        if fcntl is not None:
            fcntl.flock(self._file, fcntl.LOCK_EX)

    def close(self) -> None:
        """Be gone."""
        os.close(self._file)
        self._path(self.name).unlink(missing_ok=True)

    def is_gone(self, name: str) -> bool:
        """Return whether a server is known to have ended; one that uses another folder never is."""
        return name != self.name and fcntl is not None and self._is_free(self._path(name))

    def forget_the_gone(self) -> None:
        """Remove the files of servers that have ended; whoever asks for those then does not know."""
        for path in self._folder.glob("*.lock"):
            if self.is_gone(path.stem):
                path.unlink(missing_ok=True)

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.lock"

    def _is_free(self, path: Path) -> bool:
        assert fcntl is not None
        try:
            file = os.open(path, os.O_RDWR)
        except FileNotFoundError:
            return False
        try:
            with suppress(BlockingIOError):
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                return True
            return False
        finally:
            os.close(file)
