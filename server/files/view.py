"""GET /view: the pictures of the data folder, and nothing else."""

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path, PurePath

from aiohttp import web

from ...executor import Folders, UnsafeNameError
from ...executor.files.names import below
from ..routing import Route
from ..state import SERVER
from ..users.who import folders_of
from ..wire_types import View, text
from .pictures import PictureError, alpha, colours, preview
from .serving import GUARDS, SERVED, disposition, serve

ROOTS = ("input", "output", "temp")
"""The folders that /view serves from."""


def split_annotation(filename: str, kind: str) -> tuple[str, str]:
    """Take ` [input]`, ` [output]` or ` [temp]` off the end of a file name: (name, root that counts)."""
    for root in ROOTS:
        if filename.endswith(f"[{root}]"):
            return filename[: -len(root) - 3], root
    return filename, kind


def find(roots: Mapping[str, Sequence[Path]], query: Mapping[str, str]) -> Path:
    """Return the file that a /view query names, in the first of its type's roots that has it.

    The checks are in the order that clients know: a missing name, a name or type that is no name or type, a
    subfolder outside of its root, a file that is not there. Raises the matching HTTP error.
    """
    if "filename" not in query:
        raise web.HTTPNotFound(text="name a file: /view?filename=NAME, with type and subfolder if need be\n")
    filename, kind = split_annotation(query["filename"], query.get("type", "output"))
    subfolder = query.get("subfolder", "").rstrip("/")
    if not filename or filename.startswith("/") or ".." in filename or "\0" in filename + subfolder:
        raise web.HTTPBadRequest(text=f"{filename!r} is no file name; name a folder as subfolder\n")
    if kind not in roots:
        raise web.HTTPBadRequest(text=f"type must be one of {', '.join(roots)}, not {kind!r}\n")
    # Only the last part of the name counts; by PurePath, so a backslash parts names on Windows.
    name = PurePath(filename).name
    place = f"{subfolder}/{name}" if subfolder else name
    try:
        paths = [below(root, place) for root in roots[kind]]
        found = next((path for path in paths if path.is_file()), None)
    except UnsafeNameError:  # what it says may name the folder itself, which is nobody's business
        told = f"{place!r} does not lie inside of {kind}: no '..', drive, device, or link that leads out\n"
        raise web.HTTPForbidden(text=told) from None
    except (OSError, ValueError):  # a name longer than names can be, or that no file can have
        found = None
    if found is None:
        raise web.HTTPNotFound(text=f"there is no file {place!r} in {kind}\n")
    return found


def find_in(folders: Folders, query: Mapping[str, str]) -> Path:
    """Return the file of a data folder that a /view query names; raises the matching HTTP error."""
    return find({name: folders.roots(name) for name in ROOTS}, query)


def newest_first(folders: Folders, kind: str) -> list[str]:
    """Name the files directly in one of the `ROOTS`, the one that was written last first."""
    found: list[tuple[int, str]] = []
    for name in folders.names(kind):
        with suppress(OSError):  # deleted since
            found.append((folders.path(kind, name).stat().st_mtime_ns, name))
    return [name for _, name in sorted(found, reverse=True)]


async def get_view(request: web.Request) -> web.StreamResponse:
    """Send a file of the data folder: as it is, or as a picture made new by `preview` or `channel`."""
    server, query = request.app[SERVER], request.query
    path = await asyncio.to_thread(find_in, folders_of(request), query)
    channel = query.get("channel", "")
    match query.get("preview"), channel:
        case str(wanted), _:
            made = partial(preview, path, wanted, channel)
        case None, "rgb":
            made = partial(colours, path)
        case None, "a":
            made = partial(alpha, path)
        case _:
            return await asyncio.to_thread(serve, path)
    try:
        async with server.pictures:
            body, kind = await asyncio.to_thread(made)
    except PictureError as error:
        raise web.HTTPBadRequest(text=f"{error}\n") from error
    headers = {"Content-Disposition": disposition(path.name, inline=True), **GUARDS}
    return web.Response(body=body, content_type=kind, headers=headers)


ROUTES = (Route("GET", "/view", get_view, tag="files", query=View, answers=SERVED | text(400, 403, 404)),)
"""What shows files of the data folder."""
