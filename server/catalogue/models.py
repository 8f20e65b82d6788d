"""Which models there are: their kinds, their files, what their headers note, pictures of them."""

import asyncio
import base64
import binascii
import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from aiohttp import web

from ...executor import Folders, UnsafeNameError
from ...executor.files.names import refuse_unsafe
from ..body import read_json
from ..files.pictures import PictureError, webp
from ..files.serving import GUARDS
from ..limits import LIMITS
from ..routing import Route
from ..state import SERVER
from ..users.who import folders_of
from ..wire_types import Named, text
from .missing import missing, nothing
from .safetensors_header import COVERS, NOTHING_NOTED, Noted, notes_of, what_is_noted

PICTURES = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp")
"""Endings of pictures that lie beside models."""

NOTED = ".safetensors"
"""The ending of files whose header may note something."""

NOT_MODELS = ("configs", "custom_nodes")
"""Kinds that are no models, and are left out where only these are asked for."""


async def get_kinds(request: web.Request) -> web.Response:
    """Name the kinds of models."""
    return web.json_response(await asyncio.to_thread(folders_of(request).kinds))


async def get_names(request: web.Request) -> web.Response:
    """Name the models of a kind."""
    folders, kind = folders_of(request), request.match_info["folder"]
    return web.json_response(await asyncio.to_thread(_names, folders, kind))


async def get_embeddings(request: web.Request) -> web.Response:
    """Name the embeddings, as prompts do: without their endings."""
    names = await asyncio.to_thread(folders_of(request).names, "embeddings")
    return web.json_response([name.rpartition(".")[0] for name in names])


async def get_folders(request: web.Request) -> web.Response:
    """Tell where the models of each kind lie."""
    return web.json_response(await asyncio.to_thread(_places, folders_of(request)))


async def get_files(request: web.Request) -> web.Response:
    """List the models of a kind with their sizes and times, and whether they have a picture and notes."""
    folders, kind = folders_of(request), request.match_info["folder"]
    return web.json_response(await asyncio.to_thread(_files, folders, kind))


async def get_preview(request: web.Request) -> web.Response:
    """Show a picture of a model, if one lies beside it or in its header."""
    server, match = request.app[SERVER], request.match_info
    async with server.pictures:
        made = await asyncio.to_thread(
            _preview, folders_of(request), match["folder"], match["path_index"], match["filename"]
        )
    return web.Response(body=made, content_type="image/webp", headers=GUARDS)


async def get_notes(request: web.Request) -> web.Response:
    """Tell what the header of a safetensors file notes."""
    folders, kind = folders_of(request), request.match_info["folder"]
    name = request.query.get("filename", "")
    return web.json_response(await asyncio.to_thread(_notes, folders, kind, name))


def _known(folders: Folders, kind: str) -> None:
    """Answer 404 for what is no kind of models; older names of kinds are none."""
    if kind not in (kinds := folders.kinds()):
        raise missing("kind of models", kind, kinds)


def _names(folders: Folders, kind: str) -> tuple[str, ...]:
    _known(folders, kind)
    return folders.names(kind)


def _places(folders: Folders) -> list[dict[str, object]]:
    kinds = [kind for kind in folders.kinds() if kind not in NOT_MODELS]
    return [{"name": kind, "folders": [str(root) for root in folders.roots(kind)]} for kind in kinds]


def _files(folders: Folders, kind: str) -> list[dict[str, object]]:
    _known(folders, kind)
    roots = folders.roots(kind)
    found: list[dict[str, object]] = []
    for place, name in folders.located(kind):
        try:
            status = (roots[place] / name).stat()
        except OSError:  # deleted since
            continue
        times = {"modified": status.st_mtime, "created": status.st_ctime}
        noted = _noted(roots[place] / name, status)
        told = {"picture": noted.pictures or any(_beside(roots[place] / name)), "notes": noted.any}
        found.append({"name": name, "pathIndex": place, **times, "size": status.st_size, **told})
    return found


def _noted(model: Path, status: os.stat_result) -> Noted:
    if model.suffix != NOTED:
        return NOTHING_NOTED
    return what_is_noted(model, status.st_mtime_ns, status.st_size)


def _preview(folders: Folders, kind: str, place: str, name: str) -> bytes:
    _known(folders, kind)
    roots = folders.roots(kind)
    if not (place.isascii() and place.isdecimal() and int(place[:9]) < len(roots)):
        raise missing(f"folder of {kind}", place, [str(number) for number in range(len(roots))])
    try:
        refuse_unsafe(name)
    except UnsafeNameError:
        raise missing(f"file of {kind}", name, folders.names(kind)) from None
    for source in _pictures(roots[int(place)] / name):
        try:
            return webp(source, name)
        except PictureError:
            continue
    if name not in (names := folders.names(kind)):
        raise missing(f"file of {kind}", name, names)
    raise nothing(f"there is no picture of {name!r} in {kind}: none lies beside it, and none in its header")


def _pictures(model: Path) -> Iterator[Path | io.BytesIO]:
    """Yield what may be pictures of a model: those beside it, then those in its header."""
    yield from _beside(model)
    notes = notes_of(model, LIMITS.covers_bytes) if model.suffix == ".safetensors" else None
    covers = notes.get(COVERS) if notes else None
    try:
        read = read_json(covers) if isinstance(covers, str) else []
        for cover in read if isinstance(read, list) else []:
            if isinstance(cover, str):
                yield io.BytesIO(base64.b64decode(cover))
    except (ValueError, binascii.Error):
        return


def _beside(model: Path) -> Iterator[Path]:
    """Yield what may be pictures of a model that lie beside it."""
    for ending in PICTURES:
        for path in (model.with_suffix(ending), model.with_suffix(f".preview{ending}")):
            try:
                if path.is_file():
                    yield path
            except (OSError, ValueError):  # a name that no file can have
                return


def _notes(folders: Folders, kind: str, name: str) -> object:
    _known(folders, kind)
    if not name.endswith(NOTED):
        names = [one for one in folders.names(kind) if one.endswith(NOTED)]
        raise missing(f"{NOTED} file of {kind}", name, names)
    try:
        found = notes_of(folders.path(kind, name), LIMITS.notes_bytes)
    except (UnsafeNameError, OSError, ValueError):
        raise missing(f"file of {kind}", name, folders.names(kind)) from None
    if found is None:
        raise nothing(f"the header of {name!r} in {kind} notes nothing that can be read")
    return found


NAMES = {200: list[str]}
LISTED = {200: list[dict[str, Any]]}

ROUTES = (
    Route("GET", "/models", get_kinds, tag="models", answers=NAMES),
    Route("GET", "/models/{folder}", get_names, tag="models", answers=NAMES | text(404)),
    Route("GET", "/embeddings", get_embeddings, tag="models", answers=NAMES),
    Route("GET", "/experiment/models", get_folders, tag="models", answers=LISTED),
    Route("GET", "/experiment/models/{folder}", get_files, tag="models", answers=LISTED | text(404)),
    Route(
        "GET",
        "/experiment/models/preview/{folder}/{path_index}/{filename:.*}",
        get_preview,
        tag="models",
        answers={200: "image/webp"} | text(404),
    ),
    Route(
        "GET",
        "/view_metadata/{folder}",
        get_notes,
        tag="models",
        query=Named,
        answers={200: dict[str, Any]} | text(404),
    ),
)
"""What tells about models."""
