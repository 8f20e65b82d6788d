"""The check of every request: whom it comes from, and whether they may ask for this."""

import math

from aiohttp import web
from aiohttp.typedefs import Handler

from ..refusals import refused
from ..state import SERVER
from ..users.places import homes
from .connections import address_of
from .identity import Identity, in_name_of
from .rights import RIGHTS, Right, right_of
from .users import UsersError, digest_of, is_name

WHO = web.RequestKey("inkloom.who", Identity)
"""Where a request has its `Identity`."""

NOBODY = (
    "This server asks for a token: send it as the header 'Authorization: Bearer TOKEN', "
    "or log in with a browser at /login"
)


class GuessingError(Exception):
    """Too many wrong tokens came from an address, which has to wait for `seconds`."""

    def __init__(self, seconds: float) -> None:
        self.seconds = math.ceil(seconds)
        super().__init__(f"Too many wrong tokens came from your address; wait for {self.seconds} seconds")


def identity_of(request: web.Request) -> Identity:
    """Return whom a request comes from; there is always somebody behind the door."""
    return request[WHO]


def cookie_name(request: web.Request) -> str:
    """Return how this server's cookie is called: servers on other ports of one host have theirs."""
    return f"inkloom_{request.url.port or 0}"


@web.middleware
async def known_only(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Let in only those who may ask for this route, and tell handlers who they are."""
    needed = _needed(request)
    if needed == "anybody":
        return await handler(request)
    try:
        identity, wanted = who(request), request.query.get("user")
        known = _names(request) if wanted and identity is not None and identity.admin else ()
    except GuessingError as error:
        answer = refused(429, "too_many_tokens", str(error))
        answer.headers["Retry-After"] = str(error.seconds)
        return answer
    except UsersError as error:
        return refused(503, "users_unreadable", "Nobody can be let in", str(error))
    if identity is None:
        return _ask_for_token(request)
    if needed == "admin" and not identity.admin:
        return refused(403, "admins_only", "Only an admin of this server may do that")
    if wanted:
        if not identity.admin:
            return refused(403, "admins_only", "Only an admin may ask in the name of another user")
        if not is_name(wanted):
            return refused(400, "unknown_user", f"{wanted!r} is not the name of a user")
        if wanted not in known:
            told = f"users: {', '.join(known) or 'there are none'}"
            return refused(404, "unknown_user", f"There is no user {wanted}; {told}")
        identity = in_name_of(identity, wanted)
    request[WHO] = identity
    return await handler(request)


def who(request: web.Request) -> Identity | None:
    """Return whom a request comes from, None for nobody who is known; raises UsersError, GuessingError."""
    door = request.app[SERVER].door
    if anybody := door.without_token():
        return anybody
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":  # who shows a token means it: a wrong one is not made good by a cookie
        return shown(request, token.strip())
    return door.by_cookie(request.cookies.get(cookie_name(request), ""))


def shown(request: web.Request, token: str) -> Identity | None:
    """Return whose token this is; raises UsersError, and GuessingError after too many wrong ones."""
    server, address = request.app[SERVER], address_of(request.transport)
    digest = digest_of(token)
    if wait := server.attempts.wait(address, digest):
        raise GuessingError(wait)
    found = server.door.by_token(token)
    if found is None:
        server.attempts.wrong(address, digest)
    else:
        server.attempts.right(address, digest)
    return found


def _names(request: web.Request) -> list[str]:
    """Name the users there are, and those that are not any more but have left files; raises UsersError."""
    server = request.app[SERVER]
    return sorted({*server.door.users.now(), *homes(server.folders)})


def _needed(request: web.Request) -> Right:
    resource = request.match_info.route.resource
    if resource is None:  # there is nothing of that name: who is somebody may know
        return "user"
    return right_of(request.app[RIGHTS], request.method, resource.canonical)


def _ask_for_token(request: web.Request) -> web.Response:
    """Send a person's browser to the page that asks for the token, and tell a program that it needs one."""
    if request.method == "GET" and request.headers.get("Sec-Fetch-Mode") == "navigate":
        raise web.HTTPSeeOther(_login_from(request.rel_url.raw_path))
    said = "That token is nobody's here" if "Authorization" in request.headers else "Who are you?"
    answer = refused(401, "token_needed", said, NOBODY)
    answer.headers["WWW-Authenticate"] = 'Bearer realm="inkloom"'
    return answer


def _login_from(path: str) -> str:
    """Return where the page for the token is, as seen from a path: a proxy may put its own before both."""
    return "../" * (path.count("/") - 1) + "login"
