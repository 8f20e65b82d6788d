"""The check of every request: whom it comes from, and whether they may ask for this."""

from aiohttp import web
from aiohttp.typedefs import Handler

from ..state import SERVER
from .door import Door
from .identity import Identity, in_name_of
from .origin import refused
from .rights import Right, right_of
from .users import UsersError, is_name

WHO = web.RequestKey("inkloom.who", Identity)
"""Where a request has its `Identity`."""

NOBODY = (
    "This server asks for a token: send it as the header 'Authorization: Bearer TOKEN', "
    "or log in with a browser at /login"
)


def identity_of(request: web.Request) -> Identity:
    """Return whom a request comes from; there is always somebody behind the door."""
    return request[WHO]


def cookie_name(request: web.Request) -> str:
    """Return how this server's cookie is called: servers on other ports of one host have theirs."""
    return f"inkloom_{request.url.port or 0}"


@web.middleware
async def known_only(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let in only those who may ask for this route, and tell handlers who they are."""
    door = request.app[SERVER].door
    needed = _needed(request)
    try:
        identity = who(request, door)
    except UsersError as error:
        return refused(503, "users_unreadable", "Nobody can be let in", str(error))
    if needed == "anybody":
        return await handler(request)
    if identity is None:
        return _ask_for_token(request)
    if needed == "admin" and not identity.admin:
        return refused(403, "admins_only", "Only an admin of this server may do that")
    if wanted := request.query.get("user"):
        if not identity.admin:
            return refused(403, "admins_only", "Only an admin may ask in the name of another user")
        if not is_name(wanted):
            return refused(400, "unknown_user", f"{wanted!r} is not the name of a user")
        identity = in_name_of(identity, wanted)
    request[WHO] = identity
    return await handler(request)


def who(request: web.Request, door: Door) -> Identity | None:
    """Return whom a request comes from, None for nobody who is known; raises UsersError."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":  # who shows a token means it: a wrong one is not made good by a cookie
        found = door.by_token(token.strip())
        return door.known("default") if found is None and door.is_open() else found
    if door.is_open():
        return door.known("default")
    return door.by_cookie(request.cookies.get(cookie_name(request), ""))


def _needed(request: web.Request) -> Right:
    resource = request.match_info.route.resource
    return "user" if resource is None else right_of(request.method, resource.canonical)


def _ask_for_token(request: web.Request) -> web.Response:
    """Send a person's browser to the page that asks for the token, and tell a program that it needs one."""
    if request.method == "GET" and request.headers.get("Sec-Fetch-Mode") == "navigate":
        raise web.HTTPSeeOther("/login")
    answer = refused(401, "token_needed", "Who are you?", NOBODY)
    answer.headers["WWW-Authenticate"] = 'Bearer realm="inkloom"'
    return answer
