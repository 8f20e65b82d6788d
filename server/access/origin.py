"""Which browsers may talk to this server: the check of `Host` and `Origin` before anything else.

A page of another site can make a browser send requests here. Such a request carries the page's `Origin`, so
it must agree with `Host`. A page can also point its own name at this machine (DNS rebinding): then both
agree, but `Host` is none of this server's names. Programs send no `Origin`: tokens keep them out, not this.
"""

import ipaddress
import re
from collections.abc import Callable, Collection
from functools import lru_cache
from typing import cast
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from ..refusals import refused

HOST = re.compile(r"(?:\[(?P<six>[0-9a-f:.]+)\]|(?P<name>[\w.-]+))(?::(?P<port>[0-9]{1,5}))?", re.I)
"""A Host header: a name or an address, in brackets where it has colons, and a port."""

PORTS = {"http": 80, "https": 443}
"""The port that an origin means which names none."""

CHANGING = ("POST", "PUT", "PATCH", "DELETE")
"""Methods of requests that change something."""

FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")
"""Types of bodies that a form of any page can send."""

TAKES_FORMS = re.compile(r"(?:/api)?/upload/(?:image|mask)|/login|/logout")
"""The paths that take forms."""

KNOWN = 64
"""Names of hosts about which answers are kept: the same few are asked for again and again."""

OF_BROWSERS = ("Origin", "Cookie", "Referer", "Sec-Fetch-Site", "Sec-Fetch-Mode")
"""Headers that tell a browser from other programs: each one sends some of them with a form."""


@lru_cache(KNOWN)
def is_loopback(host: str) -> bool:
    """Return whether a host name or address (no port, no brackets) can only mean this machine."""
    name = host.lower().rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    inner = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (inner or address).is_loopback


@lru_cache(KNOWN)
def split_host(text: str) -> tuple[str, int | None]:
    """Split `host[:port]` of a Host header; ("", None) when it is not one."""
    found = HOST.fullmatch(text)
    if found is None or (found["port"] and int(found["port"]) > 65535):
        return ("", None)
    return (same_form(found["six"] or found["name"]), int(found["port"]) if found["port"] else None)


@lru_cache(KNOWN)
def same_form(name: str) -> str:
    """Return the one way in which a name or an address is compared."""
    low = name.lower()
    try:
        return ipaddress.ip_address(low).compressed
    except ValueError:
        return low.rstrip(".")


def agree(host: str, origin: str, *, secure: bool = False) -> bool:
    """Return whether an Origin header names the place that the Host header names.

    An origin without a port means its scheme's; so does a host. `Origin: null` (a sandboxed page, a file)
    agrees with nothing, nor does a page that came in the clear with a server that is `secure`.
    """
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    usual = PORTS.get(parts.scheme)
    if usual is None or parts.path or parts.query or parts.fragment or (secure and parts.scheme != "https"):
        return False
    name, port = split_host(parts.netloc)
    host_name, host_port = split_host(host)
    return name != "" and name == host_name and (port or usual) == (host_port or usual)


def nobody(_: str) -> bool:
    """Share with no other origin."""
    return False


def own_names_only(hosts: Collection[str] = (), shared: Callable[[str], bool] = nobody) -> Middleware:
    """Return what refuses requests that a page of another site made a browser send.

    The server answers to the names of this machine for itself, to `hosts`, and to the address that a
    connection came in on. Pages of origins that are `shared` may ask as its own may.
    """
    names = frozenset(same_form(host) for host in hosts)

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        given = request.headers.getall("Host", [])
        if len(given) != 1 or not split_host(given[0])[0]:
            return refused(400, "wrong_host", "A request must say in one Host header which server it is for")
        [host] = given
        name = split_host(host)[0]
        if not (is_loopback(name) or name in names or name == _came_in_on(request)):
            told = (
                f"This server answers to this machine's own names, and {name!r} is not one of them: "
                "use http://127.0.0.1 or http://localhost with its port, "
                f"or start it with --allow-host {name}"
            )
            return refused(403, "wrong_host", told)
        if wrong := _foreign(request, host, shared):
            return refused(403, "wrong_origin", wrong)
        if request.method == "OPTIONS":
            return web.Response()
        if request.method in CHANGING and _is_form(request) and not TAKES_FORMS.fullmatch(request.path):
            told = f"The body must be sent as application/json, not {request.content_type}"
            return refused(415, "wrong_content_type", told)
        return await handler(request)

    return check


def _came_in_on(request: web.Request) -> str | None:
    """Return this machine's address that a connection was made to."""
    address = None if request.transport is None else request.transport.get_extra_info("sockname")
    return same_form(str(cast(tuple[object, ...], address)[0])) if isinstance(address, tuple) else None


def _foreign(request: web.Request, host: str, shared: Callable[[str], bool]) -> str | None:
    """Say why a request is a page's of another site; None when it is not one."""
    origins = request.headers.getall("Origin", [])
    for origin in origins:
        if not (agree(host, origin, secure=request.secure) or shared(origin)):
            return f"A page of {origin!r} may not ask the server at {host!r}"
    changes = request.method in CHANGING or "upgrade" in request.headers.get("Connection", "").lower()
    if changes and not origins and request.headers.get("Sec-Fetch-Site") in ("cross-site", "same-site"):
        return "A page of another site may not change anything here"
    return None


def _is_form(request: web.Request) -> bool:
    """Tell whether a form of a page may have sent this.

    Some programs send JSON under the type of a form, because their library calls everything so that has no
    other type: they may, since they are no browsers.
    """
    if request.content_type == FORMS[0]:
        return any(name in request.headers for name in OF_BROWSERS)
    return request.content_type in FORMS
