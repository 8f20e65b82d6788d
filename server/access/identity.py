"""Whom a request comes from, as everything behind the door sees it."""

from dataclasses import dataclass

ONLY = "default"
"""The user that everybody is where nobody has to say who they are, and that a server's own token means."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Somebody whom this server knows.

    `name` is whose jobs and files a request is about, and `sees_all` whether others' jobs belong to that:
    both differ from `asker`, who has the token, when an admin asks in the name of another.
    """

    name: str
    asker: str
    admin: bool = False
    sees_all: bool = False

    @property
    def scope(self) -> str | None:
        """Whose jobs there are for this one; None for everybody's."""
        return None if self.sees_all else self.name

    def may_see(self, owner: str | None) -> bool:
        """Tell whether something that belongs to `owner` is there for this one."""
        return self.sees_all or (owner or ONLY) == self.name


def admin(name: str = ONLY) -> Identity:
    """Return somebody who may do everything."""
    return Identity(name=name, asker=name, admin=True, sees_all=True)


def in_name_of(asker: Identity, name: str) -> Identity:
    """Return an admin as somebody who is about another's jobs and files alone."""
    return Identity(name=name, asker=asker.asker, admin=asker.admin)
