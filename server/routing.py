"""What one row of the table of routes says: enough to answer, to let in and to document."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from aiohttp import web
from aiohttp.typedefs import Handler
from msgspec import Struct

from .access.rights import Right, Rights

Content = object
"""What a body or an answer holds: a type as msgspec knows it (sent as JSON), the text of a media type, a
`Form`, None for nothing, or a tuple where it may be one of several."""

EMPTY: Mapping[int, Content] = {200: None}


@dataclass(frozen=True, slots=True)
class Form:
    """A body that a form sends: its media type and its fields."""

    media: str
    fields: type[Struct]


@dataclass(frozen=True, slots=True)
class Route:
    """Something that can be asked for.

    `path` is as aiohttp writes it, `{name}` or `{name:regex}`. The first line of the handler's docstring says
    what it does. `answers` has every status that the handler gives itself; what is answered before it gets
    there (no token, another host) need not be repeated. `bare`: it does not answer under /api.
    """

    method: str
    path: str
    handler: Handler
    right: Right = field(default="user", kw_only=True)
    tag: str = field(kw_only=True)
    body: Content = field(default=None, kw_only=True)
    query: type[Struct] | None = field(default=None, kw_only=True)
    answers: Mapping[int, Content] = field(default_factory=lambda: EMPTY, kw_only=True)
    bare: bool = field(default=False, kw_only=True)

    @property
    def name(self) -> str:
        """Method and path, without the patterns of its parts: as rights and documents name it."""
        return f"{self.method} {plain(self.path)}"


@lru_cache(512)
def plain(path: str) -> str:
    """Return a path without the patterns of its parts: `/a/{name:.*}` is `/a/{name}`."""
    return "/".join(
        f"{part.partition(':')[0]}}}" if ":" in part and part.startswith("{") else part
        for part in path.split("/")
    )


ROUTES = web.AppKey("inkloom.routes", tuple[Route, ...])
"""Where an application has its table."""


def rights_of(routes: tuple[Route, ...]) -> Rights:
    """Return what each route asks for, by its name; raises ValueError when a route is there twice."""
    found: dict[str, Right] = {}
    for route in routes:
        if route.name in found:
            raise ValueError(f"the table of routes has {route.name} twice")
        found[route.name] = route.right
    return found
