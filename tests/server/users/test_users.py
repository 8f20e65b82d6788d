"""A user's settings and files: kept whole, in their folder, and nowhere else."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp.test_utils import TestClient, TestServer
from yarl import URL

from inkloom.executor import Folders
from inkloom.executor.files.atomic import UNFINISHED
from inkloom.server.app import make_app
from inkloom.server.users.places import folder_of
from inkloom.server.users.settings import FILE


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return folder_of(Folders(tmp_path), "default")


@pytest_asyncio.fixture
async def client(toy: Any, tmp_path: Path, home: Path) -> AsyncIterator[TestClient]:
    app = make_app(toy.TABLE, Folders(tmp_path), [("/bin/cat",)])  # a worker that never gets ready
    async with TestClient(TestServer(app)) as found:
        yield found
    assert not [path for path in tmp_path.rglob("*") if path.name.startswith(UNFINISHED)]


async def ask(client: TestClient, method: str, path: str, body: bytes | None = None) -> tuple[int, Any]:
    """Return an answer's status, and its JSON or text."""
    async with client.request(method, URL(path, encoded=True), data=body) as answer:
        text = await answer.text()
        is_json = answer.content_type == "application/json" and text
        return answer.status, json.loads(text) if is_json else text


async def test_users(client: TestClient) -> None:
    assert await ask(client, "GET", "/users") == (200, {"storage": "server", "migrated": False})
    await ask(client, "POST", "/settings/a", b"1")
    assert await ask(client, "GET", "/api/users") == (200, {"storage": "server", "migrated": True})
    status, told = await ask(client, "POST", "/users", b'{"username": "eve"}')
    assert (status, "inkloom user add" in told["error"]) == (400, True)


async def test_settings(client: TestClient, home: Path) -> None:
    assert await ask(client, "GET", "/settings") == (200, {})
    assert await ask(client, "POST", "/settings", b'{"a.B": 1, "c": {"x": [1]}}') == (200, "")
    assert await ask(client, "POST", "/settings/a.B", b'"changed"') == (200, "")
    assert await ask(client, "POST", "/settings/n", b"null") == (200, "")
    assert await ask(client, "GET", "/settings") == (200, {"a.B": "changed", "c": {"x": [1]}, "n": None})
    assert await ask(client, "GET", "/settings/c") == (200, {"x": [1]})
    assert await ask(client, "GET", "/settings/none") == (200, None)
    before = (home / FILE).read_bytes()
    for path, body in (("", b"[]"), ("", b"{"), ("", b""), ("/a", b"{"), ("/a", b""), ("/a", b"NaN")):
        assert (await ask(client, "POST", f"/settings{path}", body))[0] == 400
    assert (home / FILE).read_bytes() == before


async def test_settings_that_change_at_the_same_time_are_all_kept(client: TestClient) -> None:
    names = [str(number) for number in range(20)]
    await asyncio.gather(*(ask(client, "POST", f"/settings/{name}", b"1") for name in names))
    assert await ask(client, "GET", "/settings") == (200, dict.fromkeys(names, 1))


@pytest.mark.parametrize("content", ["{", "[]"])
async def test_a_file_that_holds_no_settings_is_not_written_over(
    client: TestClient, home: Path, content: str
) -> None:
    home.mkdir(parents=True)
    (home / FILE).write_text(content)
    for method, body in (("GET", None), ("POST", b"{}")):
        status, told = await ask(client, method, "/settings", body)
        assert (status, FILE in told) == (500, True)
    assert (home / FILE).read_text() == content


async def test_files(client: TestClient, home: Path) -> None:
    one = "/userdata/workflows%2Fone.json"
    assert await ask(client, "GET", one) == (404, "there is no file 'workflows/one.json'\n")
    assert await ask(client, "POST", one, b'{"v": 1}') == (200, "workflows/one.json")
    assert await ask(client, "POST", f"{one}?overwrite=false", b"2") == (409, "File already exists")
    status, told = await ask(client, "POST", f"{one}?overwrite=true&full_info=true", b'{"v": 3}')
    assert (status, told["path"], told["size"]) == (200, "workflows/one.json", 8)
    assert told["modified"] == (home / "workflows/one.json").stat().st_mtime
    assert await ask(client, "POST", f"{one}?full_info=undefined", b'{"v": 3}') == (200, "workflows/one.json")
    assert await ask(client, "GET", one) == (200, {"v": 3})
    moved = await ask(client, "POST", f"{one}/move/workflows%2Fsub%2Ftwo.json")
    assert moved == (200, "workflows/sub/two.json")
    assert (await ask(client, "GET", one))[0] == 404
    assert (await ask(client, "POST", f"{one}/move/x.json"))[0] == 404
    await ask(client, "POST", one, b"1")
    two = "workflows%2Fsub%2Ftwo.json"
    assert await ask(client, "POST", f"{one}/move/{two}?overwrite=false") == (409, "File already exists")
    assert (home / "workflows/sub/two.json").read_text() == '{"v": 3}'
    status, told = await ask(client, "POST", f"{one}/move/{two}?full_info=true")
    assert (status, told["size"]) == (200, 1)
    assert (await ask(client, "POST", f"/userdata/{two}/move/{two}"))[0] == 200
    assert await ask(client, "DELETE", f"/userdata/{two}") == (204, "")
    assert (await ask(client, "DELETE", f"/userdata/{two}"))[0] == 404


TREE = {"b.json": "1", "A.json": "22", "sub/c.json": "3", "sub/deep/d.json": "4", ".hidden": "5"}


