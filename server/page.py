"""GET /: a plain page that says the server runs."""

from collections.abc import Sequence
from contextlib import suppress
from html import escape
from pathlib import Path
from urllib.parse import urlencode

from .store import Counts

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
        f'<a href="/view?{escape(urlencode({"filename": name}))}">'
        f'<img src="/view?{escape(urlencode({"filename": name}))}" alt="{escape(name)}" loading="lazy"></a>'
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
<ul>
  <li><a href="/object_info">/object_info</a>: every node with its inputs and outputs</li>
  <li><a href="/queue">/queue</a>: what runs and what waits</li>
  <li><a href="/history">/history</a>: what has run</li>
</ul>
<h2>Newest pictures</h2>
{figures or nothing}
"""
