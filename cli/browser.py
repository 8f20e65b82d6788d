"""`--open`: a person's browser, at the page of a server."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from urllib.parse import urlsplit

HERE = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}
"""What reaches a server on this machine that listens on all of its addresses."""


def page_of(url: str, *, asks: bool) -> str:
    """Return the address of a server's page for this machine; where it `asks`, of the page for the token."""
    parts = urlsplit(url)
    host = HERE.get(parts.hostname or "")
    place = parts.netloc if host is None else f"{host}:{parts.port}"
    return f"{parts.scheme}://{place}/{'login' if asks else ''}"


def open_page(page: str, say: Callable[[str], None]) -> None:
    """Open a page in the browser, aside; `say` is given a line where that can't be.

    A browser that fills a terminal stays until it is closed, so nothing waits for it.
    """

    def opening() -> None:
        if not _opened(page):
            say(f"There is no browser to be opened here ($BROWSER names one): go to {page}")

    threading.Thread(target=opening, name="browser", daemon=True).start()


def _opened(page: str) -> bool:
    """Open a page in the browser that comes first here: the one of $BROWSER, or that of the desktop."""
    import webbrowser

    shown = ("BROWSER", "DISPLAY", "WAYLAND_DISPLAY")
    if sys.platform not in ("win32", "darwin") and not any(os.environ.get(name) for name in shown):
        return False  # a browser for terminals can't show the editor, and would take this one
    try:
        return webbrowser.get().open(page)
    except webbrowser.Error:
        return False
