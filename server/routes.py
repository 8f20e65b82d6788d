"""What can be asked over HTTP: one table of routes, each answered with and without the prefix /api."""

import asyncio

from aiohttp import web
from aiohttp.typedefs import Handler

from .. import __version__
from . import internal, page, v1
from .body import number_in, object_in, strings_in
from .catalogue import models, system, templates
from .clients import FLAGS
from .files import uploads, view
from .object_info import object_info, object_info_of
from .prompt import RefusedError, accept
from .sockets import websocket
from .state import SERVER
from .users import settings, userdata, who


async def post_prompt(request: web.Request) -> web.Response:
    """Validate a workflow and queue it."""
    server = request.app[SERVER]
    jobs = server.jobs
    body = await request.read()  # nothing is awaited between the check of an id and the job that takes it
    try:
        accepted = accept(body, jobs.next_number, jobs.waits_or_runs, server.table, server.folders)
    except RefusedError as refused:
        return web.json_response(refused.answer, status=400)
    jobs.put(accepted.job)
    return web.json_response(accepted.answer())


async def get_prompt(request: web.Request) -> web.Response:
    """Tell how many jobs wait or run."""
    return web.json_response({"exec_info": {"queue_remaining": request.app[SERVER].jobs.remaining}})


async def get_queue(request: web.Request) -> web.Response:
    """List the running and the waiting jobs."""
    jobs = request.app[SERVER].jobs
    running = [jobs.running.item()] if jobs.running is not None else []
    return web.json_response(
        {"queue_running": running, "queue_pending": [job.item() for job in jobs.pending]}
    )


async def post_queue(request: web.Request) -> web.Response:
    """Forget waiting jobs: `{"clear": true}` all, `{"delete": [ids]}` some."""
    jobs, body = request.app[SERVER].jobs, await object_in(request)
    if body.get("clear"):
        jobs.drop()
    for name in strings_in(body, "delete"):
        jobs.drop({name})
    return web.Response()


async def post_interrupt(request: web.Request) -> web.Response:
    """Stop the running job; with `{"prompt_id": id}` only if it is that one."""
    body = await object_in(request)
    wanted = body.get("prompt_id")
    await request.app[SERVER].dispatcher.interrupt(None if not wanted else str(wanted))
    return web.Response()


async def get_history(request: web.Request) -> web.Response:
    """List finished jobs, oldest first; `max_items` and `offset` choose a window."""
    window = request.app[SERVER].jobs.history(number_in(request, "max_items"), number_in(request, "offset"))
    return web.json_response({name: record.entry() for name, record in window.items()})


async def get_history_of(request: web.Request) -> web.Response:
    """Tell how one job ended; an empty object while it has not."""
    name = request.match_info["prompt_id"]
    record = request.app[SERVER].jobs.record(name)
    return web.json_response({} if record is None else {name: record.entry()})


async def post_history(request: web.Request) -> web.Response:
    """Forget finished jobs: `{"clear": true}` all, `{"delete": [ids]}` some."""
    jobs, body = request.app[SERVER].jobs, await object_in(request)
    if body.get("clear"):
        jobs.forget()
    jobs.forget(strings_in(body, "delete"))
    return web.Response()


async def get_object_info(request: web.Request) -> web.Response:
    """Declare every node."""
    server = request.app[SERVER]
    return web.json_response(object_info(server.table, server.folders))


async def get_object_info_of(request: web.Request) -> web.Response:
    """Declare one node; an empty object when there is none of that name."""
    server, name = request.app[SERVER], request.match_info["node_class"]
    found = server.table.get(name)
    return web.json_response({} if found is None else {name: object_info_of(found, server.folders)})


async def post_free(request: web.Request) -> web.Response:
    """Give memory back after the running job: `{"unload_models", "free_memory"}`, the second also results."""
    body = await object_in(request)
    models, results = (body.get(name, False) for name in ("unload_models", "free_memory"))
    if not (isinstance(models, bool) and isinstance(results, bool)):
        raise web.HTTPBadRequest(text="unload_models and free_memory must be true or false\n")
    if models or results:
        await request.app[SERVER].worker.free(results=results)
    return web.Response()


async def get_features(_: web.Request) -> web.Response:
    """Tell what this server can do."""
    return web.json_response(FLAGS)


async def get_page(request: web.Request) -> web.Response:
    """Show a person that the server runs."""
    server = request.app[SERVER]
    pictures = await asyncio.to_thread(page.newest_pictures, server.folders.root("output"))
    html = page.render(__version__, server.folders.base, pictures, server.jobs)
    never_kept = {"Cache-Control": "no-cache", "Pragma": "no-cache", "Expires": "0"}
    return web.Response(text=html, content_type="text/html", headers=never_kept)


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

BARE = (("GET", "/", get_page), *templates.BARE, *internal.BARE)
"""Method, path and handler of what is asked for without a prefix."""


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
