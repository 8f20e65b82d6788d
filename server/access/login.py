"""GET and POST /login, POST /logout: a browser shows its token once and gets a cookie for it.

Places are told relative to what was asked for: a proxy may serve all of this below a path of its own.
"""

from html import escape

from aiohttp import web

from ..routing import Form, Route
from ..state import SERVER
from ..wire_types import HTML, Login
from .guard import GuessingError, cookie_name, shown
from .headers import page_policy
from .sessions import SECONDS
from .users import UsersError

LONGEST = 4096
"""Bytes that the form may have."""

STYLE = """
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 26rem; margin: 20vh auto 0; padding: 0 1rem; }
  :root { color-scheme: light dark; }
  input, button { font: inherit; padding: .4em .6em; width: 100%; box-sizing: border-box; margin: .3em 0; }
"""

HEADERS = {"Content-Security-Policy": page_policy(STYLE), "Cache-Control": "no-store"}


def page(said: str = "") -> str:
    """Return the page; `said` is what is wrong with the token that was shown."""
    return f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>inkloom</title>
<style>{STYLE}</style>
<h1>inkloom</h1>
<form method="post" action="login">
  <label for="token">Your token, as <code>inkloom user add</code> printed it</label>
  <input id="token" name="token" type="password" autocomplete="current-password" required autofocus>
  <button>Log in</button>
</form>
<p role="alert">{escape(said)}</p>
</html>
"""


async def get_login(_: web.Request) -> web.Response:
    """Ask a person for the token."""
    return _shown(200)


async def post_login(request: web.Request) -> web.Response:
    """Give a browser a cookie for a token."""
    if request.content_type != "application/x-www-form-urlencoded":
        return _shown(415, "Send the form of this page.")
    body = await request.content.read(LONGEST + 1)
    if len(body) > LONGEST or not request.content.at_eof():
        return _shown(413, "That is longer than any token.")
    try:
        token = _field(body, "token").strip()
    except ValueError:  # more fields than any form of ours has
        return _shown(400, "Send the form of this page.")
    door = request.app[SERVER].door
    try:
        found = shown(request, token)
        cookie = "" if found is None else door.cookie_for(found)
    except UsersError as error:
        return _shown(503, str(error))
    except GuessingError as error:
        return _shown(429, f"{error}.")
    if not cookie:
        return _shown(403, "No user of this server has that token.")
    answer = web.Response(status=303, headers={"Location": "./", "Cache-Control": "no-store"})
    answer.set_cookie(
        cookie_name(request),
        cookie,
        max_age=SECONDS,
        path="/",
        httponly=True,
        samesite="Strict",
        secure=request.secure,
    )
    return answer


async def post_logout(request: web.Request) -> web.Response:
    """Take a browser's cookie away."""
    answer = web.Response(status=303, headers={"Location": "login", "Cache-Control": "no-store"})
    answer.del_cookie(cookie_name(request), path="/")
    return answer


def _field(body: bytes, name: str) -> str:
    from urllib.parse import parse_qs

    return parse_qs(body.decode("utf-8", "replace"), max_num_fields=8).get(name, [""])[0]


def _shown(status: int, said: str = "") -> web.Response:
    return web.Response(status=status, text=page(said), content_type="text/html", headers=HEADERS)


PAGE = dict.fromkeys((200, 400, 403, 413, 415, 429, 503), HTML)
FORM = Form("application/x-www-form-urlencoded", Login)

ROUTES = (
    Route("GET", "/login", get_login, right="anybody", tag="login", answers={200: HTML}, bare=True),
    Route(
        "POST",
        "/login",
        post_login,
        right="anybody",
        tag="login",
        body=FORM,
        answers={303: None} | PAGE,
        bare=True,
    ),
    Route("POST", "/logout", post_logout, right="anybody", tag="login", answers={303: None}, bare=True),
)
"""What asks for a token."""
