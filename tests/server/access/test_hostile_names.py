"""Names made to lead out of their folder, wherever one is taken: none does, and none is a 500."""

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import pytest_asyncio
from aiohttp import ClientSession, FormData
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from yarl import URL

from inkloom.executor import Folders, Graph, validate
from inkloom.executor.files.names import UnsafeNameError, below
from inkloom.nodes import NODES
from inkloom.nodes.numbered import OutputError, save_numbered

from .conftest import Running, Serve

SECRET = "the secret"

NAMES = (
    "../secret.png",
    "../../secret.png",
    "a/../../secret.png",
    "./../secret.png",
    "..",
    ".",
    "",
    "/",
    "//",
    "...",
    "a/",
    "a//b",
    "/etc/passwd",
    "ROOT/secret.png",
    "//etc/passwd",
    "..\\secret.png",
    "a\\..\\..\\secret.png",
    "\\\\server\\share",
    "C:\\secret.png",
    "C:secret.png",
    "%2e%2e%2fsecret.png",
    "..%2fsecret.png",
    "%252e%252e%252fsecret.png",
    "..%c0%afsecret.png",
    "secret.png\0",
    "\0../secret.png",
    "link.png",
    "folder_link/secret.png",
    "round",
    "con",
    "nul.png",
    "COM1",
    "a/aux.txt",
    "lpt9.png",
    "x" * 300,
    "x/" * 2000 + "x",
    "\ud800",
    "a\udcff.png",
    "~/secret.png",
    "file:///etc/passwd",
    "a\n.png",
    "\u202egnp.a",
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return a data folder with links that lead out of it, beside a secret."""
    base = tmp_path / "root"
    (tmp_path / "secret.png").write_text(SECRET)
    (tmp_path / "secret.safetensors").write_text(SECRET)
    (base / "secret.png").parent.mkdir()
    (base / "secret.png").write_text(SECRET)
    for folder in ("input", "output", "temp", "user/default", "models/checkpoints"):
        (base / folder).mkdir(parents=True)
        if not folder.startswith("models"):  # there links are the owner's own
            (base / folder / "link.png").symlink_to(tmp_path / "secret.png")
            (base / folder / "folder_link").symlink_to(tmp_path)
            (base / folder / "round").symlink_to("round")
    return base


def names(root: Path) -> list[str]:
    return [name.replace("ROOT", str(root.parent)) for name in NAMES]


@pytest_asyncio.fixture
async def server(serve: Serve, root: Path) -> AsyncIterator[Running]:
    async with serve(root=root) as found:
        yield found


def spelled(name: str) -> Iterator[str]:
    """Yield a name as a part of a path: encoded once, twice, and as it is where that can be sent."""
    once = quote(name.encode("utf-8", "surrogatepass"), safe="")
    yield once
    yield quote(once, safe="")
    if name.isascii() and name.isprintable() and not set(name) & set(" %?#\\") and name:
        yield name


ROUTES = (
    ("GET", "/userdata/{}"),
    ("POST", "/userdata/{}"),
    ("DELETE", "/userdata/{}"),
    ("POST", "/userdata/a/move/{}"),
    ("POST", "/userdata/{}/move/b"),
    ("GET", "/userdata?dir={}"),
    ("GET", "/v2/userdata?path={}"),
    ("GET", "/view?filename={}"),
    ("GET", "/view?filename={}&type=input&preview=webp"),
    ("GET", "/view?filename=secret.png&subfolder={}"),
    ("GET", "/view?filename=secret.png&type={}"),
    ("GET", "/models/{}"),
    ("GET", "/experiment/models/{}"),
    ("GET", "/experiment/models/preview/checkpoints/0/{}"),
    ("GET", "/experiment/models/preview/{}/0/secret.png"),
    ("GET", "/experiment/models/preview/checkpoints/{}/secret.png"),
    ("GET", "/view_metadata/{}?filename=secret.safetensors"),
    ("GET", "/view_metadata/checkpoints?filename={}.safetensors"),
    ("GET", "/workflow_templates/inkloom/{}.json"),
    ("GET", "/workflow_templates/{}/text_to_image.json"),
    ("GET", "/templates/{}.json"),
    ("GET", "/internal/files/{}"),
    ("GET", "/settings/{}"),
    ("GET", "/history/{}"),
    ("GET", "/object_info/{}"),
    ("GET", "/queue?user={}"),
    ("GET", "/ws?clientId={}"),
)


def outside(root: Path) -> dict[str, str]:
    """Return what lies around the data folder and beside its folders."""
    around = [path for path in (*root.parent.iterdir(), *root.iterdir()) if path.is_file()]
    return {str(path): path.read_text() for path in around if path.name.startswith("secret")} | {
        "there": ", ".join(sorted(path.name for path in root.parent.iterdir()))
    }


async def told(client: ClientSession, method: str, url: str) -> tuple[int, str]:
    async with client.request(method, URL(url, encoded=True), data=b"evil") as answer:
        return answer.status, (await answer.read()).decode("utf-8", "replace")


@pytest.mark.parametrize(("method", "path"), ROUTES)
async def test_routes(server: Running, method: str, path: str) -> None:
    before = outside(server.root)
    async with server.client() as client:
        for name in names(server.root):
            for part in spelled(name):
                status, text = await told(client, method, server.url + path.replace("{}", part))
                assert status < 500, (name, part, text)
                assert SECRET not in text, (name, part)
    assert outside(server.root) == before


@pytest.mark.parametrize("field", ["filename", "subfolder", "type", "original_ref", "original_subfolder"])
async def test_uploads(server: Running, field: str) -> None:
    before = outside(server.root)
    async with server.client() as client:
        for name in names(server.root):
            if not name.isprintable() or any("\ud800" <= one <= "\udfff" for one in name):
                name = quote(name.encode("utf-8", "surrogatepass"), safe="/")
            ref = {"filename": name if field == "original_ref" else "secret.png", "type": "input"}
            if field == "original_subfolder":
                ref["subfolder"] = name
            for path in ("/upload/image", "/upload/mask"):
                form = FormData(quote_fields=False)
                form.add_field("image", b"evil", filename=name if field == "filename" else "a.png")
                form.add_field("overwrite", "true")
                form.add_field("original_ref", json.dumps(ref))
                if field in ("subfolder", "type"):
                    form.add_field(field, name)
                async with client.post(path, data=form) as answer:
                    assert answer.status < 500, (name, await answer.text())
                    assert SECRET not in await answer.text()
    assert outside(server.root) == before


def inputs_of_files() -> list[tuple[str, str]]:
    """Name every input of every node that says a file, by what it declares."""
    found = []
    for name, node_type in NODES.items():
        for key, spec in node_type.inputs.items():
            if spec.files is not None:
                found.append((name, key))
    return found


@pytest.mark.parametrize(("class_type", "key"), inputs_of_files())
def test_literals_of_workflows(root: Path, class_type: str, key: str) -> None:
    """No node takes a file by such a name: neither is it found, nor is looking for it an error of ours."""
    folders = Folders(root)
    for name in names(root):
        for literal in (name, f"{name} [output]", f"{name} [input]"):
            node: dict[str, Any] = {"class_type": class_type, "inputs": {key: literal}}
            graph = {"1": node, "2": {"class_type": "PreviewAny", "inputs": {"source": ["1", 0]}}}
            validation = validate(Graph.parse(graph), NODES, folders)
            assert [problem for problem in validation.problems if problem.input == key], literal
            assert SECRET not in str([problem.message for problem in validation.problems])


def test_prefixes_of_file_names(root: Path) -> None:
    before = outside(root)
    for name in names(root):
        for prefix in (name, f"{name}/x", f"a/{name}", f"{name}x"):
            try:
                path = save_numbered(root / "output", prefix, ".txt", lambda file: file.write(b"evil"))
            except OutputError:
                continue
            assert path.resolve().is_relative_to((root / "output").resolve()), prefix
    assert outside(root) == before


def test_the_resolver(root: Path) -> None:
    """The one function that all of it goes through: a path inside, or an error that says so."""
    for name in names(root):
        for folder in ("input", "output"):
            try:
                found = below(root / folder, name)
            except (UnsafeNameError, OSError, UnicodeEncodeError):
                continue
            assert found.resolve().is_relative_to((root / folder).resolve()), name


PARTS = st.sampled_from(
    (
        "..",
        ".",
        "",
        "a",
        "link.png",
        "folder_link",
        "round",
        "nul",
        "aux.png",
        "C:",
        "~",
        "\\",
        "\0",
        "%2e%2e",
    )
) | st.text(max_size=4)
"""What hostile names are put together from, with whatever characters there are between them."""


@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(PARTS, st.sampled_from(("/", "//", "\\", "", "%2f"))), max_size=8))
def test_whatever_a_name_is_put_together_from(root: Path, parts: list[tuple[str, str]]) -> None:
    name = "".join(part + separator for part, separator in parts)
    folder = (root / "output").resolve()
    try:
        found = below(root / "output", name)
    except (UnsafeNameError, OSError, UnicodeEncodeError):
        return
    assert found.resolve() != folder, "a name is of something in the folder"
    assert found.resolve().is_relative_to(folder)
    assert not set(name) & {"\\", "\0"}
