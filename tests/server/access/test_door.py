"""Who is let in: by a token, by a cookie, by neither."""

from pathlib import Path

import pytest
from aiohttp import CookieJar

from inkloom.server.access import sessions
from inkloom.server.access.door import Door, door_of
from inkloom.server.access.identity import ONLY
from inkloom.server.access.sessions import SECONDS, Sessions
from inkloom.server.access.users import UsersOf, add, path_of, remove

from .conftest import Serve

TOKEN = "a token of sixteen"


def test_an_open_door_closes_with_the_first_user(tmp_path: Path) -> None:
    door = door_of(tmp_path)
    assert door.is_open()
    assert door.by_token("") is None
    add(tmp_path, "alice")
    assert not door.is_open()
    assert door.known(ONLY) is None
    remove(tmp_path, "alice")
    assert door.is_open()


def test_a_closed_door_does_not_open_when_the_last_user_goes(tmp_path: Path) -> None:
    door = door_of(tmp_path, open=False)
    token = add(tmp_path, "alice")
    assert door.by_token(token) is not None
    remove(tmp_path, "alice")
    assert (door.is_open(), door.by_token(token), door.known(ONLY)) == (False, None, None)


def test_tokens(tmp_path: Path) -> None:
    door = door_of(tmp_path, token=TOKEN)
    tokens = {name: add(tmp_path, name, is_admin=name == "boss") for name in ("alice", "boss")}
    found = {name: door.by_token(token) for name, token in {**tokens, ONLY: TOKEN}.items()}
    told = {name: (who.name, who.admin, who.scope) for name, who in found.items() if who}
    assert told == {
        "alice": ("alice", False, "alice"),
        "boss": ("boss", True, None),
        ONLY: (ONLY, True, None),
    }
    for wrong in ("", "alice", TOKEN[:-1], TOKEN + " ", tokens["alice"].upper(), "\udcff", "\ud800"):
        assert door.by_token(wrong) is None


def test_cookies(tmp_path: Path) -> None:
    now = 1000.0
    door = Door(users=UsersOf(tmp_path), sessions=Sessions(tmp_path), clock=lambda: now)
    token = add(tmp_path, "alice")
    add(tmp_path, "bob")
    alice = door.by_token(token)
    assert alice is not None
    cookie = door.cookie_for(alice)
    assert token not in cookie
    assert door.by_cookie(cookie) == alice
    again = Door(users=UsersOf(tmp_path), sessions=Sessions(tmp_path), clock=lambda: now)
    assert again.by_cookie(cookie) == alice, "a server that starts again knows its cookies"
    name, until, seal = cookie.split("|")
    for forged in (
        f"bob|{until}|{seal}",
        f"{name}|{int(until) + 1}|{seal}",
        f"{name}|{until}|{seal[:-1]}0",
        f"{name}|{until}|",
        f"{name}|x|{seal}",
        f"{name}|{'9' * 5000}|{seal}",
        f"{name}|{until}|\udcff",
        f"|{until}|{seal}",
        name,
        "",
    ):
        assert door.by_cookie(forged) is None
    now += SECONDS
    assert door.by_cookie(cookie) is None, "too old"
    now = 1000.0
    remove(tmp_path, "alice")
    assert door.by_cookie(cookie) is None, "no user"
    add(tmp_path, "alice")
    assert door.by_cookie(cookie) is None, "another token"


def test_a_key_that_is_none_lets_nobody_in(tmp_path: Path) -> None:
    (tmp_path / sessions.FILE).touch()
    door = door_of(tmp_path, token=TOKEN)
    who = door.by_token(TOKEN)
    assert who is not None
    with pytest.raises(Exception, match="it is no key"):
        door.cookie_for(who)


async def test_what_a_client_says_of_itself_counts_for_nothing(serve: Serve, tmp_path: Path) -> None:
    token = add(tmp_path, "alice")
    async with serve() as server, server.client() as client:
        for headers in (
            {},
            {"Comfy-User": "alice"},
            {"X-Forwarded-For": "127.0.0.1", "X-Forwarded-User": "alice"},
            {"Authorization": "Bearer "},
            {"Authorization": "Bearer alice"},
            {"Authorization": f"Basic {token}"},
            {"Authorization": token},
            {"Cookie": f"inkloom_{server.port}={token}"},
        ):
            async with client.get("/queue", headers=headers) as answer:
                assert answer.status == 401
                assert answer.headers["WWW-Authenticate"] == 'Bearer realm="inkloom"'
                error = (await answer.json())["error"]
                assert error["type"] == "token_needed"
                assert error["message"].startswith("That token" if "Authorization" in headers else "Who")
        async with client.get("/queue", headers={"Authorization": f"bearer {token}"}) as answer:
            assert answer.status == 200
        path_of(tmp_path).write_text("damaged")
        async with client.get("/queue", headers={"Authorization": f"Bearer {token}"}) as answer:
            assert (answer.status, "not a file of users" in await answer.text()) == (503, True)


async def test_a_browser_logs_in_and_out(serve: Serve, tmp_path: Path) -> None:
    token = add(tmp_path, "alice")
    async with serve() as server, server.client(cookie_jar=CookieJar(unsafe=True)) as client:
        own = {"Origin": server.url}
        async with client.get("/", headers={"Sec-Fetch-Mode": "navigate"}) as answer:
            page = await answer.text()
            assert (answer.url.path, answer.status) == ("/login", 200)
        assert "<script" not in page
        assert "script-src" not in answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        async with client.post("/login", data={"token": "wrong"}, headers=own) as answer:
            assert (answer.status, "No user" in await answer.text()) == (403, True)
        async with client.post("/login", data={"token": "x" * 5000}, headers=own) as answer:
            assert answer.status == 413
        async with client.post("/login", json={"token": token}, headers=own) as answer:
            assert answer.status == 415
        stranger = {"Origin": "http://evil.example"}
        async with client.post("/login", data={"token": token}, headers=stranger) as answer:
            assert answer.status == 403
        assert not list(client.cookie_jar)
        async with client.post("/login", data={"token": token}, headers=own, allow_redirects=False) as answer:
            assert (answer.status, answer.headers["Location"]) == (303, "./")
            told = answer.headers["Set-Cookie"]
        assert all(
            part in told for part in ("HttpOnly", "SameSite=Strict", "Path=/", f"inkloom_{server.port}=")
        )
        assert token not in told
        async with client.get("/queue") as answer:
            assert answer.status == 200
        async with client.get("/queue", headers={"Authorization": "Bearer wrong"}) as answer:
            assert answer.status == 401, "a cookie does not make a wrong token good"
        async with client.ws_connect("/ws") as socket:
            assert (await socket.receive_json())["type"] == "status"
        async with client.post("/logout", headers=own) as answer:
            assert answer.url.path == "/login"
        async with client.get("/queue") as answer:
            assert answer.status == 401
