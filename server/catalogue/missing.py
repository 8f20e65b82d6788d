"""The answer for what is not there: what was asked for, where, and what there is."""

from collections.abc import Collection

from aiohttp import web

from ...executor import nearest
from ...executor.problems import listing


def missing(what: str, name: str, known: Collection[str]) -> web.HTTPNotFound:
    """Return a 404 for a name that no `what` has; `known` are the names there are."""
    like = nearest(name, known)
    hint = f"did you mean {like!r}? " if like else ""
    return nothing(f"there is no {what} {_short(name)}; {hint}there: {listing(known, like)}")


def nothing(told: str) -> web.HTTPNotFound:
    """Return a 404 that says so much."""
    return web.HTTPNotFound(text=f"{told}\n")


def _short(name: str) -> str:
    return repr(name if len(name) <= LONGEST else f"{name[:LONGEST]}…")


LONGEST = 100
"""Characters of a wrong name that are shown to who sent it."""