@pytest.fixture
def tree(home: Path, tmp_path: Path) -> Path:
    for name, text in TREE.items():
        path = home / "w" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "secret.json").write_text("secret")
    (home / "w" / "link.json").symlink_to(tmp_path / "secret.json")
    (home / "w" / "up").symlink_to(tmp_path)
    (home / "w" / "round").symlink_to(home / "w")
    return home


DEEP = ["A.json", "b.json", "sub/c.json", "sub/deep/d.json"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("dir=w", (200, ["A.json", "b.json"])),
        ("dir=w/", (200, ["A.json", "b.json"])),
        ("dir=w%2F&recurse=true", (200, DEEP)),
        ("dir=w&recurse=true&split=true", (200, [[name, *name.split("/")] for name in DEEP])),
        ("dir=w&recurse=true&split=false", (200, DEEP)),
        ("dir=w/sub", (200, ["c.json"])),
        ("", (400, "Directory not provided")),
        ("dir=", (400, "Directory not provided")),
        ("dir=nothing", (404, "Directory not found")),
        ("dir=w/b.json", (404, "Directory not found")),
        (f"dir={'x' * 300}", (404, "Directory not found")),
        ("dir=..", (403, "Invalid directory")),
        ("dir=/etc", (403, "Invalid directory")),
        ("dir=w/../w", (403, "Invalid directory")),
        ("dir=w\\sub", (403, "Invalid directory")),
        ("dir=w%00", (403, "Invalid directory")),
        ("dir=w/up", (403, "Invalid directory")),
    ],
)
async def test_lists(client: TestClient, tree: Path, query: str, expected: tuple[int, Any]) -> None:
    assert await ask(client, "GET", f"/userdata?{query}") == expected


async def test_lists_with_everything(client: TestClient, tree: Path) -> None:
    _, rows = await ask(client, "GET", "/userdata?dir=w&recurse=TRUE&full_info=true&split=true")
    assert [(row["path"], row["size"]) for row in rows] == [(name, len(TREE[name])) for name in DEEP]


async def test_tree(client: TestClient, tree: Path) -> None:
    status, rows = await ask(client, "GET", "/v2/userdata?path=w/")
    assert status == 200
    told = [(row["type"], row["path"], row["name"]) for row in rows]
    assert told == [
        ("directory", "w/round", "round"),
        ("directory", "w/sub", "sub"),
        ("directory", "w/sub/deep", "deep"),
        ("file", "w/A.json", "A.json"),
        ("file", "w/b.json", "b.json"),
        ("file", "w/sub/c.json", "c.json"),
        ("file", "w/sub/deep/d.json", "d.json"),
    ]
    assert rows[3]["size"] == 2
    assert len((await ask(client, "GET", "/v2/userdata"))[1]) == len(rows) + 1
    assert await ask(client, "GET", "/v2/userdata?path=no") == (404, "Requested path not found")
    for path in ("..", "w/b.json", "/etc", "%00"):
        assert (await ask(client, "GET", f"/v2/userdata?path={path}"))[0] == 400


async def test_tree_of_a_user_who_has_nothing(client: TestClient) -> None:
    assert await ask(client, "GET", "/v2/userdata") == (200, [])


OUTSIDE = (
    "..%2Fx",
    "..%2F..%2F..%2Fsecret.json",
    "%2Fetc%2Fpasswd",
    "a%5Cb",
    "a%00",
    "w%2Fup%2Fx",
    "con.json",
)


@pytest.mark.parametrize("name", [*OUTSIDE, "w%2Flink.json", "w%2F..%2Fx"])
async def test_names_that_lead_out(client: TestClient, tree: Path, tmp_path: Path, name: str) -> None:
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    for method, path in (
        ("GET", f"/userdata/{name}"),
        ("POST", f"/userdata/{name}"),
        ("DELETE", f"/userdata/{name}"),
        ("POST", f"/userdata/{name}/move/x"),
        ("POST", f"/userdata/w%2Fb.json/move/{name}"),
    ):
        assert (await ask(client, method, path, b"evil" if method == "POST" else None))[0] == 403
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


@pytest.mark.parametrize("name", ["w", "w%2Fb.json%2Fx", "x" * 300])
async def test_names_that_no_file_can_have(client: TestClient, tree: Path, name: str) -> None:
    status, told = await ask(client, "POST", f"/userdata/{name}", b"x")
    assert (status, "no file can have this name" in told) == (400, True)
    assert (await ask(client, "GET", f"/userdata/{name}"))[0] == 404
    assert (await ask(client, "DELETE", f"/userdata/{name}"))[0] == 404
    assert (await ask(client, "POST", f"/userdata/w%2Fb.json/move/{name}"))[0] == 400
    assert (tree / "w" / "b.json").read_text() == "1"


@pytest.mark.parametrize(
    ("name", "kind", "attached"),
    [
        ("a.json", "application/json", False),
        ("user.css", "text/css", False),
        ("a.txt", "text/plain", False),
        ("a.html", "application/octet-stream", True),
        ("a.svg", "application/octet-stream", True),
        ("a.js", "application/octet-stream", True),
        ("a.png", "image/png", True),  # it is none
    ],
)
async def test_what_a_browser_may_make_of_a_file(
    client: TestClient, name: str, kind: str, attached: bool
) -> None:
    await ask(client, "POST", f"/userdata/{name}", b"<script>")
    async with client.get(f"/userdata/{name}") as answer:
        assert answer.headers["Content-Type"] == kind
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer.headers["Content-Security-Policy"]
        assert answer.headers.get("Content-Disposition", "").startswith("attachment") is attached
