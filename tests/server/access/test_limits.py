"""Every limit of the table holds: what is more is refused with a reason, and the server goes on."""

import asyncio
import gzip
import io
import json
import struct
import zlib
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession, FormData, WSMsgType
from PIL import Image

from inkloom.server.access.users import add
from inkloom.server.body import read_json
from inkloom.server.limits import LIMITS, Limits, rows

from .conftest import Running, Serve

DOCS = Path(__file__).resolve().parent.parent.parent.parent / "docs"
SHOW = {"1": {"class_type": "Show", "inputs": {"value": 1}}}


def small(**limits: Any) -> Limits:
    return replace(LIMITS, **limits)


@pytest.mark.parametrize("row", rows(), ids=lambda row: row[0])
def test_the_documentation_has_the_table(row: tuple[str, str, str]) -> None:
    name, value, says = row
    assert f"| `{name}` | {value} | {says} |" in (DOCS / "security.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [one.name for one in fields(Limits)])
def test_every_limit_has_a_test(name: str) -> None:
    here = Path(__file__)
    files = (here, here.with_name("test_connections.py"), here.parent.parent / "v1" / "test_events.py")
    text = "".join(path.read_text(encoding="utf-8") for path in files)
    assert f"{name}=" in text or f"LIMITS.{name}" in text


async def told(client: ClientSession, path: str, status: int, **request: Any) -> str:
    async with client.post(path, **request) as answer:
        text = await answer.text()
        assert answer.status == status, text
        return text


async def answers(server: Running) -> None:
    """Check that others are still served."""
    async with server.client() as client, client.get("/queue") as answer:
        assert answer.status == 200


async def test_bodies(serve: Serve) -> None:
    async with serve(limits=small(json_bytes=1000)) as server, server.client() as client:
        packed = gzip.compress(b" " * 10_000_000)
        for path in ("/prompt", "/queue", "/settings", "/v1/explain", "/interrupt"):
            kind = {"Content-Type": "application/json"}
            await told(client, path, 413, data=b" " * 1001, headers=kind)
            await told(client, path, 413, data=packed, headers={**kind, "Content-Encoding": "gzip"})
        await told(client, "/queue", 200, data=b" " * 1000)


async def test_many_bodies_at_once(serve: Serve) -> None:
    """What is being sent counts from its first byte on; what has been read, no more."""
    limits = small(json_bytes=1000, bodies_bytes=2000)
    async with serve(limits=limits) as server, server.client() as client:
        head = b"POST /queue HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %d\r\n\r\n"
        slow = [await asyncio.open_connection("127.0.0.1", server.port) for _ in range(2)]
        for _, writer in slow:
            writer.write(head % 1000)
        async with asyncio.timeout(20):
            while (status := await posted(client)) == 200:  # until the server has read both heads
                pass
        assert status == 503
        await told(client, "/userdata/a", 200, data=b"x" * 1000)  # it goes to the disk
        await answers(server)
        for reader, writer in slow:
            writer.write(b" " * 1000)
            assert (await reader.readline()).split()[1] == b"200"
            writer.close()
        await told(client, "/queue", 200, data=b" " * 1000)


async def posted(client: ClientSession) -> int:
    async with client.post("/queue", data=b" " * 500) as answer:
        return answer.status


async def test_files(serve: Serve) -> None:
    limits = small(upload_bytes=1000, form_parts=3, form_field_bytes=1000)
    async with serve(limits=limits) as server, server.client() as client:

        def form(size: int, *others: str) -> FormData:
            made = FormData()
            for number, text in enumerate(others):
                made.add_field(f"f{number}", text)
            made.add_field("image", b"x" * size, filename="a.png")
            return made

        await told(client, "/upload/image", 200, data=form(1000))
        assert "1000 bytes" in await told(client, "/upload/image", 413, data=form(1001))
        assert "3 parts" in await told(client, "/upload/image", 400, data=form(1, "", "", ""))
        assert "1000 bytes" in await told(client, "/upload/image", 400, data=form(1, "x" * 1001))
        await told(client, "/userdata/a", 200, data=b"x" * 1000)
        await told(client, "/userdata/a", 413, data=b"x" * 1001)
        async with client.get("/features") as answer:
            assert (await answer.json())["max_upload_size"] == 1000


async def test_what_a_user_keeps(serve: Serve) -> None:
    limits = small(userdata_bytes=1000, settings_bytes=100)
    async with serve(limits=limits) as server, server.client() as client:
        await told(client, "/userdata/a", 200, data=b"x" * 600)
        assert "400 bytes" in await told(client, "/userdata/b", 413, data=b"x" * 401)
        await told(client, "/userdata/b", 200, data=b"x" * 400)
        await told(client, "/userdata/c", 413, data=b"x")
        assert not [path for path in server.root.rglob("*") if path.name == "c"]
    async with serve(limits=limits, root=server.root / "other") as server, server.client() as client:
        await told(client, "/settings/a", 200, json="x" * 50)
        assert "100 bytes" in await told(client, "/settings/b", 413, json="x" * 50)
        async with client.get("/settings") as answer:
            assert list(await answer.json()) == ["a"]


def nested(levels: int) -> bytes:
    return b"[" * levels + b"]" * levels


@pytest.mark.parametrize("levels", [LIMITS.json_depth, LIMITS.json_depth + 1, 900, 5_000, 1_000_000])
async def test_deep_values(serve: Serve, levels: int) -> None:
    body = b'{"a": %s}' % nested(levels - 1)
    async with serve() as server, server.client() as client:
        for path in ("/queue", "/settings", "/interrupt"):
            await told(client, path, 200 if levels <= LIMITS.json_depth else 400, data=io.BytesIO(body))
        prompt = b'{"prompt": {"1": {"class_type": "Show", "inputs": {"value": {"__value__": %s}}}}}'
        if levels > LIMITS.json_depth:
            assert "nested" in await told(client, "/prompt", 400, data=io.BytesIO(prompt % nested(levels)))


@pytest.mark.parametrize("begins", [0, 2**18 - 1, 2**19 + 1])
@pytest.mark.parametrize("kind", [str, bytes])
def test_many_values(kind: type, begins: int) -> None:
    for more in (0, 1):
        text = " " * begins + "[" + "0," * (LIMITS.json_values - 1 + more) + "0,0]"
        given = text if kind is str else text.encode()
        if more:
            with pytest.raises(ValueError, match="too many values"):
                read_json(given)
        else:
            assert read_json(given) == [0] * (LIMITS.json_values + 1)


async def test_numbers_beyond_all_bounds(serve: Serve) -> None:
    async with serve() as server, server.client() as client:
        for number in (b"9" * 5000, b"1e999", b"-1e999", b"1" + b"0" * 400, b"1000000000"):
            body = b'{"prompt": {"1": {"class_type": "Number", "inputs": {"value": %s}}, ' % number
            body += b'"2": {"class_type": "Show", "inputs": {"value": ["1", 0]}}}}'
            await told(client, "/prompt", 400, data=body)


async def test_windows_beyond_all_bounds(serve: Serve) -> None:
    async with serve() as server, server.client() as client:
        for number in ("9" * 20, f"-{'9' * 20}", str(2**63), str(-(2**63)), "0"):
            for query in (f"offset={number}", f"max_items={number}", f"max_items=1&offset={number}"):
                async with client.get(f"/history?{query}") as answer:
                    assert (answer.status, await answer.json()) == (200, {}), query
        async with client.get(f"/history?offset={'9' * 5000}") as answer:
            assert answer.status == 400


async def test_nodes(serve: Serve) -> None:
    many = {str(number): SHOW["1"] for number in range(11)}
    saved = {"nodes": [{"id": number, "type": "Show"} for number in range(11)], "links": []}
    async with serve(limits=small(nodes=10)) as server, server.client() as client:
        for prompt in (many, saved):
            assert "at most 10" in await told(client, "/prompt", 400, json={"prompt": prompt})
            assert "at most 10" in await told(client, "/v1/explain", 422, json={"workflow": prompt})
        await told(client, "/prompt", 200, json={"prompt": dict(list(many.items())[:10])})


async def test_a_million_nodes(serve: Serve) -> None:
    body = b'{"prompt": {%s}}' % b",".join(b'"%d":{}' % number for number in range(10**6))
    async with serve() as server, server.client() as client:
        for path in ("/prompt", "/settings", "/queue"):
            assert "too many values" in await told(client, path, 400, data=io.BytesIO(body))
        await answers(server)


async def test_ids(serve: Serve) -> None:
    async with serve(limits=small(id_length=5)) as server, server.client() as client:
        assert "5 are the most" in await told(
            client, "/prompt", 400, json={"prompt": SHOW, "prompt_id": "x" * 6}
        )
        async with client.get("/ws", params={"clientId": "x" * 6}) as answer:
            assert answer.status == 400


async def test_a_queue_that_is_full(serve: Serve) -> None:
    async with serve(limits=small(waiting_jobs=3)) as server, server.client() as client:
        for _ in range(3):
            await told(client, "/prompt", 200, json={"prompt": SHOW})
        error = json.loads(await told(client, "/prompt", 429, json={"prompt": SHOW}))
        assert error["error"]["type"] == "queue_full"
        assert error["node_errors"] == {}
        await told(client, "/queue", 200, json={"clear": True})
        await told(client, "/prompt", 200, json={"prompt": SHOW})


async def test_a_queue_that_has_too_many_bytes(serve: Serve, tmp_path: Path) -> None:
    body = {"prompt": SHOW, "extra_data": {"long": "x" * 1000}}
    for name, limits in (("one", small(waiting_bytes=3000)), ("all", small(waiting_bytes_of_all=3000))):
        alice, bob = add(tmp_path / name, "alice"), add(tmp_path / name, "bob")
        async with (
            serve(limits=limits, root=tmp_path / name) as server,
            server.client(alice) as client,
            server.client(bob) as other,
        ):
            for _ in range(2):
                await told(client, "/prompt", 200, json=body)
            assert "3000 are the most" in await told(client, "/prompt", 429, json=body)
            await told(other, "/prompt", 200 if name == "one" else 429, json=body)
            await told(client, "/queue", 200, json={"clear": True})
            await told(client, "/prompt", 200, json=body)
            huge = {"prompt": SHOW, "extra_data": {"long": "x" * 4000}}
            assert "bytes" in await told(client, "/prompt", 429, json=huge)


async def test_wrong_tokens(serve: Serve, tmp_path: Path) -> None:
    alice = add(tmp_path, "alice")
    add(tmp_path, "bob")
    async with serve(limits=small(wrong_tokens=3, wrong_addresses=2)) as server, server.client() as client:

        async def shown(token: str, how: str = "header") -> tuple[int, str | None]:
            if how == "header":
                request = client.get("/queue", headers={"Authorization": f"Bearer {token}"})
            else:
                request = client.post("/login", data={"token": token}, allow_redirects=False)
            async with request as answer:
                return answer.status, answer.headers.get("Retry-After")

        assert await shown(alice) == (200, None)
        assert await shown("wrong") == (401, None)
        assert await shown("wrong 2", "form") == (403, None)
        assert await shown("wrong 3") == (401, None)
        for how in ("header", "form"):
            status, seconds = await shown("wrong 4", how)
            assert status == 429
        status, seconds = await shown("wrong 4")
        assert seconds is not None
        assert 0 < int(seconds) <= 20
        assert await shown(alice) == (200, None), "who was in before is not locked out"
        assert await shown(alice, "form") == (303, None)
        async with client.get("/login") as answer:
            assert answer.status == 200


def huge_png(side: int) -> bytes:
    """Return a PNG file of a kilobyte that says it has so many pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(b"")), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)


def texts_png() -> bytes:
    """Return a small PNG file whose compressed texts unpack to a gigabyte."""
    made = io.BytesIO()
    Image.new("RGB", (2, 2)).save(made, "png")
    data = made.getvalue()
    text = b"prompt\0\0" + zlib.compress(b"\0" * 2**24, 9)
    chunk = struct.pack(">I", len(text)) + b"zTXt" + text + struct.pack(">I", zlib.crc32(b"zTXt" + text))
    return data[:-12] + chunk * 64 + data[-12:]


@pytest.mark.parametrize("side", [2**13 + 1, 2**16, 2**31 - 1])
async def test_pictures_that_are_too_large(serve: Serve, tmp_path: Path, side: int) -> None:
    assert side * side > LIMITS.pixels
    (tmp_path / "input").mkdir()
    (tmp_path / "input" / "a.png").write_bytes(huge_png(side))
    (tmp_path / "input" / "texts.png").write_bytes(texts_png())
    async with serve() as server, server.client() as client:
        for name in ("a.png", "texts.png"):
            for how in ("preview=webp", "channel=rgb", "channel=a"):
                async with client.get(f"/view?type=input&filename={name}&{how}") as answer:
                    assert answer.status == 400, (name, how)
            form = FormData()
            form.add_field("image", b"x", filename="b.png")
            form.add_field("original_ref", json.dumps({"filename": name, "type": "input"}))
            await told(client, "/upload/mask", 400, data=form)
        await answers(server)


async def test_headers_of_models(serve: Serve, tmp_path: Path) -> None:
    folder = tmp_path / "models" / "checkpoints"
    folder.mkdir(parents=True)
    for name, most in (("notes", LIMITS.notes_bytes), ("covers", LIMITS.covers_bytes)):
        header = json.dumps({"__metadata__": {"a": "x" * most}}).encode()
        (folder / f"{name}.safetensors").write_bytes(struct.pack("<Q", len(header)) + header)
    (folder / "lie.safetensors").write_bytes(struct.pack("<Q", 2**60) + b"{}")
    async with serve() as server, server.client() as client:
        for name in ("notes", "covers", "lie"):
            for path in (
                f"/view_metadata/checkpoints?filename={name}.safetensors",
                f"/experiment/models/preview/checkpoints/0/{name}.safetensors",
            ):
                async with client.get(path) as answer:
                    assert answer.status == 404


async def test_websockets(serve: Serve) -> None:
    async with serve(limits=small(websockets_of_address=2)) as server, server.client() as client:
        async with client.ws_connect("/ws"), client.ws_connect("/ws"), client.get("/ws") as answer:
            assert answer.status == 429
        async with client.ws_connect("/ws") as socket:  # there is room again
            assert (await socket.receive_json())["type"] == "status"
    async with (
        serve(limits=small(websockets=1), root=server.root / "b") as server,
        server.client() as client,
        client.ws_connect("/ws"),
        client.get("/ws") as answer,
    ):
        assert answer.status == 503


async def test_messages_that_are_too_long_or_too_many(serve: Serve) -> None:
    async with serve(limits=small(frame_bytes=100, frames=5)) as server, server.client() as client:
        for texts, code in ((["x" * 101], 1009), (["{}"] * 6, 1008)):
            async with client.ws_connect("/ws") as socket, asyncio.timeout(20):
                for text in texts:
                    await socket.send_str(text)
                while (await socket.receive()).type is WSMsgType.TEXT:
                    pass
                assert socket.close_code == code
        async with client.ws_connect("/ws") as socket:
            for _ in range(5):
                await socket.send_str("{}")
            assert (await socket.receive_json())["type"] == "status"
            assert not socket.closed
        await answers(server)


async def test_a_client_that_is_far_behind_is_let_go(serve: Serve) -> None:
    async with serve(limits=small(outbox=0)) as server, server.client() as client:
        async with client.ws_connect("/ws") as socket, asyncio.timeout(20):
            await told(client, "/prompt", 200, json={"prompt": SHOW})  # which is told to all
            while (await socket.receive()).type is WSMsgType.TEXT:
                pass
        await answers(server)


async def test_headers(serve: Serve) -> None:
    limits = small(header_bytes=1000, headers=20)
    async with serve(limits=limits) as server:
        line = b"Host: 127.0.0.1\r\nConnection: close\r\n"
        for head in (
            b"GET /%s HTTP/1.1\r\n" % (b"x" * 1001) + line + b"\r\n",
            b"GET /queue HTTP/1.1\r\nX-Long: %s\r\n" % (b"x" * 1001) + line + b"\r\n",
            b"GET /queue HTTP/1.1\r\n" + line + b"".join(b"X-%d: 1\r\n" % n for n in range(30)) + b"\r\n",
        ):
            assert (await server.raw(head)).split()[1] in (b"400", b"431")
        await answers(server)


def test_pictures_at_the_same_time() -> None:
    """The server's semaphore is made of the table."""
    from inkloom.server import state

    assert LIMITS.pictures < 10
    assert "LIMITS.pictures" in Path(state.__file__).read_text(encoding="utf-8")
