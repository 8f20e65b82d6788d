"""What a page of another site can make a browser send: none of it does anything. On a real socket."""

import pytest
from aiohttp import ClientSession

from .conftest import Running, Serve

GOOD = {"Content-Type": "application/json"}


def cases(port: int) -> list[tuple[dict[str, str], int]]:
    """Return headers, and the status that a change gets with them."""
    here, form = f"127.0.0.1:{port}", "application/x-www-form-urlencoded"
    return [
        (GOOD, 200),
        ({}, 200),
        (GOOD | {"Origin": f"http://{here}"}, 200),
        (GOOD | {"Host": f"localhost:{port}", "Origin": f"http://localhost:{port}"}, 200),
        (GOOD | {"Host": f"[::1]:{port}", "Origin": f"http://[::1]:{port}"}, 200),
        (GOOD | {"Host": f"box.example:{port}", "Origin": f"http://box.example:{port}"}, 200),  # --allow-host
        (GOOD | {"Host": "BOX.example.", "Origin": "https://box.example"}, 200),
        # another site, port, scheme, or none at all
        (GOOD | {"Origin": "http://evil.example"}, 403),
        (GOOD | {"Origin": "null"}, 403),
        (GOOD | {"Origin": ""}, 403),
        (GOOD | {"Origin": "http://127.0.0.1"}, 403),
        (GOOD | {"Origin": f"http://127.0.0.1:{port + 1}"}, 403),
        (GOOD | {"Origin": f"http://localhost:{port}"}, 403),
        (GOOD | {"Origin": f"https://evil.example@{here}"}, 403),
        (GOOD | {"Origin": f"http://{here}.evil.example"}, 403),
        # a name of the attacker's that means this machine
        (GOOD | {"Host": "evil.example"}, 403),
        (GOOD | {"Host": f"evil.example:{port}", "Origin": f"http://evil.example:{port}"}, 403),
        (GOOD | {"Host": f"127.0.0.1.evil.example:{port}"}, 403),
        (GOOD | {"Host": f"192.0.2.1:{port}"}, 403),
        (GOOD | {"Host": f"0.0.0.0:{port}"}, 403),
        (GOOD | {"Host": f"[::ffff:192.0.2.1]:{port}"}, 403),
        (GOOD | {"Host": ""}, 400),
        (GOOD | {"Host": f"evil@{here}"}, 400),
        (GOOD | {"Host": f"{here}/x"}, 400),
        # a browser that sends no Origin with this
        (GOOD | {"Sec-Fetch-Site": "cross-site"}, 403),
        (GOOD | {"Sec-Fetch-Site": "same-site"}, 403),
        (GOOD | {"Sec-Fetch-Site": "same-origin"}, 200),
        # what a form can send; libraries of programs call everything so
        ({"Content-Type": form}, 200),
        ({"Content-Type": form, "Origin": f"http://{here}"}, 415),
        ({"Content-Type": form, "Cookie": "a=b"}, 415),
        ({"Content-Type": form, "Referer": f"http://{here}/"}, 415),
        ({"Content-Type": form, "Sec-Fetch-Mode": "navigate"}, 415),
        ({"Content-Type": "multipart/form-data; boundary=x"}, 415),
        ({"Content-Type": "text/plain"}, 200),  # as the editor sends settings
        ({"Content-Type": "text/plain", "Origin": "http://evil.example"}, 403),
    ]


async def status_of(client: ClientSession, path: str, headers: dict[str, str]) -> int:
    skip = ("Content-Type",) if "Content-Type" not in headers else ()
    async with client.post(path, data=b"{}", headers=headers, skip_auto_headers=skip) as answer:
        return answer.status


@pytest.mark.parametrize("path", ["/queue", "/api/queue", "/interrupt", "/settings"])
async def test_changes(serve: Serve, path: str) -> None:
    async with serve(hosts=("box.example",)) as server, server.client() as client:
        rows = cases(server.port)
        statuses = [await status_of(client, path, headers) for headers, _ in rows]
        assert statuses == [expected for _, expected in rows]


async def test_the_websocket(serve: Serve) -> None:
    async with serve(hosts=("box.example",)) as server:
        for headers, status in cases(server.port):
            if status == 415 or "Content-Type" not in headers:
                continue
            expected = 101 if status == 200 else status
            if "Sec-Fetch-Site" in headers and "Origin" not in headers:
                continue  # browsers send both with a handshake
            assert await handshake(server, headers) == expected, headers


async def handshake(server: Running, headers: dict[str, str]) -> int:
    """Ask for a websocket and return the status; the connection ends with the answer's first line."""
    import asyncio

    lines = {
        "Host": f"127.0.0.1:{server.port}",
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
        **headers,
    }
    text = "GET /ws HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in lines.items()) + "\r\n"
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(text.encode())
    line = await reader.readline()
    writer.close()
    return int(line.split()[1])


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"POST /queue HTTP/1.1\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}", b"400"),
        (b"POST /queue HTTP/1.0\r\nContent-Length: 2\r\n\r\n{}", b"400"),
        (
            b"POST /queue HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example\r\n"
            b"Content-Length: 2\r\nConnection: close\r\n\r\n{}",
            b"400",
        ),
        (
            b"POST /queue HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}",
            b"200",
        ),
    ],
)
async def test_hosts_that_are_missing_or_many(serve: Serve, head: bytes, status: bytes) -> None:
    async with serve() as server:
        assert (await server.raw(head)).split()[1] == status


async def test_two_origins(serve: Serve) -> None:
    async with serve() as server:
        here = f"http://127.0.0.1:{server.port}"
        head = (
            f"POST /queue HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nOrigin: {here}\r\n"
            "Origin: http://evil.example\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
        )
        assert (await server.raw(head.encode())).split()[1] in (b"400", b"403")


async def test_every_answer_has_its_guards(serve: Serve) -> None:
    async with serve() as server, server.client() as client:
        for path in ("/", "/login", "/queue", "/nothing", "/view", "/userdata/x", "/object_info/Number"):
            async with client.get(path) as answer:
                policy = answer.headers["Content-Security-Policy"]
                assert answer.headers["X-Content-Type-Options"] == "nosniff", path
                assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin", path
                assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin", path
                assert answer.headers["Referrer-Policy"] == "same-origin", path
                assert answer.headers["X-Frame-Options"] == "DENY", path
            assert "default-src 'none'" in policy
            assert "frame-ancestors 'none'" in policy
            assert "unsafe" not in policy
        async with client.post("/queue", data=b"{}", headers={"Origin": "null"}) as answer:
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
