"""The web application: its parts put together, and its life from start to stop."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence

from aiohttp import web

from ..executor import Folders, NodeTable
from . import tasks
from .cache_headers import add_cache_control
from .clients import MAX_BODY, Clients
from .dispatch import Dispatcher
from .files.incoming import sweep
from .jobs import Jobs
from .logs import LogFeed
from .messages import status
from .origin import same_origin_only
from .routes import add_routes
from .state import SERVER, Server
from .users.who import ONLY, folder_of
from .worker_process import WorkerProcess


def make_app(
    table: NodeTable, folders: Folders, worker_argv: Sequence[str], previews: str | None = None
) -> web.Application:
    """Return the application of one root folder; it starts its worker when it starts.

    `previews` names the way in which samplers show what they have so far, None for not at all.
    """
    clients = Clients()
    jobs = Jobs(changed=lambda: clients.broadcast(status(jobs.remaining)))
    worker = WorkerProcess(worker_argv)
    app = web.Application(middlewares=[same_origin_only], client_max_size=MAX_BODY)
    app[SERVER] = Server(
        table=table,
        folders=folders,
        jobs=jobs,
        clients=clients,
        worker=worker,
        dispatcher=Dispatcher(jobs, clients, worker, previews),
        logs=LogFeed(clients),
    )
    add_routes(app)
    app.cleanup_ctx.append(_life)
    app.on_shutdown.append(_say_goodbye)
    app.on_response_prepare.append(add_cache_control)
    return app


async def _life(app: web.Application) -> AsyncIterator[None]:
    server = app[SERVER]
    server.logs.start()
    for folder in (server.folders.root("input"), folder_of(server.folders, ONLY)):
        await asyncio.to_thread(sweep, folder, time.time())
    await server.worker.start()
    dispatching = tasks.start(server.dispatcher.run_for_ever(), "dispatcher")
    try:
        yield
    finally:
        await tasks.stop(dispatching)
        await server.worker.stop()
        server.logs.stop()


async def _say_goodbye(app: web.Application) -> None:
    await app[SERVER].clients.close()
