"""`--enable-cors-header`: pages of another origin that may ask this server, and what tells browsers so."""

from dataclasses import dataclass
from urllib.parse import urlsplit

from aiohttp import web

from .origin import PORTS, split_host

ANY = "*"


@dataclass(frozen=True, slots=True)
class Shared:
    """With whom a server is shared: one origin such as https://editor.example:8443, or `ANY`."""

    origin: str

    def has(self, origin: str) -> bool:
        """Return whether an Origin header is one of theirs."""
        place = place_of(origin)
        return self.origin == ANY or (place is not None and place == place_of(self.origin))


def place_of(origin: str) -> tuple[str, str, int] | None:
    """Return scheme, name and port of an origin; None for text that is none, such as `null`."""
    try:
        parts = urlsplit(origin)
    except ValueError:
        return None
    usual = PORTS.get(parts.scheme)
    name, port = split_host(parts.netloc)
    if usual is None or not name or parts.path or parts.query or parts.fragment:
        return None
    return parts.scheme, name, port or usual


def headers_for(shared: Shared) -> dict[str, str]:
    """Return the headers of every answer."""
    return {
        "Access-Control-Allow-Origin": shared.origin,
        "Access-Control-Allow-Methods": "POST, GET, DELETE, PUT, OPTIONS",
        "Access-Control-Allow-Headers": "Content-Type, Authorization",
        "Access-Control-Allow-Credentials": "true",
        "Cross-Origin-Resource-Policy": "cross-origin",  # pictures that their pages show
    }


def sharing(app: web.Application, shared: Shared) -> None:
    """Make every answer of an application tell with whom it is shared."""
    told = headers_for(shared)

    async def tell(_: web.Request, response: web.StreamResponse) -> None:
        response.headers.update(told)

    app.on_response_prepare.append(tell)
