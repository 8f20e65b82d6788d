"""GET /metrics, and the middleware that counts what is answered."""

import asyncio
import copy
import platform
from importlib.metadata import version

from aiohttp import web
from aiohttp.typedefs import Handler

from ...client.values import Residency
from ..routing import Route, plain
from ..state import SERVER, Server
from ..store import Counts, StoreError
from ..workers.given import WorkerDiedError
from ..workers.process import NoAnswerError
from .tally import Seen

FORMAT = "text/plain; version=0.0.4; charset=utf-8"
"""Prometheus's format of text."""

PATIENCE = 1.0
"""Seconds that the worker gets to say what it has: Prometheus itself waits ten."""

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
"""Methods that are told apart; a client may send any word as one."""

MAKERS = frozenset({"/prompt", "/v1/jobs", "/v1/jobs/{id}/retry", "/v1/workflows/{name}/run"})
"""Paths of what makes a job, as they are declared."""

NOWHERE, ANOTHER_METHOD = "unmatched", "other"
"""What stands for the route of a request for which there is none, and for an unknown method."""


@web.middleware
async def counted(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Count what a request is answered with, by the route as it was declared."""
    status = 500  # of what nobody has caught
    try:
        answer = await handler(request)
        status = answer.status
    except web.HTTPException as error:
        status = error.status
        raise
    else:
        return answer
    finally:
        method = request.method if request.method in METHODS else ANOTHER_METHOD
        request.app[SERVER].jobs.tally.answered(method, route_of(request), status)


def route_of(request: web.Request) -> str:
    """Return the path of a request's route as it was declared, without /api."""
    resource = request.match_info.route.resource
    return NOWHERE if resource is None else plain(resource.canonical.removeprefix("/api"))


async def get_metrics(request: web.Request) -> web.Response:
    """Tell Prometheus what this server does, in its own format of text."""
    server = request.app[SERVER]
    seen = Seen(
        tally=copy.deepcopy(server.jobs.tally),
        jobs=await _jobs(server),
        residency=await _residency(server),
        version=version("inkloom"),
        python=platform.python_version(),
        restarts=server.crew.restarts,
        failures=server.jobs.failures,
        clients=server.clients.count,
        messages=server.clients.sent,
    )
    return web.Response(body=await asyncio.to_thread(_page, seen), headers={"Content-Type": FORMAT})


def _page(seen: Seen) -> bytes:
    from .families import text_of  # here, since its library takes a while to load, and few ever ask

    return text_of(seen)


async def _jobs(server: Server) -> Counts | None:
    try:
        return await server.jobs.counts()
    except StoreError:
        return None


async def _residency(server: Server) -> Residency | None:
    try:
        async with asyncio.timeout(PATIENCE):
            return await server.crew.look()
    except (WorkerDiedError, NoAnswerError, TimeoutError):
        return None


ROUTES = (
    Route(
        "GET", "/metrics", get_metrics, right="admin", tag="metrics", answers={200: "text/plain"}, bare=True
    ),
)
"""What is for Prometheus."""
