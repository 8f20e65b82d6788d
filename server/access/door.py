"""Whom a request comes from: the one place that decides it, by what the server itself gave out.

What a client says of itself counts for nothing: not a header such as Comfy-User, not an address.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from .identity import ONLY, Identity, admin
from .sessions import SECONDS, Sessions
from .users import UsersOf, digest_of, same

ANYBODY = admin()
"""Who everybody is that gets here, while there are no users."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Lets in who has a token of the server or of a user.

    `open` says that everybody who gets here is the only user, while there are no users. `token` is the digest
    of the server's own token. Calls raise UsersError where the users can't be read: then nobody comes in.
    """

    users: UsersOf
    sessions: Sessions
    open: bool = False
    token: str | None = None
    clock: Callable[[], float] = time.time

    def is_open(self) -> bool:
        """Tell whether nobody has to say who they are."""
        return self.open and self.token is None and not self.users.now()

    def without_token(self) -> Identity | None:
        """Return the only user, while nobody has to say who they are."""
        return ANYBODY if self.is_open() else None

    def by_token(self, token: str) -> Identity | None:
        """Return whose token this is."""
        given, found = digest_of(token), None
        for name, digest in self._digests().items():  # all of them, whichever it is
            if same(digest, given):
                found = name
        return None if found is None else self.known(found)

    def by_cookie(self, cookie: str) -> Identity | None:
        """Return whose cookie this is."""
        name = self.sessions.owner(cookie, self._digests(), self.clock())
        return None if name is None else self.known(name)

    def cookie_for(self, identity: Identity) -> str:
        """Return the cookie of somebody who has shown their token."""
        until = int(self.clock()) + SECONDS
        return self.sessions.cookie(identity.name, self._digests()[identity.name], until)

    def known(self, name: str) -> Identity | None:
        """Return somebody by name; None when there is nobody of that name, or not any more."""
        if name == ONLY:
            return admin() if self.token is not None or self.is_open() else None
        user = self.users.now().get(name)
        return None if user is None else user.identity

    def proof_of(self, name: str) -> str | None:
        """Return what says that somebody is still let in as before; None for nobody who is known."""
        return "" if name == ONLY and self.is_open() else self._digests().get(name)

    def _digests(self) -> Mapping[str, str]:
        own = {} if self.token is None else {ONLY: self.token}
        return {**{name: user.digest for name, user in self.users.now().items()}, **own}


def door_of(root: Path, *, open: bool = True, token: str | None = None) -> Door:
    """Return the door of a data folder; `token` is the server's own, in the clear."""
    digest = None if token is None else digest_of(token)
    return Door(users=UsersOf(root), sessions=Sessions(root), open=open, token=digest)
