"""A user's files: saved workflows, templates of nodes, whatever the editor keeps."""

import asyncio
import mimetypes
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiohttp import web

from ...executor import UnsafeNameError
from ...executor.files.names import below, inside
from ..files.forms import too_large
from ..files.incoming import incoming, put
from ..files.serving import GUARDS, SERVED, serve
from ..files.trouble import told_over_http
from ..routing import Route
from ..state import SERVER
from ..wire_types import Below, Info, Listing, Saving, text
from .who import user_folder

SHOWN_TYPES = frozenset(("application/json", "text/css", "text/plain"))
"""What leaves under its own type without being an attachment: the editor reads it, and nothing in it runs."""


@dataclass(frozen=True, slots=True)
class Item:
    """A file or folder of a user, by its path from the folder that was asked for."""

    name: str
    folder: bool
    size: int
    modified: float
    created: float

    def info(self) -> dict[str, object]:
        """Return what the wire tells of a file."""
        return {"path": self.name, "size": self.size, "modified": self.modified, "created": self.created}


def walk(root: Path, *, deep: bool) -> Iterator[Item]:
    """Yield what lies in a folder, with `deep` also in those inside it; not what is hidden or leads out."""
    waiting = [(root, "")]
    while waiting:
        folder, prefix = waiting.pop()
        try:
            entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        except OSError:  # gone since
            continue
        for entry in entries:
            if entry.name.startswith(".") or (entry.is_symlink() and not inside(Path(entry.path), root)):
                continue
            found = _item(Path(entry.path), prefix + entry.name)
            if found is None:
                continue
            yield found
            if deep and found.folder and not entry.is_symlink():
                waiting.append((Path(entry.path), f"{found.name}/"))


def _item(path: Path, name: str) -> Item | None:
    try:
        status = path.stat()
    except OSError:  # gone since, or a link to nothing
        return None
    return Item(name, path.is_dir(), status.st_size, status.st_mtime, status.st_ctime)


def _bytes_below(root: Path) -> int:
    return sum(item.size for item in walk(root, deep=True) if not item.folder)


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # a name longer than names can be
        return False


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False


def _inside(request: web.Request, name: str) -> Path:
    """Return the path of a user's file; answers 403 for a name that leads elsewhere."""
    try:
        return below(user_folder(request), name)
    except (UnsafeNameError, UnicodeEncodeError):
        told = (
            f"{name!r} does not lie inside of the user's folder: no '..', drive, device, or link out of it\n"
        )
        raise web.HTTPForbidden(text=told) from None


def _says(request: web.Request, name: str, *, default: bool = False) -> bool:
    """Read a flag of the query; what is neither true nor false counts as not given."""
    return {"true": True, "false": False}.get(request.query.get(name, "").lower(), default)


async def get_list(request: web.Request) -> web.Response:
    """List the files of a folder: names, `split` at their slashes, or with `full_info`."""
    if not (asked := request.query.get("dir", "")):
        return web.Response(status=400, text="Directory not provided")
    try:
        folder = below(user_folder(request), asked.rstrip("/"))
    except (UnsafeNameError, UnicodeEncodeError):
        return web.Response(status=403, text="Invalid directory")
    if not await asyncio.to_thread(_is_folder, folder):
        return web.Response(status=404, text="Directory not found")
    deep = _says(request, "recurse")
    found = await asyncio.to_thread(lambda: [item for item in walk(folder, deep=deep) if not item.folder])
    found.sort(key=lambda item: item.name)
    if _says(request, "full_info"):
        return web.json_response([item.info() for item in found])
    if _says(request, "split"):
        return web.json_response([[item.name, *item.name.split("/")] for item in found])
    return web.json_response([item.name for item in found])


async def get_tree(request: web.Request) -> web.Response:
    """List all files and folders below a path, folders first."""
    asked = request.query.get("path", "").rstrip("/")
    root = user_folder(request)
    try:
        folder = below(root, asked) if asked else root
    except (UnsafeNameError, UnicodeEncodeError):
        return web.Response(status=400, text="Invalid path")
    if await asyncio.to_thread(_is_file, folder):
        return web.Response(status=400, text="Requested path is not a folder")
    if asked and not await asyncio.to_thread(_is_folder, folder):
        return web.Response(status=404, text="Requested path not found")
    found = await asyncio.to_thread(lambda: list(walk(folder, deep=True)))
    found.sort(key=lambda item: (not item.folder, item.name.lower()))
    return web.json_response([_row(item, f"{asked}/" if asked else "") for item in found])


