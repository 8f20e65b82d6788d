"""What every answer tells a browser not to do with it."""

import base64
import hashlib
from collections.abc import Mapping

from aiohttp import web

NOTHING = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
"""The policy of answers that are no pages: whatever they hold, a browser loads and runs nothing of it."""

ALWAYS: Mapping[str, str] = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",  # what browsers know that do not know frame-ancestors
    "Referrer-Policy": "same-origin",  # with none at all, forms of our own pages would have no Origin
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Content-Security-Policy": NOTHING,
}
"""Headers of every answer that does not have its own."""


def page_policy(*styles: str) -> str:
    """Return the policy of a page of this server with these styles in it, pictures, forms and no scripts."""
    hashes = (base64.b64encode(hashlib.sha256(style.encode()).digest()).decode() for style in styles)
    allowed = " ".join(f"'sha256-{found}'" for found in hashes)
    return (
        f"default-src 'none'; style-src {allowed}; img-src 'self'; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'"
    )


async def add_guards(request: web.Request, response: web.StreamResponse) -> None:
    """Add the headers, and keep answers that are somebody's own out of what several share."""
    for name, value in ALWAYS.items():
        response.headers.setdefault(name, value)
    kept = response.headers.get("Cache-Control", "")
    if kept.startswith("public") and ("Authorization" in request.headers or request.cookies):
        response.headers["Cache-Control"] = kept.replace("public", "private", 1)
