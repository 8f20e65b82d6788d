"""Uploads: where a file comes to lie, what its name becomes, and everything that is refused."""

import asyncio
import io
import json
import os
from collections.abc import AsyncIterator, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import FormData, web
from aiohttp.test_utils import TestClient, TestServer
from PIL import Image, PngImagePlugin

from inkloom.executor.files.atomic import UNFINISHED
from inkloom.server.files.forms import form_in
from inkloom.server.files.incoming import ABANDONED, BLOCK, incoming, put, sweep
from inkloom.server.limits import LIMITS
from inkloom.server.state import SERVER

pytestmark = pytest.mark.asyncio(loop_scope="module")


def png(*colour: int, size: tuple[int, int] = (4, 3), **texts: str) -> bytes:
    made, told = io.BytesIO(), PngImagePlugin.PngInfo()
    for name, text in texts.items():
        told.add_text(name, text)
    Image.new("RGBA" if len(colour) == 4 else "RGB", size, colour).save(made, "png", pnginfo=told)
    return made.getvalue()


def root_of(client: TestClient) -> Path:
    assert client.app is not None
    return client.app[SERVER].folders.base


async def upload(
    client: TestClient, content: bytes, name: str = "a.png", path: str = "image", **fields: str
) -> tuple[int, Any]:
    form = FormData(quote_fields=False)
    form.add_field("image", io.BytesIO(content), filename=name, content_type="image/png")
    for field, value in fields.items():
        form.add_field(field, value)
    async with client.post(f"/upload/{path}", data=form) as answer:
        told = await answer.read()
        return answer.status, json.loads(told) if answer.status == 200 else told.decode()


@pytest_asyncio.fixture(loop_scope="module", autouse=True)
async def clean(client: TestClient) -> AsyncIterator[None]:
    """Begin with no uploads, and end without leftovers."""
    yield
    root = root_of(client)
    files = [path for path in root.rglob("*") if path.is_file() and path.parts[-2] != "cache"]
    assert not [path for path in files if path.name.startswith(UNFINISHED)]
    for path in files:
        if "history" not in path.name:
            path.unlink()


async def test_names(client: TestClient) -> None:
    """Each row: what is sent, and the name that it gets."""
    red, green, blue = b"red", b"green", b"b" * (BLOCK + 1)
    for content, fields, expected in [
        (red, {}, "a.png"),
        (red, {}, "a.png"),  # the same bytes
        (green, {}, "a (1).png"),
        (blue, {}, "a (2).png"),
        (green, {}, "a (1).png"),
        (blue, {"overwrite": "true"}, "a.png"),
        (red, {"overwrite": "1"}, "a.png"),
        (green, {"overwrite": "yes"}, "a (1).png"),
        (red, {"subfolder": "sub/deep"}, "a.png"),
        (red, {"subfolder": "sub/"}, "a.png"),
        (red, {"type": "temp"}, "a.png"),
        (red, {"type": "output", "name": "ä b.tar.gz"}, "ä b.tar.gz"),
        (green, {"type": "output", "name": "ä b.tar.gz"}, "ä b.tar (1).gz"),
        (green, {"name": "no_ending"}, "no_ending"),
        (red, {"name": "no_ending"}, "no_ending (1)"),
    ]:
        status, told = await upload(client, content, **fields)
        kind, folder = fields.get("type", "input"), fields.get("subfolder", "")
        assert (status, told) == (200, {"name": expected, "subfolder": folder, "type": kind})
        assert (root_of(client) / kind / folder / expected).read_bytes() == content


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"name": "../a.png"}, "no file name"),
        ({"name": "/etc/a.png"}, "no file name"),
        ({"name": ".."}, "not a name inside"),
        ({"name": "a\\b.png"}, "not a name inside"),
        ({"name": "C:a.png"}, "not a name inside"),
        ({"name": "nul.png"}, "no name of a device"),
        ({"name": "x" * 300}, "no file can have this name here"),
        ({"subfolder": "../.."}, "not a name inside"),
        ({"subfolder": "/tmp"}, "not a name inside"),
        ({"subfolder": "a/../b"}, "not a name inside"),
        ({"subfolder": "a\\b"}, "not a name inside"),
        ({"subfolder": "away"}, "a link that leads out"),
        ({"subfolder": "taken.png"}, "no file can have this name here"),
        ({"name": "folder"}, "no file can have this name here"),
        ({"type": "models"}, "one of input, output, temp"),
        ({"subfolder": "x" * (LIMITS.form_field_bytes + 1)}, "longer than"),
    ],
)
async def test_places_outside_are_refused(client: TestClient, fields: dict[str, str], told: str) -> None:
    place = root_of(client) / "input"
    (place / "folder").mkdir(parents=True, exist_ok=True)
    (place / "taken.png").write_bytes(b"taken")
    if not (place / "away").is_symlink():
        (place / "away").symlink_to(root_of(client).parent)
    before = {path: path.read_bytes() for path in root_of(client).rglob("*") if path.is_file()}
    status, text = await upload(client, b"evil", **{"overwrite": "true", **fields})
    assert (status, told in text) == (400, True), text
    assert {path: path.read_bytes() for path in root_of(client).rglob("*") if path.is_file()} == before


