"""Users and the digests of their tokens, in a file of the data folder that only its owner may read."""

import hashlib
import hmac
import json
import os
import re
import secrets
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from ...executor.files.names import is_safe
from .identity import ONLY, Identity, admin

FILE = "users.json"

NAME = re.compile(r"[a-z0-9](?:[a-z0-9._-]{0,30}[a-z0-9])?")
"""Names of users: they are names of folders too, also where those don't tell capital letters."""

SHORTEST = 16
"""Characters that a token must have which a person chose."""


class UsersError(Exception):
    """The file of users can't be read or changed; the message says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """Somebody with a token, of which only the digest is known."""

    name: str
    digest: str
    admin: bool = False

    @property
    def identity(self) -> Identity:
        """Return the user as whom a request comes from."""
        return admin(self.name) if self.admin else Identity(name=self.name, asker=self.name)


def new_token() -> str:
    """Return a token that nobody can guess: 256 random bits."""
    return f"inkloom_{secrets.token_urlsafe(32)}"


def digest_of(token: str) -> str:
    """Return what is kept of a token.

    A fast digest is enough: slow ones make guessing dear, and 256 random bits are not guessed. It is computed
    for each request, where a slow one would let anybody keep the server busy.
    """
    text = token.encode(errors="surrogatepass")
    return hashlib.blake2b(text, digest_size=32, person=b"inkloom token").hexdigest()


def same(one: str, other: str) -> bool:
    """Compare two digests in a time that does not tell where they differ."""
    return hmac.compare_digest(one.encode(errors="replace"), other.encode(errors="replace"))


def path_of(root: Path) -> Path:
    """Return where a data folder has its users."""
    return root / FILE


def read(root: Path) -> dict[str, User]:
    """Return the users of a data folder by name; raises UsersError for a file that is not one of users."""
    path = path_of(root)
    try:
        return _users(json.loads(path.read_bytes()))
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise UsersError(f"{path} can't be read: {error.strerror}; nobody is let in until it can") from error
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UsersError(
            f"{path} is not a file of users; mend it, or move it away and add them again: inkloom user add"
        ) from error


def _users(read: object) -> dict[str, User]:
    rows = cast(Mapping[str, Mapping[str, Mapping[str, object]]], read)["users"]
    found: dict[str, User] = {}
    for name, row in rows.items():
        digest, is_admin = row["digest"], row["admin"]
        if not (
            is_name(name) and isinstance(digest, str) and len(digest) == 64 and isinstance(is_admin, bool)
        ):
            raise ValueError(name)
        found[name] = User(name=name, digest=digest, admin=is_admin)
    return found


def is_name(name: str) -> bool:
    """Tell whether somebody may be called so."""
    return NAME.fullmatch(name) is not None and is_safe(name) and name != ONLY


def add(root: Path, name: str, *, is_admin: bool = False) -> str:
    """Add a user and return the token, which nobody can find out again; raises UsersError."""
    if not is_name(name):
        told = "small letters, digits, and dots, dashes and underscores between them, 32 at most"
        raise UsersError(f"{name!r} can't be the name of a user: it takes {told}, and not {ONLY!r}")
    token = new_token()
    with _changing(root) as users:
        if name in users:
            raise UsersError(
                f"there is a user {name} already; for another token, remove them and add them again"
            )
        users[name] = User(name=name, digest=digest_of(token), admin=is_admin)
    return token


def remove(root: Path, name: str) -> None:
    """Remove a user, whose token and sessions count no more; files and jobs stay. Raises UsersError."""
    with _changing(root) as users:
        if name not in users:
            known = ", ".join(sorted(users)) or "there are none"
            raise UsersError(f"there is no user {name}; users: {known}")
        del users[name]


@contextmanager
def _changing(root: Path) -> Generator[dict[str, User]]:
    """Read the users and write them back as they were left: whole, by one process at a time.

    The new file is also the lock: who finds it there comes too late or after one that was killed.
    """
    path = path_of(root)
    fresh = path.with_name(f"{FILE}.new")
    try:
        root.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(fresh, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        raise UsersError(
            f"another `inkloom user` changes the users just now; if there is none, delete {fresh}"
        ) from None
    except OSError as error:
        raise UsersError(f"{fresh} can't be written: {error.strerror}") from error
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            users = read(root)
            yield users
            rows = {user.name: {"digest": user.digest, "admin": user.admin} for user in users.values()}
            json.dump({"users": rows}, file, indent=1)
            file.flush()
            os.fsync(file.fileno())
        os.replace(fresh, path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise


class UsersOf:
    """The users of a data folder as they are at each moment: the file is read again when it has changed."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._path = str(path_of(root))  # for each request: made once
        self._seen: tuple[int, int, int] | None = None
        self._users: dict[str, User] = {}

    def now(self) -> Mapping[str, User]:
        """Return the users by name; raises UsersError."""
        try:
            status = os.stat(self._path)
        except FileNotFoundError:
            self._seen, self._users = None, {}
            return self._users
        except OSError as error:
            raise UsersError(f"the users can't be read: {error.strerror}") from error
        seen = (status.st_mtime_ns, status.st_ino, status.st_size)
        if seen != self._seen:
            self._users = read(self._root)
            self._seen = seen
        return self._users
