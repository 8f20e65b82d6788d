"""GET /view: the pictures of the root folder, and nothing else."""

import mimetypes
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path, PurePath

from aiohttp import web

from ..executor import Folders

ROOTS = ("input", "output", "temp")
"""The folders that /view serves from."""

ACTIVE_TYPES = frozenset(
    (
        "text/html",
        "text/html-sandboxed",
        "application/xhtml+xml",
        "text/javascript",
        "text/css",
        "image/svg+xml",
    )
)
"""Content types that a browser would execute or style with: they leave as plain bytes."""


def split_annotation(filename: str, kind: str) -> tuple[str, str]:
    """Take ` [input]`, ` [output]` or ` [temp]` off the end of a file name: (name, root that counts)."""
    for root in ROOTS:
        if filename.endswith(f"[{root}]"):
            return filename[: -len(root) - 3], root
    return filename, kind


def find(roots: Mapping[str, Path], query: Mapping[str, str]) -> Path:
    """Return the file that a /view query names.

    The checks are in the order that clients know: a missing name, a name or type that is no name or type, a
    subfolder outside of its root, a file that is not there. Raises the matching HTTP error.
    """
    if "filename" not in query:
        raise web.HTTPNotFound
    filename, kind = split_annotation(query["filename"], query.get("type", "output"))
    subfolder = query.get("subfolder", "")
    if not filename or filename.startswith("/") or ".." in filename or "\0" in filename + subfolder:
        raise web.HTTPBadRequest
    if kind not in roots:
        raise web.HTTPBadRequest
    root = roots[kind].resolve()
    try:
        # Only the last part of the name counts; by PurePath, so a backslash parts names on Windows.
        path = (root / subfolder / PurePath(filename).name).resolve()
        if not path.is_relative_to(root):  # by the subfolder, or by a link
            raise web.HTTPForbidden
        if not path.is_file():
            raise web.HTTPNotFound
    except (OSError, RuntimeError):  # a name longer than names can be; links that lead to each other
        raise web.HTTPNotFound from None
    return path


def newest_first(folders: Folders, kind: str) -> list[str]:
    """Name the files directly in one of the `ROOTS`, the one that was written last first."""
    found: list[tuple[int, str]] = []
    for name in folders.names(kind):
        with suppress(OSError):  # deleted since
            found.append((folders.path(kind, name).stat().st_mtime_ns, name))
    return [name for _, name in sorted(found, reverse=True)]


def answer(path: Path) -> web.FileResponse:
    """Serve a file as it is; range requests work."""
    guessed = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    name = path.name.replace("\\", "\\\\").replace('"', '\\"')
    return web.FileResponse(
        path,
        headers={
            "Content-Type": "application/octet-stream" if guessed in ACTIVE_TYPES else guessed,
            "Content-Disposition": f'filename="{name}"',
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'; sandbox",
        },
    )
