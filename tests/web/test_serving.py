"""The built editor over HTTP: what of its folder is served, and how."""

import gzip
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp.test_utils import TestClient, TestServer

from inkloom.executor import Folders, NodeTable
from inkloom.server.app import make_app
from inkloom.server.editor import EDITOR, Editor

SCRIPT = "assets/index-a1B2-c3D.js"


@pytest.fixture
def built(tmp_path: Path) -> Path:
    folder = tmp_path / "_web"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text("<!doctype html>the editor")
    (folder / SCRIPT).write_text("run()")
    (folder / "assets" / "LICENSES.md").write_text("notices")
    (folder / "assets" / "index.html").write_text("<p>")
    (folder / "assets" / "else.php").write_text("secret")
    (tmp_path / "secret.js").write_text("secret")
    (folder / "assets" / "link.js").symlink_to(tmp_path / "secret.js")
    return folder


@pytest_asyncio.fixture
async def client(tmp_path: Path, built: Path) -> AsyncIterator[TestClient]:
    app = make_app(NodeTable({}), Folders(tmp_path / "root"), [(sys.executable, "-c", "")])
    app[EDITOR] = Editor(built)
    async with TestClient(TestServer(app)) as found:
        yield found


async def test_the_page(client: TestClient) -> None:
    answer = await client.get("/")
    assert (answer.status, await answer.text()) == (200, "<!doctype html>the editor")
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-cache"
    policy = answer.headers["Content-Security-Policy"]
    assert "script-src 'self';" in policy
    assert "unsafe" not in policy
    assert "require-trusted-types-for 'script'" in policy


async def test_a_script_is_kept_for_ever(client: TestClient) -> None:
    answer = await client.get(f"/{SCRIPT}")
    assert (answer.status, await answer.text()) == (200, "run()")
    assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"


@pytest.mark.parametrize(("takes", "encoding"), [("gzip, br", "gzip"), ("identity", None)])
async def test_what_was_compressed_goes_to_those_who_take_it(
    client: TestClient, built: Path, takes: str, encoding: str | None
) -> None:
    (built / f"{SCRIPT}.gz").write_bytes(gzip.compress(b"run()"))
    answer = await client.get(f"/{SCRIPT}", headers={"Accept-Encoding": takes})
    assert (answer.headers.get("Content-Encoding"), await answer.text()) == (encoding, "run()")
    assert answer.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert (await client.get(f"/{SCRIPT}.gz")).status == 404


async def test_what_has_no_hash_is_asked_for_again(client: TestClient) -> None:
    answer = await client.get("/assets/LICENSES.md")
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-cache"
    tag = {"If-None-Match": answer.headers["ETag"]}
    assert (await client.get("/assets/LICENSES.md", headers=tag)).status == 304


@pytest.mark.parametrize("path", ["/", f"/{SCRIPT}"])
async def test_head(client: TestClient, path: str) -> None:
    told, whole = await client.head(path), await client.get(path)
    assert (told.status, await told.read()) == (200, b"")
    assert told.headers["Content-Length"] == str(len(await whole.read()))


@pytest.mark.parametrize(
    "name",
    [
        "none.js",
        "else.php",
        "link.js",
        "../index.html",
        "..%2Findex.html",
        "%2e%2e/%2e%2e/secret.js",
        "..%5Cindex.html",
        "%00.js",
        "con.js",
    ],
)
async def test_nothing_else_is_served(client: TestClient, name: str) -> None:
    answer = await client.get(f"/assets/{name}", allow_redirects=False)
    assert answer.status == 404
    assert "secret" not in await answer.text()


async def test_without_it_a_plain_page_says_what_to_do(client: TestClient, built: Path) -> None:
    (built / "index.html").unlink()
    answer = await client.get("/")
    assert answer.status == 200
    assert "The editor is not built" in await answer.text()
