"""What can be asked over HTTP: one table of routes, each answered with and without the prefix /api."""

from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from . import internal, page, wire_types
from .access import login
from .access.guard import identity_of
from .access.rights import RIGHTS
from .body import flag_in, ids_in, number_in, object_in
from .catalogue import models, system, templates
from .catalogue.object_info import object_info, object_info_of
from .files import uploads, view
from .jobs import wire
from .jobs.prompt import RefusedError, accept
from .jobs.room import no_room
from .metrics import scrape
from .refusals import refused
from .routing import ROUTES as TABLE
from .routing import Route, rights_of
from .sockets.clients import flags_of
from .sockets.websocket import websocket
from .state import SERVER
from .streaming import json_in_pieces
from .users import settings, userdata, who
from .users.who import folders_of
from .v1 import estimate, events, explain, jobs, openapi, residency, tokens, validate, workflows
from .wire_types import wrong


async def post_prompt(request: web.Request) -> web.Response:
    """Validate a workflow and queue it."""
    server, user = request.app[SERVER], identity_of(request).name
    body = await request.read()
    if full := await no_room(server.jobs, user, len(body), server.limits):
        return refused(429, "queue_full", "The queue is full", full)
    try:
        accepted = await accept(body, user, server.jobs, server.table, folders_of(request), server.limits)
    except RefusedError as wrong:
        return web.json_response(wrong.answer, status=400)
    return web.json_response(accepted.answer())


async def get_prompt(request: web.Request) -> web.Response:
    """Tell how many jobs wait or run."""
    return web.json_response({"exec_info": {"queue_remaining": request.app[SERVER].jobs.remaining}})


async def get_queue(request: web.Request) -> web.StreamResponse:
    """List the running and the waiting jobs."""
    queue = request.app[SERVER].jobs.queue(user=identity_of(request).scope)
    return await json_in_pieces(request, wire.queue(queue))


async def post_queue(request: web.Request) -> web.Response:
    """Forget waiting jobs: `{"clear": true}` all, `{"delete": [ids]}` some."""
    jobs, user, body = request.app[SERVER].jobs, identity_of(request).scope, await object_in(request)
    clear, names = flag_in(body, "clear"), ids_in(body, "delete")
    if clear:
        await jobs.drop(user=user)
    for name in names:
        await jobs.drop({name}, user=user)
    return web.Response()


async def post_interrupt(request: web.Request) -> web.Response:
    """Stop the running job; with `{"prompt_id": id}` only if it is that one."""
    body = await object_in(request)
    wanted = body.get("prompt_id")
    job, user = None if not wanted else str(wanted), identity_of(request).scope
    request.app[SERVER].crew.interrupt(job, user=user)
    return web.Response()


async def get_history(request: web.Request) -> web.StreamResponse:
    """List finished jobs, oldest first; `max_items` and `offset` choose a window."""
    jobs, user = request.app[SERVER].jobs, identity_of(request).scope
    window = jobs.history(number_in(request, "max_items"), number_in(request, "offset"), user=user)
    return await json_in_pieces(request, wire.history(window))


async def get_history_of(request: web.Request) -> web.Response:
    """Tell how one job ended; an empty object while it has not."""
    jobs, user = request.app[SERVER].jobs, identity_of(request).scope
    record = await jobs.record(request.match_info["prompt_id"], user=user)
    text = "" if record is None else wire.entries([record])
    return web.Response(text=f"{{{text}}}", content_type="application/json")


async def post_history(request: web.Request) -> web.Response:
    """Forget finished jobs: `{"clear": true}` all, `{"delete": [ids]}` some."""
    jobs, user, body = request.app[SERVER].jobs, identity_of(request).scope, await object_in(request)
    clear, names = flag_in(body, "clear"), ids_in(body, "delete")
    if clear:
        await jobs.forget(user=user)
    await jobs.forget(names, user=user)
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
    models, results = flag_in(body, "unload_models"), flag_in(body, "free_memory")
    if models or results:
        request.app[SERVER].crew.free(results=results)
    return web.Response()


async def get_features(request: web.Request) -> web.Response:
    """Tell what this server can do."""
    return web.json_response(flags_of(request.app[SERVER].limits))


CHANGED = {200: None} | wrong(400, 503)

OWN = (
    Route(
        "POST",
        "/prompt",
        post_prompt,
        tag="jobs",
        body=wire_types.Prompt,
        answers={200: wire_types.Queued} | wrong(400, 429, 503),
    ),
    Route("GET", "/prompt", get_prompt, tag="jobs", answers={200: wire_types.Remaining}),
    Route("GET", "/queue", get_queue, tag="jobs", answers={200: wire_types.Queue} | wrong(503)),
    Route("POST", "/queue", post_queue, tag="jobs", body=wire_types.Some, answers=CHANGED),
    Route("POST", "/interrupt", post_interrupt, tag="jobs", body=wire_types.Interrupt, answers=CHANGED),
    Route("POST", "/free", post_free, right="admin", tag="server", body=wire_types.Free, answers=CHANGED),
    Route(
        "GET",
        "/history",
        get_history,
        tag="jobs",
        query=wire_types.Window,
        answers={200: dict[str, wire_types.Entry]} | wrong(400, 503),
    ),
    Route(
        "GET",
        "/history/{prompt_id}",
        get_history_of,
        tag="jobs",
        answers={200: dict[str, wire_types.Entry]} | wrong(503),
    ),
    Route("POST", "/history", post_history, tag="jobs", body=wire_types.Some, answers=CHANGED),
    Route("GET", "/object_info", get_object_info, tag="nodes", answers={200: dict[str, Any]}),
    Route("GET", "/object_info/{node_class}", get_object_info_of, tag="nodes", answers={200: dict[str, Any]}),
    Route("GET", "/features", get_features, tag="server", answers={200: dict[str, Any]}),
    Route(
        "GET",
        "/ws",
        websocket,
        tag="events",
        query=wire_types.Socket,
        answers={101: None} | wrong(400, 429, 503),
    ),
)

ROUTES: tuple[Route, ...] = (
    *OWN,
    *page.ROUTES,
    *system.ROUTES,
    *models.ROUTES,
    *templates.ROUTES,
    *view.ROUTES,
    *uploads.ROUTES,
    *who.ROUTES,
    *settings.ROUTES,
    *userdata.ROUTES,
    *internal.ROUTES,
    *login.ROUTES,
    *scrape.ROUTES,
    *jobs.ROUTES,
    *events.ROUTES,
    *explain.ROUTES,
    *estimate.ROUTES,
    *validate.ROUTES,
    *workflows.ROUTES,
    *residency.ROUTES,
    *tokens.ROUTES,
    *openapi.ROUTES,
)
"""Every route there is: what is not here can't be asked for."""


def add_routes(app: web.Application) -> None:
    """Make routes answer under their own path and, but for bare ones, under /api."""
    app[TABLE], app[RIGHTS] = ROUTES, rights_of(ROUTES)
    for route in ROUTES:
        for prefix in ("",) if route.bare else ("", "/api"):
            _add(app, route.method, prefix + route.path, route.handler)


def _add(app: web.Application, method: str, path: str, handler: Handler) -> None:
    """Make a route answer; what is asked for with GET can be asked for with HEAD, but for a websocket."""
    if method == "GET" and handler is not websocket:
        app.router.add_get(path, handler)
    else:
        app.router.add_route(method, path, handler)
