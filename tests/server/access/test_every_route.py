"""What holds for every route there is, by the one table: what browsers are told, and how much may be sent."""

import re

import pytest

from inkloom.server.limits import Limits
from inkloom.server.routes import ROUTES
from inkloom.server.routing import Route

from .conftest import Serve

LIMITS = Limits(json_bytes=1000, upload_bytes=1000, form_field_bytes=100, form_parts=4)

NO_BODY = {
    "POST /logout",
    "POST /users",
    "POST /userdata/{file}/move/{dest}",
    "POST /v1/jobs/{id}/cancel",
    "POST /v1/jobs/{id}/retry",
}
"""What changes something by its path alone, and reads no body."""

FORMS = {"POST /upload/image": "multipart/form-data; boundary=x", "POST /upload/mask": "multipart/form-data"}


def path_of(route: Route) -> str:
    """Return a path that a route answers to."""
    return re.sub(r"{(\w+)(:[^}]*)?}", r"\1", route.path)


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST", "PATCH", "DELETE"])
async def test_what_browsers_are_told(serve: Serve, method: str) -> None:
    """Nothing of an answer is run, framed or taken for another type, wherever it comes from."""
    paths = sorted({path_of(route) for route in ROUTES if route.path != "/ws"} | {"/nothing/of/that/name"})
    async with serve() as server, server.client() as client:
        for path in paths:
            sent = {"data": b"{", "headers": {"Content-Type": "application/json"}} if method != "GET" else {}
            async with client.request(method, path, allow_redirects=False, **sent) as answer:
                policy = answer.headers["Content-Security-Policy"]
                assert "default-src 'none'" in policy, (method, path)
                assert "unsafe" not in policy, (method, path)
                assert "sandbox" in policy or "frame-ancestors 'none'" in policy, (method, path)
                assert answer.headers["X-Content-Type-Options"] == "nosniff", (method, path)
                assert answer.headers["X-Frame-Options"] == "DENY", (method, path)
                assert answer.status < 500 or answer.status == 503, (method, path)


async def test_how_much_may_be_sent(serve: Serve) -> None:
    """Each route that takes a body has a limit of it."""
    async with serve(limits=LIMITS) as server, server.client() as client:
        for route in ROUTES:
            name = f"{route.method} {route.path}"
            if route.method not in ("POST", "PUT", "PATCH") or name in NO_BODY:
                continue
            kind = FORMS.get(name, "application/json")
            body = b" " * 1001 if kind == "application/json" else b"--x\r\n" + b" " * 100_000
            if name == "POST /login":
                kind, body = "application/x-www-form-urlencoded", b"token=" + b"x" * 5000
            async with client.request(
                route.method, path_of(route), data=body, headers={"Content-Type": kind}
            ) as answer:
                assert answer.status in (400, 413) if name in FORMS else answer.status == 413, name
