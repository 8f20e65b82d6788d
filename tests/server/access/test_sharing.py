"""A server that is shared with pages of another origin: with those, and with no others."""

import pytest
from aiohttp import WSServerHandshakeError

from inkloom.cli.main import parser
from inkloom.cli.protection import asked
from inkloom.cli.usage import UsageError
from inkloom.server.access.sharing import Shared
from inkloom.server.access.users import add

from .conftest import Serve

FRIEND = "https://editor.example"
TOLD = {
    "Access-Control-Allow-Methods": "POST, GET, DELETE, PUT, OPTIONS",
    "Access-Control-Allow-Headers": "Content-Type, Authorization",
    "Access-Control-Allow-Credentials": "true",
}


@pytest.mark.parametrize(
    ("shared", "origin", "has"),
    [
        (FRIEND, FRIEND, True),
        (FRIEND, "HTTPS://Editor.Example:443", True),
        (FRIEND, "http://editor.example", False),
        (FRIEND, "https://editor.example:8443", False),
        (FRIEND, "https://editor.example.evil", False),
        (FRIEND, "https://evil.example", False),
        (FRIEND, "null", False),
        (FRIEND, "", False),
        ("*", "https://evil.example", True),
        ("*", "null", True),
    ],
)
def test_whose_pages(shared: str, origin: str, has: bool) -> None:
    assert Shared(shared).has(origin) == has


@pytest.mark.parametrize("shared", [None, FRIEND, "*"])
async def test_requests(serve: Serve, shared: str | None) -> None:
    async with serve(shared=shared and Shared(shared)) as server, server.client() as client:
        for origin in (FRIEND, "https://evil.example", "null"):
            let_in = shared in ("*", origin)
            for method, path in (("GET", "/queue"), ("POST", "/queue"), ("OPTIONS", "/prompt")):
                async with client.request(method, path, headers={"Origin": origin}, data=b"{}") as answer:
                    assert answer.status == (200 if let_in else 403), (origin, method)
                    assert answer.headers.get("Access-Control-Allow-Origin") == shared
                    told = {name: answer.headers.get(name) for name in TOLD}
                    assert told == (TOLD if shared else dict.fromkeys(TOLD))
            if let_in:
                async with client.ws_connect("/ws", headers={"Origin": origin}) as socket:
                    assert (await socket.receive_json())["type"] == "status"
            else:
                with pytest.raises(WSServerHandshakeError, match="403"):
                    await client.ws_connect("/ws", headers={"Origin": origin})


async def test_hosts_and_forms_are_checked_as_before(serve: Serve) -> None:
    async with serve(shared=Shared("*")) as server, server.client() as client:
        async with client.get("/queue", headers={"Host": "evil.example"}) as answer:
            assert answer.status == 403, "a name that was pointed here"
        form = {"Origin": FRIEND, "Content-Type": "application/x-www-form-urlencoded"}
        async with client.post("/queue", headers=form, data=b"{}") as answer:
            assert answer.status == 415


async def test_it_takes_the_place_of_no_token(serve: Serve) -> None:
    async with serve(shared=Shared(FRIEND)) as server, server.client() as client:
        token = add(server.root, "alice")
        async with client.get("/queue", headers={"Origin": FRIEND}) as answer:
            assert answer.status == 401
            assert answer.headers["Access-Control-Allow-Origin"] == FRIEND
        async with client.options("/queue", headers={"Origin": FRIEND}) as answer:
            assert answer.status == 200, "browsers ask first, without the token"
        shown = {"Origin": FRIEND, "Authorization": f"Bearer {token}"}
        async with client.get("/queue", headers=shown) as answer:
            assert answer.status == 200


def test_the_command_line() -> None:
    def given(*argv: str) -> Shared | None:
        return asked(parser().parse_args(["serve", *argv])).shared

    assert given() is None
    assert given("--enable-cors-header") == Shared("*")
    assert given("--enable-cors-header", FRIEND) == Shared(FRIEND)
    for wrong in ("editor.example", "https://editor.example/", "null", "ftp://a", "https://a\nX: y"):
        with pytest.raises(UsageError, match="--enable-cors-header takes an origin"):
            given("--enable-cors-header", wrong)
