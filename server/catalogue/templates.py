"""Workflows to begin with: those that come with inkloom, drawn for the editor."""

import asyncio
from pathlib import Path

from aiohttp import web

from ...executor import Graph, Json, NodeTable
from ...executor.ui_format import is_ui_format, to_ui
from ..body import read_json
from ..state import SERVER

WORKFLOWS = Path(__file__).resolve().parent.parent.parent / "workflows"
"""Where the workflows lie that come with inkloom."""

PACK = "inkloom"
"""Whose the templates are, beside those of packs of nodes."""


def names() -> list[str]:
    """Name the templates."""
    return sorted(path.stem for path in WORKFLOWS.glob("*.json"))


def index() -> list[dict[str, object]]:
    """Return the editor's table of templates."""
    rows = [
        {
            "name": name,
            "title": name.replace("_", " ").capitalize(),
            "mediaType": "image",
            "mediaSubtype": "webp",
            "description": "",
        }
        for name in names()
    ]
    return [{"moduleName": "default", "title": PACK, "type": "image", "templates": rows}]


def drawn(name: str, table: NodeTable) -> Json | None:
    """Return a template as the editor saves it; None when there is none of that name."""
    if name not in names():
        return None
    text = (WORKFLOWS / f"{name}.json").read_bytes()
    read = read_json(text)
    return read if is_ui_format(read) else to_ui(Graph.parse(text), table)


async def get_packs(_: web.Request) -> web.Response:
    """Name the templates of each pack of nodes."""
    return web.json_response({PACK: await asyncio.to_thread(names)})


async def get_index(_: web.Request) -> web.Response:
    """Describe the templates."""
    return web.json_response(await asyncio.to_thread(index))


async def get_template(request: web.Request) -> web.Response:
    """Give a template as the editor opens it."""
    if request.match_info.get("pack", PACK) != PACK:
        raise web.HTTPNotFound
    found = await asyncio.to_thread(drawn, request.match_info["name"], request.app[SERVER].table)
    if found is None:
        raise web.HTTPNotFound
    return web.json_response(found)


async def get_nothing_listed(_: web.Request) -> web.Response:
    """List the editor's extensions: there are none."""
    return web.json_response([])


async def get_nothing_named(_: web.Request) -> web.Response:
    """Give the texts of other languages: there are none."""
    return web.json_response({})


ROUTES = (
    ("GET", "/workflow_templates", get_packs),
    ("GET", "/workflow_templates/{pack}/{name}.json", get_template),
    ("GET", "/extensions", get_nothing_listed),
    ("GET", "/i18n", get_nothing_named),
)
"""Method, path and handler of what the editor begins with."""

BARE = (
    ("GET", "/templates/index.json", get_index),
    ("GET", "/templates/{name}.json", get_template),
)
"""Method, path and handler of what is asked for without a prefix."""
