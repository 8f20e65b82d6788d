"""A server behind a proxy that puts a path of its own before it: a browser is led nowhere else."""

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import ClientSession, CookieJar, web
from yarl import URL

from inkloom.server.access.users import add

from .conftest import Running, Serve

BELOW = "/inkloom"


@asynccontextmanager
async def proxied(server: Running) -> AsyncIterator[str]:
    """Yield the address of a proxy that has a server below a path, and nothing else."""

    async def passed_on(request: web.Request) -> web.Response:
        wanted = URL(server.url + request.rel_url.raw_path.removeprefix(BELOW), encoded=True)
        async with (
            ClientSession(auto_decompress=False) as session,
            session.request(
                request.method,
                wanted,
                headers=request.headers,
                data=await request.read(),
                allow_redirects=False,
            ) as answer,
        ):
            return web.Response(body=await answer.read(), status=answer.status, headers=answer.headers)

    app = web.Application()
    app.router.add_route("*", BELOW + "{rest:/.*}", passed_on)
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        try:
            await web.SockSite(runner, listening).start()
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            await runner.cleanup()


@pytest.mark.parametrize(
    "place", ["/", "/queue", "/v1/jobs", "/templates/", "/userdata/a%2Fb", "/nothing/at/all"]
)
async def test_who_is_unknown_is_sent_to_the_page_below_the_prefix(
    serve: Serve, tmp_path: Path, place: str
) -> None:
    token = add(tmp_path, "alice")
    async with (
        serve() as server,
        proxied(server) as base,
        ClientSession(cookie_jar=CookieJar(unsafe=True)) as client,
    ):
        asked = URL(base + BELOW + place, encoded=True)
        async with client.get(asked, headers={"Sec-Fetch-Mode": "navigate"}) as answer:
            page = await answer.text()
            assert (answer.url.path, answer.status) == (f"{BELOW}/login", 200)
        assert 'action="login"' in page
        own = {"Origin": base}
        form = answer.url.join(URL("login"))
        async with client.post(form, data={"token": token}, headers=own, allow_redirects=False) as answer:
            assert answer.status == 303
            assert form.join(URL(answer.headers["Location"])) == URL(f"{base}{BELOW}/")
        async with client.get(f"{base}{BELOW}/queue") as answer:
            assert answer.status == 200
        logout = URL(f"{base}{BELOW}/logout")
        async with client.post(logout, headers=own, allow_redirects=False) as answer:
            assert logout.join(URL(answer.headers["Location"])) == form
