"""Cookies of browsers that have shown a token: who, until when, and a seal that only this server can make.

A cookie goes to every server of the same host name, whatever its port; the token itself must not.
"""

import errno
import hashlib
import os
import secrets
from collections.abc import Mapping
from pathlib import Path

from ...executor.files.atomic import rename_if_free
from .users import UsersError, same

FILE = "sessions.key"

SECONDS = 30 * 24 * 3600
"""How long a browser need not show its token again."""


class Sessions:
    """Makes and reads the cookies of a data folder; its key is made with the first one."""

    def __init__(self, root: Path) -> None:
        self._path = root / FILE
        self._read = b""

    def cookie(self, name: str, digest: str, until: int) -> str:
        """Return the cookie of a user whose token has this digest, good until a time in seconds.

        Raises UsersError when there is no key for it.
        """
        return f"{name}|{until}|{self._seal(name, digest, until)}"

    def owner(self, cookie: str, digests: Mapping[str, str], now: float) -> str | None:
        """Return whose cookie this is; None when it is none, is too old, or the token counts no more.

        Raises UsersError when there is no key to tell by.
        """
        name, _, rest = cookie.partition("|")
        until, _, seal = rest.partition("|")
        digest = digests.get(name)
        if digest is None or not (until.isascii() and until.isdecimal() and len(until) < 15):
            return None
        good = same(seal, self._seal(name, digest, int(until)))
        return name if good and now < int(until) else None

    def _seal(self, name: str, digest: str, until: int) -> str:
        text = f"{name}|{digest}|{until}".encode()
        return hashlib.blake2b(text, key=self._key(), digest_size=32, person=b"inkloom session").hexdigest()

    def _key(self) -> bytes:
        if not self._read:
            try:
                self._read = _key_in(self._path)
            except OSError as error:
                raise UsersError(f"{self._path} can't be used: {error.strerror}") from error
        return self._read


def _key_in(path: Path) -> bytes:
    """Return the key in a file, which is made when there is none; of two who make it, one is the first."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f"{FILE}.{secrets.token_hex(8)}")
        with open(fresh, "xb", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
            file.write(secrets.token_bytes(32))
            file.flush()
            os.fsync(file.fileno())
        rename_if_free(fresh, path)
        fresh.unlink(missing_ok=True)
    key = path.read_bytes()
    if len(key) != 32:  # an empty one would seal nothing
        raise OSError(errno.EINVAL, "it is no key; delete it, and browsers log in again")
    return key
