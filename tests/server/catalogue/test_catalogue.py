"""What there is: the machine, models and pictures of them, templates; and HEAD, caching, bad requests."""

import base64
import io
import json
import os
from pathlib import Path
from typing import Any, cast

import pytest
import pytest_asyncio
from aiohttp.test_utils import TestClient, TestServer
from PIL import Image
from yarl import URL

from inkloom.executor import ExtraFolder, Folders
from inkloom.executor.ui_format import is_ui_format
from inkloom.nodes.model_folders import ALIASES, KINDS
from inkloom.server.app import make_app
from inkloom.server.cache_headers import cache_control
from inkloom.server.catalogue.system import card, stats
from inkloom.server.catalogue.templates import WORKFLOWS
from inkloom.server.catalogue.templates import names as template_names
from inkloom.server.routes import ROUTES
from inkloom.server.workers.protocol import Ready

pytestmark = pytest.mark.asyncio(loop_scope="module")


def safetensors(notes: object) -> bytes:
    header = json.dumps({"__metadata__": notes, "w": {"dtype": "F32"}}).encode()
    return len(header).to_bytes(8, "little") + header + b"tensors"


def picture(kind: str, *colour: int) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (2, 2), colour).save(made, kind)
    return made.getvalue()


COVER = base64.b64encode(picture("png", 0, 0, 255)).decode()
FILES = {
    "loras/plain.safetensors": safetensors({"title": "ä"}),
    "loras/sub/beside.safetensors": safetensors({"title": "x"}),
    "loras/sub/beside.preview.png": picture("png", 255, 0, 0),
    "loras/near.safetensors": safetensors({}),
    "loras/near.jpg": picture("jpeg", 0, 255, 0),
    "loras/cover.safetensors": safetensors({"ssmd_cover_images": json.dumps(["no base64", COVER])}),
    "loras/broken.safetensors": b"\xff" * 40,
    "loras/cut.safetensors": (500).to_bytes(8, "little") + b"{",
    "loras/huge.safetensors": (2**62).to_bytes(8, "little") + b"{}",
    "loras/list.safetensors": safetensors({"ssmd_cover_images": "{"}),
    "loras/text.png": b"<script>",
    "loras/text.safetensors": safetensors([]),
    "embeddings/a.b.pt": b"",
    "embeddings/sub/c.safetensors": b"",
    "elsewhere/far.safetensors": b"12",
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client(toy: Any, tmp_path_factory: pytest.TempPathFactory):
    base = tmp_path_factory.mktemp("root")
    for name, content in FILES.items():
        path = base / "models" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    extra = (ExtraFolder(kind="loras", path=base / "models" / "elsewhere"),)
    folders = Folders(base, kinds=KINDS, aliases=ALIASES, extra=extra)
    app = make_app(toy.TABLE, folders, [("/bin/cat",)])  # a worker that never gets ready
    async with TestClient(TestServer(app)) as found:
        yield found


async def get(client: TestClient, path: str, status: int = 200) -> Any:
    async with client.get(URL(path, encoded=True)) as answer:
        assert answer.status == status, await answer.text()
        return await answer.json() if status == 200 else None


async def test_system_stats(client: TestClient) -> None:
    told = await get(client, "/system_stats")
    assert told["system"]["os"] == os.name
    assert 0 < told["system"]["ram_free"] <= told["system"]["ram_total"]
    assert told["system"]["pytorch_version"][0].isdigit()
    assert len(told["system"]["argv"]) == 1, "options may hold secrets"
    [device] = told["devices"]
    assert (device["name"], device["type"], device["index"]) == ("cpu", "cpu", None)


async def test_a_card_is_told_as_its_worker_told_it() -> None:
    ready = Ready(pid=1, device="cuda:1", title="NVIDIA H200", total=100)
    [device] = cast("list[dict[str, object]]", stats([card(ready, 30)])["devices"])
    assert (device["name"], device["type"], device["index"]) == ("cuda:1 NVIDIA H200", "cuda", 1)
    assert (device["vram_total"], device["vram_free"]) == (100, 70)
    assert card(ready, 101).vram_free == 0


async def test_models(client: TestClient) -> None:
    assert {"checkpoints", "configs", "text_encoders", "elsewhere"} <= set(await get(client, "/models"))
    loras = await get(client, "/models/loras")
    assert {"far.safetensors", "sub/beside.safetensors"} <= set(loras)
    assert loras == sorted(loras)
    for name in ("clip", "unet", "nothing", "input", "..%2Fmodels", "%00"):
        await get(client, f"/models/{name}", 404)
        await get(client, f"/experiment/models/{name}", 404)
    assert await get(client, "/embeddings") == ["a.b", "sub/c"]
    folders = {row["name"]: row["folders"] for row in await get(client, "/experiment/models")}
    assert "configs" not in folders
    assert [Path(folder).name for folder in folders["loras"]] == ["loras", "elsewhere", "loras"]
    rows = {row["name"]: row for row in await get(client, "/experiment/models/loras")}
    assert (rows["far.safetensors"]["pathIndex"], rows["far.safetensors"]["size"]) == (1, 2)
    assert (Path(folders["loras"][0]) / "sub/beside.safetensors").stat().st_mtime == rows[
        "sub/beside.safetensors"
    ]["modified"]
    paths = await get(client, "/internal/folder_paths")
    assert paths["loras"] == folders["loras"]


@pytest.mark.parametrize(
    ("name", "colour"),
    [
        ("sub/beside.safetensors", (255, 0, 0)),
        ("sub%2Fbeside.safetensors", (255, 0, 0)),
        ("near.safetensors", (0, 255, 0)),
        ("cover.safetensors", (0, 0, 255)),
        ("plain.safetensors", None),
        ("broken.safetensors", None),
        ("huge.safetensors", None),
        ("list.safetensors", None),
        ("text.safetensors", None),
        ("none.safetensors", None),
        ("..%2F..%2Floras%2Fnear.safetensors", None),
        ("x" * 300, None),
        ("%00", None),
    ],
)
async def test_pictures_of_models(client: TestClient, name: str, colour: tuple[int, ...] | None) -> None:
    path = URL(f"/experiment/models/preview/loras/0/{name}", encoded=True)
    async with client.get(path) as answer:
        if colour is None:
            assert answer.status == 404
            return
        assert (answer.status, answer.content_type) == (200, "image/webp")
        with Image.open(io.BytesIO(await answer.read())) as shown:
            found = shown.convert("RGB").getpixel((0, 0))
    assert isinstance(found, tuple)
    assert max(abs(a - b) for a, b in zip(found, colour, strict=True)) < 9


@pytest.mark.parametrize("place", ["9", "-1", "x", "9" * 5000, "%C2%B2", "1"])
async def test_other_places_of_models(client: TestClient, place: str) -> None:
    await get(client, f"/experiment/models/preview/loras/{place}/near.safetensors", 404)


async def test_notes_of_models(client: TestClient) -> None:
    assert await get(client, "/view_metadata/loras?filename=plain.safetensors") == {"title": "ä"}
    names = ("near", "broken", "cut", "huge", "text", "none", "..%2Floras%2Fplain", "%00")
    for query in ("", "?filename=near.jpg", *(f"?filename={name}.safetensors" for name in names)):
        await get(client, f"/view_metadata/loras{query}", 404)
    await get(client, "/view_metadata/nothing?filename=plain.safetensors", 404)


async def test_templates(client: TestClient) -> None:
    packs = await get(client, "/workflow_templates")
    assert packs == {"inkloom": sorted(path.stem for path in WORKFLOWS.glob("*.json"))}
    [module] = await get(client, "/templates/index.json")
    assert sorted(row["name"] for row in module["templates"]) == template_names()
    assert module["templates"][0]["title"] == "Text to image"
    assert all(row["description"].endswith(".") for row in module["templates"])
    for name in template_names():
        async with client.get(f"/templates/{name}-1.webp") as picture:
            assert Image.open(io.BytesIO(await picture.read())).format == "WEBP"
        shown = await get(client, f"/templates/{name}.json")
        assert is_ui_format(shown)
        assert await get(client, f"/api/workflow_templates/inkloom/{name}.json") == shown
    for path in ("/templates/none.json", "/templates/..%2Fworkflows%2Flcm.json", "/templates/none-1.webp"):
        await get(client, path, 404)
    await get(client, "/workflow_templates/another/lcm.json", 404)
    assert (await get(client, "/extensions"), await get(client, "/i18n")) == ([], {})


@pytest.mark.parametrize(
    ("path", "status", "expected"),
    [
        ("/templates/index.json", 200, "no-cache"),
        ("/extensions/x.js", 404, "no-cache"),
        ("/userdata/user.css", 200, "no-cache"),
        ("/x/a.PNG", 200, "public, max-age=86400"),
        ("/x/a.webp", 404, "public, max-age=3600"),
        ("/x/a.webp", 302, "no-cache"),
        ("/x/a.webp", 500, None),
        ("/view", 200, None),
        ("/x/a.json", 200, None),
    ],
)
async def test_how_long_an_answer_may_be_kept(path: str, status: int, expected: str | None) -> None:
    assert cache_control(path, status) == expected


async def test_cache_control_is_said(client: TestClient) -> None:
    for path, told in (("/templates/index.json", "no-cache"), ("/templates/x.webp", "public, max-age=3600")):
        async with client.get(path) as answer:
            assert answer.headers["Cache-Control"] == told


def filled(path: str, value: str) -> URL:
    """Return a route's path with a value in place of each name."""
    parts = [value if part.startswith("{") else part for part in path.split("/")]
    return URL("/".join(parts), encoded=True)


EVERY = [
    (route.method, prefix + route.path)
    for route in ROUTES
    for prefix in (("",) if route.bare else ("", "/api"))
]
HOSTILE = (b"", b"null", b"[]", b"{", b'{"x": 1}', b'"text"', b"\xff\xfe", b"[" * 50_000, b"NaN")
VALUES = ("x", "..%2Fx", "%00", "%ff", "x" * 300, "nul")


async def test_what_can_be_got_can_be_asked_for(client: TestClient) -> None:
    for method, path in EVERY:
        if method == "GET" and not path.endswith("/ws"):
            got = await client.get(filled(path, "x"))
            asked = await client.head(filled(path, "x"))
            assert asked.status == got.status, path
            assert await asked.read() == b""


async def test_no_request_is_an_error_of_the_server(client: TestClient) -> None:
    for method, path in EVERY:
        for value in VALUES if "{" in path else VALUES[:1]:
            for body in HOSTILE if method != "GET" else HOSTILE[:1]:
                for query in ("", "?filename=%ff&dir=%00&path=%00&type=%00&max_items=x&subfolder=%ff"):
                    url = URL(str(filled(path, value)) + query, encoded=True)
                    async with client.request(method, url, data=io.BytesIO(body)) as answer:
                        endless = answer.content_type == "text/event-stream"
                        text = "" if endless else await answer.text()
                    # What is in memory only a worker knows, and this server's never gets ready.
                    known = answer.status == 503 and path.endswith("/v1/residency")
                    assert answer.status < 500 or known, (method, str(url), body[:20], text)


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("/models/lora", "no kind of models 'lora'; did you mean 'loras'? there: loras, "),
        ("/experiment/models/x", "no kind of models 'x'; there: "),
        ("/experiment/models/preview/lora/0/x", "no kind of models 'lora'"),
        ("/experiment/models/preview/embeddings/7/a.b.pt", "no folder of embeddings '7'; there: 0"),
        (
            "/experiment/models/preview/embeddings/0/a.pt",
            "no file of embeddings 'a.pt'; did you mean 'a.b.pt'?",
        ),
        ("/experiment/models/preview/embeddings/0/..%2Fa", "no file of embeddings '../a'; there: a.b.pt, "),
        ("/experiment/models/preview/embeddings/0/a.b.pt", "no picture of 'a.b.pt' in embeddings: none lies"),
        ("/view_metadata/lora?filename=plain.safetensors", "no kind of models 'lora'"),
        ("/view_metadata/embeddings", "no .safetensors file of embeddings ''; there: sub/c.safetensors\n"),
        (
            "/view_metadata/embeddings?filename=c.safetensors",
            "'c.safetensors'; did you mean 'sub/c.safetensors'?",
        ),
        (
            "/view_metadata/embeddings?filename=sub%2Fc.safetensors",
            "'sub/c.safetensors' in embeddings notes nothing",
        ),
        ("/templates/lmc.json", "no workflow 'lmc'; did you mean 'lcm'? there: lcm, "),
        ("/templates/lmc-1.webp", "no workflow 'lmc'; did you mean 'lcm'?"),
        ("/workflow_templates/another/lcm.json", "no pack of workflows 'another'; there: inkloom\n"),
        ("/assets/none.js", "has no 'assets/none.js'; reload its page"),
        ("/models/" + "x" * 3000, "xx…'; there"),
    ],
)
async def test_what_is_not_there_is_told(client: TestClient, path: str, told: str) -> None:
    async with client.get(URL(path, encoded=True)) as answer:
        text = await answer.text()
        assert (answer.status, answer.content_type) == (404, "text/plain")
        assert told in text
        assert text.endswith("\n")
        assert len(text) < 500


async def test_listings_say_of_which_models_there_are_pictures_and_notes(client: TestClient) -> None:
    rows = await get(client, "/experiment/models/loras")
    found = {row["name"]: (row["picture"], row["notes"]) for row in rows}
    assert found.pop("text.safetensors") == (True, False), "what lies beside it is no picture after all"
    assert sorted(name for name, (picture, _) in found.items() if picture) == [
        "cover.safetensors",
        "near.safetensors",
        "sub/beside.safetensors",
    ]
    for row in rows:
        if row["name"] in found:
            told = found[row["name"]]
            shown = f"/experiment/models/preview/loras/{row['pathIndex']}/{row['name']}"
            async with client.get(shown) as picture:
                assert told[0] == (picture.status == 200), row
            async with client.get(f"/view_metadata/loras?filename={row['name']}") as notes:
                assert told[1] == (notes.status == 200), row


async def test_a_route_that_is_not_there(client: TestClient) -> None:
    await get(client, "/no_such_route", 404)
