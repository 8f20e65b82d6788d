"""The editor as files: what web/ was built into, when it was."""

import re
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from ..executor.files.names import UnsafeNameError, below

BUILT = Path(__file__).resolve().parent / "_web"
"""Where the build leaves the editor."""

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "media-src 'self' blob:; font-src 'self'; connect-src 'self'; worker-src 'self'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
"""What the editor's page may do: run the scripts of its build and no others, and never make HTML of text."""

TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".md": "text/plain; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}
"""Types of files by their endings: what the system says of them differs between machines."""

HASHED = re.compile(r"-[\w-]{8}\.\w+")
"""How names end that change with what they name."""

FOR_EVER, ASK = "public, max-age=31536000, immutable", "no-cache"

REMEDY = (
    "install Node.js 20.19, 22.12 or newer and run 'make serve' in the source folder, "
    "or 'pip install' it again; or install a released wheel, which carries the editor"
)
"""What to do when the editor is not there."""


@dataclass(frozen=True, slots=True)
class Editor:
    """A folder that the editor was built into, or would have been."""

    folder: Path = BUILT

    def is_there(self) -> bool:
        """Tell whether it was built."""
        return (self.folder / "index.html").is_file()

    def page(self) -> web.FileResponse:
        """Return the page itself."""
        return self._served("index.html")

    def asset(self, name: str) -> web.FileResponse:
        """Return what the page loads; raises HTTPNotFound for what was not built."""
        return self._served(f"assets/{name}")

    def _served(self, name: str) -> web.FileResponse:
        try:
            path = below(self.folder, name)
        except UnsafeNameError as error:
            raise _not_built(name) from error
        kind = TYPES.get(path.suffix)
        if kind is None or not path.is_file():
            raise _not_built(name)
        headers = {
            "Content-Type": kind,
            "Cache-Control": FOR_EVER if HASHED.search(path.name) else ASK,
            "Content-Security-Policy": POLICY,
        }
        return web.FileResponse(path, headers=headers)


def _not_built(name: str) -> web.HTTPNotFound:
    """Return a 404: a page that was loaded before inkloom became another version asks for what was there."""
    told = f"the editor of this version has no {name[:100]!r}; reload its page"
    return web.HTTPNotFound(text=f"{told}\n")


EDITOR = web.AppKey("inkloom.editor", Editor)
"""Where an application has its editor."""
