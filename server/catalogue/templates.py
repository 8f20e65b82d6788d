"""Workflows to begin with: those that come with inkloom, drawn for the editor."""

import asyncio
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import web

from ...executor import Graph, Json, NodeTable, ui_format
from ..body import read_json
from ..files.serving import SERVED
from ..routing import Route
from ..state import SERVER
from ..wire_types import text
from .missing import missing

WORKFLOWS = Path(__file__).resolve().parent.parent.parent / "workflows"
"""Where the workflows lie that come with inkloom."""

PACK = "inkloom"
"""Whose the templates are, beside those of packs of nodes."""


def names() -> list[str]:
    """Name the templates."""
    return sorted(path.stem for path in WORKFLOWS.glob("*.json"))


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What people read about a workflow before they open it."""

    title: str
    description: str


def about() -> dict[str, About]:
    """Return what is said of each template, in the order in which they are shown: the easy ones first."""
    table = tomllib.loads((WORKFLOWS / "templates.toml").read_text(encoding="utf-8"))
    return {name: About(**said) for name, said in table.items()}


def index() -> list[dict[str, object]]:
    """Return the editor's table of templates."""
    rows = [
        {
            "name": name,
            "title": said.title,
            "mediaType": "image",
            "mediaSubtype": "webp",
            "description": said.description,
        }
        for name, said in about().items()
    ]
    return [{"moduleName": "default", "title": PACK, "type": "image", "templates": rows}]


def drawn(name: str, table: NodeTable) -> Json | None:
    """Return a template as the editor saves it; None when there is none of that name."""
    if name not in names():
        return None
    text = (WORKFLOWS / f"{name}.json").read_bytes()
    read = read_json(text)
    if ui_format.is_ui_format(read):
        return read
    return ui_format.to_ui(Graph.parse(text), table)


async def get_packs(_: web.Request) -> web.Response:
    """Name the templates of each pack of nodes."""
    return web.json_response({PACK: await asyncio.to_thread(names)})


async def get_index(_: web.Request) -> web.Response:
    """Describe the templates."""
    return web.json_response(await asyncio.to_thread(index))


async def get_template(request: web.Request) -> web.Response:
    """Give a template as the editor opens it."""
    pack, name = request.match_info.get("pack", PACK), request.match_info["name"]
    if pack != PACK:
        raise missing("pack of workflows", pack, [PACK])
    found = await asyncio.to_thread(drawn, name, request.app[SERVER].table)
    if found is None:
        raise missing("workflow", name, names())
    return web.json_response(found)


async def get_picture(request: web.Request) -> web.StreamResponse:
    """Give the picture of a template: what it makes with the embedded model."""
    name = request.match_info["name"]
    if name not in (known := names()):
        raise missing("workflow", name, known)
    return web.FileResponse(WORKFLOWS / "pictures" / f"{name}.webp")


async def get_nothing_listed(_: web.Request) -> web.Response:
    """List the editor's extensions: there are none."""
    return web.json_response([])


async def get_nothing_named(_: web.Request) -> web.Response:
    """Give the texts of other languages: there are none."""
    return web.json_response({})


TEMPLATE = {200: dict[str, Any]} | text(404)

ROUTES = (
    Route("GET", "/workflow_templates", get_packs, tag="editor", answers={200: dict[str, list[str]]}),
    Route("GET", "/workflow_templates/{pack}/{name}.json", get_template, tag="editor", answers=TEMPLATE),
    Route("GET", "/extensions", get_nothing_listed, tag="editor", answers={200: list[str]}),
    Route("GET", "/i18n", get_nothing_named, tag="editor", answers={200: dict[str, Any]}),
    Route(
        "GET",
        "/templates/index.json",
        get_index,
        tag="editor",
        answers={200: list[dict[str, Any]]},
        bare=True,
    ),
    Route("GET", "/templates/{name}.json", get_template, tag="editor", answers=TEMPLATE, bare=True),
    Route(
        "GET", "/templates/{name}-1.webp", get_picture, tag="editor", answers=SERVED | text(404), bare=True
    ),
)
"""What the editor begins with."""
