"""Files as answers: nothing that a browser would run is shown in it."""

import mimetypes
from pathlib import Path
from urllib.parse import quote

from aiohttp import web

from ..wire_types import FILE
from .pictures import verified_type

ACTIVE_TYPES = frozenset(
    (
        "text/html",
        "text/html-sandboxed",
        "application/xhtml+xml",
        "text/javascript",
        "application/javascript",
        "application/ecmascript",
        "text/ecmascript",
        "application/xml",
        "text/xml",
        "text/css",
        "image/svg+xml",
    )
)
"""Content types that a browser would execute or style with: they leave as plain bytes."""

PLAIN_BYTES = "application/octet-stream"

GUARDS = {"X-Content-Type-Options": "nosniff", "Content-Security-Policy": "default-src 'none'; sandbox"}
"""What keeps a browser from running a file that somebody put here."""

SERVED: dict[int, object] = {200: FILE, 206: FILE, 304: None, 412: None, 416: None}
"""What a request for a file may come to: the file, a part of it, or what its conditions say."""


def disposition(name: str, *, inline: bool) -> str:
    """Return the Content-Disposition of a file; what may not be shown in a browser is an attachment."""
    if name.isascii() and name.isprintable():
        text = name.replace("\\", "\\\\").replace('"', '\\"')
        named = f'filename="{text}"'
    else:  # also line ends, and bytes that are no text
        named = f"filename*=UTF-8''{quote(name.encode(errors='surrogateescape'), safe='')}"
    return named if inline else f"attachment; {named}"


def serve(path: Path) -> web.FileResponse:
    """Return a file as it is; range requests work. Only whole raster pictures are shown by a browser."""
    picture = verified_type(path)
    guessed = mimetypes.guess_type(path.name)[0] or PLAIN_BYTES
    shown = picture or (PLAIN_BYTES if guessed in ACTIVE_TYPES else guessed)
    return web.FileResponse(
        path,
        headers={
            "Content-Type": shown,
            "Content-Disposition": disposition(path.name, inline=picture is not None),
            **GUARDS,
        },
    )
