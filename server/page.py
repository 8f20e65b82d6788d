"""GET /: the editor; where it is not built, a plain page that says that the server runs, and what to do."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from html import escape
from pathlib import Path
from urllib.parse import urlencode

from aiohttp import web

from .. import __version__
from .access.headers import page_policy
from .editor import EDITOR, REMEDY
from .routing import Route
from .state import SERVER
from .store import Counts
from .users.who import folders_of
from .wire_types import FILE, HTML, wrong

SHOWN = 24
"""Pictures on the page, newest first."""

STYLE = """
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 3rem auto; padding: 0 1rem; }
  :root { color-scheme: light dark; }
  img { width: 128px; height: 128px; object-fit: cover; border-radius: 6px; margin: 0 6px 6px 0; }
  code { background: color-mix(in srgb, currentColor 10%, transparent); padding: 0 .3em; }
"""


def newest_pictures(output: Path) -> list[str]:
    """Return names of the newest pictures in the output folder itself, newest first."""
    if not output.is_dir():
        return []
    pictures: list[tuple[int, str]] = []
    for path in output.iterdir():
        if path.suffix.lower() in (".png", ".jpg", ".jpeg", ".webp"):
            with suppress(OSError):  # deleted since, or a link to nothing
                pictures.append((path.stat().st_mtime_ns, path.name))
    return [name for _, name in sorted(pictures, reverse=True)[:SHOWN]]


def render(version: str, root: Path, pictures: Sequence[str], counts: Counts) -> str:
    """Return the page as HTML."""
    figures = "\n".join(
        f'<a href="view?{escape(urlencode({"filename": name}))}">'
        f'<img src="view?{escape(urlencode({"filename": name}))}" alt="{escape(name)}" loading="lazy"></a>'
        for name in pictures
    )
    nothing = "<p>No picture yet. Queue a workflow with POST /prompt, or run one in a terminal.</p>"
    return f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>inkloom</title>
<style>{STYLE}</style>
<h1>inkloom {escape(version)}</h1>
<p>The server runs: {counts.running} running, {counts.waiting} waiting.
Its files lie in <code>{escape(str(root))}</code>.</p>
<p><strong>The editor is not built.</strong> To have it here, {escape(REMEDY)}. All else works without it.</p>
<ul>
  <li><a href="object_info">/object_info</a>: every node with its inputs and outputs</li>
  <li><a href="queue">/queue</a>: what runs and what waits</li>
  <li><a href="history">/history</a>: what has run</li>
</ul>
<h2>Newest pictures</h2>
{figures or nothing}
"""


async def get_page(request: web.Request) -> web.StreamResponse:
    """Show the editor, or a plain page where it is not built."""
    editor = request.app[EDITOR]
    return editor.page() if editor.is_there() else await _plain_page(request)


async def get_asset(request: web.Request) -> web.StreamResponse:
    """Give a script, a style or a picture of the editor."""
    return request.app[EDITOR].asset(request.match_info["name"])


async def _plain_page(request: web.Request) -> web.Response:
    server = request.app[SERVER]
    pictures = await asyncio.to_thread(newest_pictures, folders_of(request).root("output"))
    html = render(__version__, server.folders.base, pictures, await server.jobs.counts())
    never_kept = {"Cache-Control": "no-cache", "Pragma": "no-cache", "Expires": "0"}
    headers = {**never_kept, "Content-Security-Policy": page_policy(STYLE)}
    return web.Response(text=html, content_type="text/html", headers=headers)


ROUTES = (
    Route("GET", "/", get_page, tag="server", answers={200: HTML} | wrong(503), bare=True),
    Route("GET", "/assets/{name:.+}", get_asset, tag="server", answers={200: FILE} | wrong(404), bare=True),
)
"""What a browser opens."""
