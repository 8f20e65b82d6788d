"""What can be asked over HTTP: one table of routes, each answered with and without the prefix /api."""

import asyncio

from aiohttp import web
from aiohttp.typedefs import Handler

from .. import __version__
from . import internal, page
from .access import login
from .access.guard import identity_of
from .access.headers import page_policy
from .access.origin import refused
from .body import number_in, object_in, strings_in
from .catalogue import models, system, templates
from .catalogue.object_info import object_info, object_info_of
from .files import uploads, view
from .jobs import wire
from .jobs.prompt import RefusedError, accept
from .sockets.clients import flags_of
from .sockets.websocket import websocket
from .state import SERVER
from .users import settings, userdata, who
from .users.who import folders_of
from .v1 import explain as v1


async def post_prompt(request: web.Request) -> web.Response:
    """Validate a workflow and queue it."""
    server, user = request.app[SERVER], identity_of(request).name
    body, most = await request.read(), server.limits.waiting_jobs
    if server.jobs.remaining >= most and await server.jobs.unfinished(user) >= most:
        told = f"{most} of your jobs wait already; let some of them run first"
        return refused(429, "queue_full", "The queue is full", told)
    try:
        accepted = await accept(body, user, server.jobs, server.table, folders_of(request), server.limits)
    except RefusedError as wrong:
        return web.json_response(wrong.answer, status=400)
    return web.json_response(accepted.answer())


async def get_prompt(request: web.Request) -> web.Response:
    """Tell how many jobs wait or run."""
    return web.json_response({"exec_info": {"queue_remaining": request.app[SERVER].jobs.remaining}})


async def get_queue(request: web.Request) -> web.Response:
    """List the running and the waiting jobs."""
    return _json(wire.queue(await request.app[SERVER].jobs.queue(user=identity_of(request).scope)))


async def post_queue(request: web.Request) -> web.Response:
    """Forget waiting jobs: `{"clear": true}` all, `{"delete": [ids]}` some."""
    jobs, user, body = request.app[SERVER].jobs, identity_of(request).scope, await object_in(request)
    if body.get("clear"):
        await jobs.drop(user=user)
    for name in strings_in(body, "delete"):
        await jobs.drop({name}, user=user)
    return web.Response()


async def post_interrupt(request: web.Request) -> web.Response:
    """Stop the running job; with `{"prompt_id": id}` only if it is that one."""
    body = await object_in(request)
    wanted = body.get("prompt_id")
    job, user = None if not wanted else str(wanted), identity_of(request).scope
    await request.app[SERVER].dispatcher.interrupt(job, user=user)
    return web.Response()


async def get_history(request: web.Request) -> web.Response:
    """List finished jobs, oldest first; `max_items` and `offset` choose a window."""
    jobs, user = request.app[SERVER].jobs, identity_of(request).scope
    window = await jobs.history(number_in(request, "max_items"), number_in(request, "offset"), user=user)
    return _json(wire.history(window))


async def get_history_of(request: web.Request) -> web.Response:
    """Tell how one job ended; an empty object while it has not."""
    jobs, user = request.app[SERVER].jobs, identity_of(request).scope
    record = await jobs.record(request.match_info["prompt_id"], user=user)
    return _json(wire.history([] if record is None else [record]))


async def post_history(request: web.Request) -> web.Response:
    """Forget finished jobs: `{"clear": true}` all, `{"delete": [ids]}` some."""
    jobs, user, body = request.app[SERVER].jobs, identity_of(request).scope, await object_in(request)
    if body.get("clear"):
        await jobs.forget(user=user)
    await jobs.forget(strings_in(body, "delete"), user=user)
    return web.Response()


async def get_object_info(request: web.Request) -> web.Response:
    """Declare every node."""
    return web.json_response(object_info(request.app[SERVER].table, folders_of(request)))


async def get_object_info_of(request: web.Request) -> web.Response:
    """Declare one node; an empty object when there is none of that name."""
    server, name = request.app[SERVER], request.match_info["node_class"]
    found = server.table.get(name)
    return web.json_response({} if found is None else {name: object_info_of(found, folders_of(request))})


async def post_free(request: web.Request) -> web.Response:
    """Give memory back after the running job: `{"unload_models", "free_memory"}`, the second also results."""
    body = await object_in(request)
    models, results = (body.get(name, False) for name in ("unload_models", "free_memory"))
    if not (isinstance(models, bool) and isinstance(results, bool)):
        raise web.HTTPBadRequest(text="unload_models and free_memory must be true or false\n")
    if models or results:
        await request.app[SERVER].worker.free(results=results)
    return web.Response()


async def get_features(request: web.Request) -> web.Response:
    """Tell what this server can do."""
    return web.json_response(flags_of(request.app[SERVER].limits))


async def get_page(request: web.Request) -> web.Response:
    """Show a person that the server runs."""
    server = request.app[SERVER]
    pictures = await asyncio.to_thread(page.newest_pictures, folders_of(request).root("output"))
    html = page.render(__version__, server.folders.base, pictures, await server.jobs.counts())
    never_kept = {"Cache-Control": "no-cache", "Pragma": "no-cache", "Expires": "0"}
    headers = {**never_kept, "Content-Security-Policy": page_policy(page.STYLE)}
    return web.Response(text=html, content_type="text/html", headers=headers)


ROUTES = (
    ("POST", "/prompt", post_prompt),
    ("GET", "/prompt", get_prompt),
    ("GET", "/queue", get_queue),
    ("POST", "/queue", post_queue),
    ("POST", "/interrupt", post_interrupt),
    ("POST", "/free", post_free),
    ("GET", "/history", get_history),
    ("GET", "/history/{prompt_id}", get_history_of),
    ("POST", "/history", post_history),
    ("GET", "/object_info", get_object_info),
    ("GET", "/object_info/{node_class}", get_object_info_of),
    ("GET", "/features", get_features),
    ("GET", "/ws", websocket),
    *system.ROUTES,
    *models.ROUTES,
    *templates.ROUTES,
    *view.ROUTES,
    *uploads.ROUTES,
    *who.ROUTES,
    *settings.ROUTES,
    *userdata.ROUTES,
)
"""Method, path and handler of every route of ComfyUI's interface."""

BARE = (("GET", "/", get_page), *templates.BARE, *internal.BARE, *login.BARE)
"""Method, path and handler of what is asked for without a prefix."""


def _json(text: str) -> web.Response:
    return web.Response(text=text, content_type="application/json")


def add_routes(app: web.Application) -> None:
    """Make routes answer under their own path and under /api, those of `BARE` as they are."""
    for method, path, handler in (*ROUTES, *v1.ROUTES):
        for prefix in ("", "/api"):
            _add(app, method, prefix + path, handler)
    for method, path, handler in BARE:
        _add(app, method, path, handler)


def _add(app: web.Application, method: str, path: str, handler: Handler) -> None:
    """Make a route answer; what is asked for with GET can be asked for with HEAD, but for a websocket."""
    if method == "GET" and handler is not websocket:
        app.router.add_get(path, handler)
    else:
        app.router.add_route(method, path, handler)