HEAD = b'--b\r\nContent-Disposition: form-data; name="image"; filename="a.png"\r\n'


@pytest.mark.parametrize(
    ("kind", "body", "told"),
    [
        ("application/json", b"{}", "must be multipart/form-data"),
        ("multipart/form-data", b"--b--", "boundary"),
        ("multipart/form-data; boundary=b", b"", "boundary"),
        ("multipart/form-data; boundary=b", b"--b--\r\n", "has no file"),
        ("multipart/form-data; boundary=b", HEAD + b"\r\ncut shor", "can't be read"),
        ("multipart/form-data; boundary=b", b"--b\r\nno header\r\n\r\nx\r\n--b--\r\n", "can't be read"),
        (
            "multipart/form-data; boundary=b",
            HEAD + b"Content-Transfer-Encoding: base64\r\n\r\neA==\r\n--b--\r\n",
            "Content-Transfer-Encoding",
        ),
        (
            "multipart/form-data; boundary=b",
            b"--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c--\r\n--b--\r\n",
            "form inside",
        ),
        (
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="x"\r\n\r\ny\r\n' * 65 + b"--b--\r\n",
            "more than 64 parts",
        ),
        (
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="type"\r\n\r\n\xff\r\n--b--\r\n',
            "can't be read",
        ),
        (
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="image"\r\n\r\nx\r\n--b--\r\n',
            "has no file",
        ),
    ],
)
@pytest.mark.parametrize("path", ["/upload/image", "/api/upload/mask"])
async def test_what_is_no_form_is_refused(
    client: TestClient, path: str, kind: str, body: bytes, told: str
) -> None:
    async with client.post(path, data=body, headers={"Content-Type": kind}) as answer:
        text = await answer.text()
    assert (answer.status, told in text) == (400, True), text


async def test_a_file_that_is_too_large_is_refused_and_gone(tmp_path: Path) -> None:
    async def handler(request: web.Request) -> web.Response:
        async with form_in(request, tmp_path / "input", limits=replace(LIMITS, upload_bytes=1000)) as form:
            return web.json_response(form.file.size)

    app = web.Application()
    app.router.add_post("/upload/image", handler)
    async with TestClient(TestServer(app)) as client:
        assert await upload(client, b"x" * 1000) == (200, 1000)
        status, text = await upload(client, b"x" * 1001)
        assert (status, text) == (413, "a file may have 1000 bytes, no more\n")
        told = await client.post("/upload/image", data=b"", headers={"Content-Type": "multipart/form-data"})
        assert told.status == 400
    assert list((tmp_path / "input").iterdir()) == []


async def test_uploads_of_one_name_at_the_same_time_all_get_a_place(client: TestClient) -> None:
    contents = [b"%d" % number for number in range(20)]
    told = await asyncio.gather(*(upload(client, content) for content in contents))
    found = {(root_of(client) / "input" / body["name"]).read_bytes() for _, body in told}
    assert found == set(contents)


@pytest.mark.parametrize("links", [True, False])
async def test_a_name_is_given_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool) -> None:
    if not links:  # as on file systems without them

        def link(*_: object) -> None:
            raise PermissionError(1, "no links")

        monkeypatch.setattr("os.link", link)
    for content, kept in ((b"one", True), (b"two", False)):
        async with incoming(tmp_path) as file:
            await file.write(content)
            await file.flush()
            assert put(file.path, tmp_path / "sub" / "a", overwrite=False) is kept
    assert (tmp_path / "sub" / "a").read_bytes() == b"one"
    assert [path.name for path in tmp_path.rglob("*")] == ["sub", "a"]


