"""Every route says what it asks for, and asks for it."""

from pathlib import Path

import pytest

from inkloom.server.access.rights import right_of
from inkloom.server.access.users import add
from inkloom.server.routes import ROUTES
from inkloom.server.routing import plain, rights_of

from .conftest import Serve

RIGHTS = rights_of(ROUTES)


def test_the_table_has_every_route_once() -> None:
    assert len(RIGHTS) == len(ROUTES)
    with pytest.raises(ValueError, match="GET /prompt twice"):
        rights_of((*ROUTES, ROUTES[1]))


def test_what_is_for_admins_and_what_for_anybody() -> None:
    """Both are exceptions; who adds one says so here, too."""
    assert {name for name, right in RIGHTS.items() if right == "anybody"} == {
        "GET /login",
        "POST /login",
        "POST /logout",
    }
    assert {name for name, right in RIGHTS.items() if right == "admin"} == {
        "POST /free",
        "GET /internal/logs",
        "GET /internal/logs/raw",
        "PATCH /internal/logs/subscribe",
        "GET /internal/folder_paths",
        "GET /metrics",
    }


@pytest.mark.parametrize(
    ("method", "path", "right"),
    [
        ("GET", "/queue", "user"),
        ("HEAD", "/queue", "user"),
        ("GET", "/api/queue", "user"),
        ("POST", "/free", "admin"),
        ("POST", "/api/free", "admin"),
        ("POST", "/a/route/of/a/pack", "admin"),
        ("GET", "/login", "anybody"),
        ("GET", "/api/login", "anybody"),
    ],
)
def test_rights(method: str, path: str, right: str) -> None:
    assert right_of(RIGHTS, method, path) == right


async def test_who_gets_in_where(serve: Serve, tmp_path: Path) -> None:
    """Each route: nobody is told who they are not, a user is kept from what is an admin's."""
    alice, boss = add(tmp_path, "alice"), add(tmp_path, "boss", is_admin=True)
    async with serve() as server, server.client() as client:
        for route in ROUTES:
            method, path, needed = route.method, plain(route.path), route.right
            for prefix in ("", "/api"):
                statuses = []
                for token in (None, alice, boss):
                    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
                    async with client.request(
                        method, prefix + path.replace("{", "").replace("}", ""), headers=headers, data=b"{"
                    ) as answer:
                        statuses.append(answer.status)
                if prefix and route.bare:
                    continue  # not there
                kept_out = [status in (401, 403) and status for status in statuses[:2]]
                expected = {"anybody": [False, False], "user": [401, False], "admin": [401, 403]}[needed]
                if path == "/login" and method == "POST":
                    assert statuses == [415, 415, 415]
                else:
                    assert kept_out == expected, (method, path, statuses)
                    assert statuses[2] != 401
