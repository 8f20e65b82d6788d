"""POST /upload/image and /upload/mask: files that clients put into the data folder."""

import asyncio
import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import cast

from aiohttp import web

from ...executor import Folders, Json
from ...executor.files.names import below
from ..body import read_json
from ..routing import Form as FormBody
from ..routing import Route
from ..state import SERVER
from ..users.who import folders_of
from ..wire_types import Mask, Upload, Uploaded, text
from .forms import FILE, MULTIPART, Form, form_in
from .incoming import Incoming, incoming, put
from .pictures import PictureError, masked
from .trouble import told_over_http
from .view import ROOTS, find_in


@dataclass(frozen=True, slots=True)
class Wish:
    """Where a file is to lie: its name, the folder, and whether it may take another's place."""

    kind: str
    root: Path
    subfolder: str
    name: str
    overwrite: bool

    def path(self, name: str) -> Path:
        """Return where a file of this name lies in that folder; raises UnsafeNameError."""
        return below(self.root, f"{self.subfolder.rstrip('/')}/{name}" if self.subfolder else name)

    def answer(self, name: str) -> dict[str, str]:
        """Return the body that tells where the file is."""
        return {"name": name, "subfolder": self.subfolder, "type": self.kind}


async def post_image(request: web.Request) -> web.Response:
    """Keep a file; one with the same bytes is kept once, one with a name that is taken gets another."""
    folders, limits = folders_of(request), request.app[SERVER].limits
    async with form_in(request, folders.root("input"), limits) as form:
        wish = _wish(form, folders)
        name = await asyncio.to_thread(_placed, form.file, wish)
    return web.json_response(wish.answer(name))


async def post_mask(request: web.Request) -> web.Response:
    """Keep a picture of the data folder with the alpha channel of the one that is sent."""
    server = request.app[SERVER]
    folders = folders_of(request)
    async with form_in(request, folders.root("input"), server.limits) as form:
        wish = _wish(form, folders)
        original = await asyncio.to_thread(_original, form.fields, folders)
        try:
            async with server.pictures:
                made = await asyncio.to_thread(masked, original, form.file.path)
        except PictureError as error:
            raise web.HTTPBadRequest(text=f"{error}\n") from error
        async with incoming(folders.root("input")) as file:
            await file.write(made)
            await file.flush()
            name = await asyncio.to_thread(_placed, file, wish)
    return web.json_response(wish.answer(name))


def _wish(form: Form, folders: Folders) -> Wish:
    """Read what a form wants; answers 400 for what can't be done."""
    if not form.filename:
        raise web.HTTPBadRequest(text=f"the form has no file {FILE!r} with a file name\n")
    kind = form.fields.get("type", "input")
    if kind not in ROOTS:
        raise web.HTTPBadRequest(text=f"type must be one of {', '.join(ROOTS)}, not {kind!r}\n")
    if "/" in form.filename:
        raise web.HTTPBadRequest(text=f"{form.filename!r} is no file name; name a folder as subfolder\n")
    overwrite = form.fields.get("overwrite") in ("true", "1")
    return Wish(kind, folders.root(kind), form.fields.get("subfolder", ""), form.filename, overwrite)


def _placed(file: Incoming, wish: Wish) -> str:
    """Give a file its place and return its name there."""
    with told_over_http():
        if wish.overwrite:
            put(file.path, wish.path(wish.name), overwrite=True)
            return wish.name
        name = PurePosixPath(wish.name)
        others = (f"{name.stem} ({number}){name.suffix}" for number in itertools.count(1))
        for candidate in itertools.chain([wish.name], others):
            path = wish.path(candidate)
            if file.is_like(path) or put(file.path, path, overwrite=False):
                return candidate
    raise AssertionError("there are always further names")


def _original(fields: Mapping[str, str], folders: Folders) -> Path:
    """Return the picture that a mask belongs to; answers 400 when there is none."""
    try:
        read = read_json(fields.get("original_ref", ""))
    except ValueError as error:
        raise web.HTTPBadRequest(text=f"original_ref must be JSON: {error}\n") from error
    texts = {name: value for name, value in _object(read).items() if isinstance(value, str)}
    try:
        return find_in(folders, texts)
    except (web.HTTPNotFound, web.HTTPForbidden, web.HTTPBadRequest) as error:
        told = f"original_ref names no picture of the data folder: {fields.get('original_ref')}\n"
        raise web.HTTPBadRequest(text=told) from error


def _object(read: Json) -> Mapping[str, Json]:
    if not isinstance(read, dict):
        raise web.HTTPBadRequest(text="original_ref must be a JSON object with a filename\n")
    return cast(Mapping[str, Json], read)


KEPT = {200: Uploaded} | text(400, 413, 507)

ROUTES = (
    Route("POST", "/upload/image", post_image, tag="files", body=FormBody(MULTIPART, Upload), answers=KEPT),
    Route("POST", "/upload/mask", post_mask, tag="files", body=FormBody(MULTIPART, Mask), answers=KEPT),
)
"""What puts files into the data folder."""
