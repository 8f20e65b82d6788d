"""Which browsers may talk to this server: the check of `Host` and `Origin` before anything else.

A page of another site can make a browser send requests here. Such a request carries the page's `Origin`, so
it must agree with `Host`. A page can also point its own name at 127.0.0.1 (DNS rebinding): then both agree,
but `Host` is not a loopback name, and a server on a loopback address has no other name.
"""

import ipaddress
from urllib.parse import urlsplit

from aiohttp import web
from aiohttp.typedefs import Handler


def is_loopback(host: str) -> bool:
    """Return whether a host name or address (no port, no brackets) can only mean this machine."""
    name = host.lower().rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def split_host(text: str) -> tuple[str, int | None]:
    """Split `host[:port]` of a Host header; ("", None) when it is not one."""
    try:
        parts = urlsplit("//" + text)
        return (parts.hostname or "", parts.port)
    except ValueError:
        return ("", None)


def agree(host: str, origin: str) -> bool:
    """Return whether an Origin header names the place that the Host header names.

    Ports are compared only when both are written; `Origin: null` (a sandboxed page) agrees with nothing.
    """
    try:
        parts = urlsplit(origin)
        origin_host, origin_port = parts.hostname or "", parts.port
    except ValueError:
        return False
    host_name, host_port = split_host(host)
    if not origin_host or origin_host != host_name:
        return False
    return origin_port is None or host_port is None or origin_port == host_port


@web.middleware
async def same_origin_only(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Refuse with 403 what a page of another site made a browser send."""
    host = request.headers.get("Host")
    if host is not None and not is_loopback(split_host(host)[0]):
        return web.Response(
            status=403,
            text=f"This server answers only on this machine's own names, and {host!r} is not one of them: "
            "use http://127.0.0.1 or http://localhost with its port.\n",
        )
    origin = request.headers.get("Origin")
    if host is not None and origin is not None and not agree(host, origin):
        return web.Response(status=403)
    if request.method == "OPTIONS":
        return web.Response()
    return await handler(request)