def _row(item: Item, prefix: str) -> dict[str, object]:
    row: dict[str, object] = {"name": item.name.rpartition("/")[2], "path": prefix + item.name}
    if item.folder:
        return {**row, "type": "directory"}
    return {**row, "type": "file", "size": item.size, "modified": item.modified}


async def get_file(request: web.Request) -> web.StreamResponse:
    """Send a file."""
    path = _inside(request, request.match_info["file"])
    if not await asyncio.to_thread(_is_file, path):
        raise _no_file(request.match_info["file"])
    kind = mimetypes.guess_type(path.name)[0]
    if kind in SHOWN_TYPES:
        return web.FileResponse(path, headers={"Content-Type": kind, **GUARDS})
    return await asyncio.to_thread(serve, path)


async def post_file(request: web.Request) -> web.Response:
    """Save the body as a file; with `overwrite=false` only if there is none of that name."""
    path = _inside(request, request.match_info["file"])
    overwrite = _says(request, "overwrite", default=True)
    if not overwrite and await asyncio.to_thread(_is_file, path):
        return web.Response(status=409, text="File already exists")
    limits = request.app[SERVER].limits
    room = limits.userdata_bytes - await asyncio.to_thread(_bytes_below, user_folder(request))
    most = max(min(limits.upload_bytes, room), 0)
    with told_over_http():
        async with incoming(user_folder(request)) as file:
            async for piece in request.content.iter_chunked(2**16):
                if file.size + len(piece) > most:
                    raise too_large(most, file.size + len(piece))
                await file.write(piece)
            await file.flush()
            kept = await asyncio.to_thread(put, file.path, path, overwrite=overwrite)
    if not kept:
        return web.Response(status=409, text="File already exists")
    return await _told(request, path)


async def delete_file(request: web.Request) -> web.Response:
    """Delete a file."""
    path = _inside(request, request.match_info["file"])
    if not await asyncio.to_thread(_is_file, path):
        raise _no_file(request.match_info["file"])
    with told_over_http():
        await asyncio.to_thread(path.unlink, missing_ok=True)
    return web.Response(status=204)


async def move_file(request: web.Request) -> web.Response:
    """Give a file another name; with `overwrite=false` only if there is none of that name."""
    source = _inside(request, request.match_info["file"])
    target = _inside(request, request.match_info["dest"])
    if not await asyncio.to_thread(_is_file, source):
        raise _no_file(request.match_info["file"])
    overwrite = _says(request, "overwrite", default=True)
    with told_over_http():
        kept = source == target or await asyncio.to_thread(put, source, target, overwrite=overwrite)
    if not kept:
        return web.Response(status=409, text="File already exists")
    return await _told(request, target)


async def _told(request: web.Request, path: Path) -> web.Response:
    """Answer with where a file is, with `full_info` also what it is."""
    name = path.relative_to(user_folder(request)).as_posix()
    if not _says(request, "full_info"):
        return web.json_response(name)
    item = await asyncio.to_thread(_item, path, name)
    if item is None:  # deleted by another since
        raise _no_file(name)
    return web.json_response(item.info())


def _no_file(name: str) -> web.HTTPNotFound:
    return web.HTTPNotFound(text=f"there is no file {name!r}\n")


TOLD = {200: str | Info}
"""Where a file is now; what it is, with `full_info`."""

ROUTES = (
    Route(
        "GET",
        "/userdata",
        get_list,
        tag="users",
        query=Listing,
        answers={200: list[Any]} | text(400, 403, 404),
    ),
    Route(
        "GET",
        "/v2/userdata",
        get_tree,
        tag="users",
        query=Below,
        answers={200: list[dict[str, Any]]} | text(400, 404),
    ),
    Route("GET", "/userdata/{file}", get_file, tag="users", answers=SERVED | text(403, 404)),
    Route(
        "POST",
        "/userdata/{file}",
        post_file,
        tag="users",
        query=Saving,
        body="application/octet-stream",
        answers=TOLD | text(400, 403, 409, 413, 507),
    ),
    Route(
        "DELETE", "/userdata/{file}", delete_file, tag="users", answers={204: None} | text(400, 403, 404, 507)
    ),
    Route(
        "POST",
        "/userdata/{file}/move/{dest}",
        move_file,
        tag="users",
        query=Saving,
        answers=TOLD | text(400, 403, 404, 409, 507),
    ),
)
"""A user's files."""