def pixel(path: Path) -> Any:
    with Image.open(path) as picture:
        return picture.convert("RGBA").getpixel((0, 0))


async def test_a_mask_gives_a_picture_its_alpha(client: TestClient) -> None:
    await upload(client, png(255, 0, 0, prompt='{"1": {}}', workflow="ä"), "pic.png")
    original = json.dumps({"filename": "pic.png [input]", "type": "output"})
    told = await upload(
        client, png(1, 2, 3, 64), "m.png", "mask", original_ref=original, type="input", subfolder="clipspace"
    )
    assert told == (200, {"name": "m.png", "subfolder": "clipspace", "type": "input"})
    made = root_of(client) / "input" / "clipspace" / "m.png"
    assert pixel(made) == (255, 0, 0, 64)
    with Image.open(made) as picture:
        assert isinstance(picture, PngImagePlugin.PngImageFile)
        assert picture.text == {"prompt": '{"1": {}}', "workflow": "ä"}
    again = await upload(
        client, png(0, 0, 0, 64), "m.png", "mask", original_ref=original, subfolder="clipspace"
    )
    assert again[1]["name"] == "m.png", "the same picture comes of it"
    other = await upload(
        client, png(0, 0, 0, 9), "m.png", "mask", original_ref=original, subfolder="clipspace"
    )
    assert other[1]["name"] == "m (1).png"
    opaque = await upload(client, png(0, 0, 0), "o.png", "mask", original_ref=original)
    assert pixel(root_of(client) / "input" / opaque[1]["name"]) == (255, 0, 0, 255)


def cases() -> Iterable[tuple[bytes, str | None, str]]:
    mask = png(0, 0, 0, 9)
    yield mask, None, "original_ref must be JSON"
    yield mask, "{", "original_ref must be JSON"
    yield mask, "[]", "must be a JSON object"
    for name in ("gone.png", "../pic.png", "", "/etc/passwd"):
        yield mask, json.dumps({"filename": name, "type": "input"}), "names no picture"
    yield mask, json.dumps({"filename": 3}), "names no picture"
    yield mask, json.dumps({"filename": "pic.png", "type": "input", "subfolder": ".."}), "names no picture"
    yield b"text", json.dumps({"filename": "pic.png", "type": "input"}), "the image is not a picture"
    yield mask, json.dumps({"filename": "text.png", "type": "input"}), "original_ref is not a picture"
    yield png(0, 0, 0, size=(9, 9)), json.dumps({"filename": "pic.png", "type": "input"}), "9x9 pixels"


@pytest.mark.parametrize(("mask", "original", "told"), list(cases()))
async def test_masks_that_are_refused(
    client: TestClient, mask: bytes, original: str | None, told: str
) -> None:
    await upload(client, png(255, 0, 0), "pic.png")
    await upload(client, b"text", "text.png")
    fields = {} if original is None else {"original_ref": original}
    status, text = await upload(client, mask, "new.png", "mask", **fields)
    assert (status, told in text) == (400, True), text
    assert not (root_of(client) / "input" / "new.png").exists()


async def test_a_part_of_a_file_can_be_asked_for(client: TestClient) -> None:
    await upload(client, b"0123456789", "a.mp4")
    url = "/view?filename=a.mp4&type=input"
    async with client.get(url, headers={"Range": "bytes=2-4"}) as answer:
        assert (answer.status, await answer.read()) == (206, b"234")
        assert answer.headers["Content-Disposition"] == 'attachment; filename="a.mp4"'
    async with client.get(url, headers={"Range": "bytes=10-"}) as answer:
        assert answer.status == 416


async def test_what_a_killed_server_left_is_swept(tmp_path: Path) -> None:
    for name in (f"{UNFINISHED}1-1", f"{UNFINISHED}1-2", ".old", "a.png"):
        (tmp_path / name).write_bytes(b"x")
    now = (tmp_path / "a.png").stat().st_mtime
    os.utime(tmp_path / f"{UNFINISHED}1-1", (now - ABANDONED - 10, now - ABANDONED - 10))
    os.utime(tmp_path / ".old", (0, 0))
    sweep(tmp_path, now)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".old", f"{UNFINISHED}1-2", "a.png"]
    sweep(tmp_path / "none", now)
