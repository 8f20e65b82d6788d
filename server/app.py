"""The web application: its parts put together, and its life from start to stop."""

import asyncio
import time
from collections.abc import AsyncIterator, Collection, Sequence

from aiohttp import web
from sqlalchemy import URL

from ..executor import Folders, NodeTable
from . import tasks
from .access.connections import in_time
from .access.door import Door, door_of
from .access.guard import known_only
from .access.headers import add_guards
from .access.origin import own_names_only
from .cache_headers import add_cache_control
from .files.incoming import sweep
from .jobs.queue import Jobs, default_database
from .limits import LIMITS, Limits
from .logs import LogFeed
from .routes import add_routes
from .sockets.clients import Clients
from .sockets.websocket import dismiss_for_ever
from .state import SERVER, Server
from .store import Store
from .unavailable import told_when_unavailable
from .users.places import incoming_folders
from .workers.dispatch import Dispatcher
from .workers.process import WorkerProcess


def make_app(
    table: NodeTable,
    folders: Folders,
    worker_argv: Sequence[str],
    previews: str | None = None,
    door: Door | None = None,
    hosts: Collection[str] = (),
    limits: Limits = LIMITS,
    database: URL | None = None,
) -> web.Application:
    """Return the application of one root folder; it starts its worker when it starts.

    `previews` names the way in which samplers show what they have so far, None for not at all. Without a
    `door`, everybody who gets here is the only user; `hosts` are names that the server has besides its own.
    Jobs are kept in `database`, by default a file in the root folder. Raises StoreError when that can't be
    used.
    """
    clients = Clients(limits)
    store = Store.open(database or default_database(folders.base))
    jobs = Jobs(store, folders.base, changed=lambda: clients.tell_status(jobs.remaining))
    worker = WorkerProcess(worker_argv)
    app = web.Application(
        middlewares=[in_time(limits), own_names_only(hosts), known_only, told_when_unavailable],
        client_max_size=limits.json_bytes,
    )
    app[SERVER] = Server(
        table=table,
        folders=folders,
        jobs=jobs,
        clients=clients,
        worker=worker,
        dispatcher=Dispatcher(jobs, clients, worker, previews),
        logs=LogFeed(clients),
        door=door or door_of(folders.base),
        limits=limits,
    )
    add_routes(app)
    app.cleanup_ctx.append(_life)
    app.on_shutdown.append(_say_goodbye)
    app.on_response_prepare.append(add_cache_control)
    app.on_response_prepare.append(add_guards)
    return app


async def _life(app: web.Application) -> AsyncIterator[None]:
    server = app[SERVER]
    server.logs.start()
    for folder in incoming_folders(server.folders):
        await asyncio.to_thread(sweep, folder, time.time())
    await server.jobs.begin()
    await server.worker.start()
    tending = tasks.start(server.jobs.tend_for_ever(), "keeper of the jobs")
    dispatching = tasks.start(server.dispatcher.run_for_ever(), "dispatcher")
    dismissing = tasks.start(dismiss_for_ever(server), "keeper of the door")
    try:
        yield
    finally:
        await tasks.stop(dismissing)
        await tasks.stop(dispatching)
        await tasks.stop(tending)
        await server.worker.stop()
        await server.jobs.end()
        server.logs.stop()


async def _say_goodbye(app: web.Application) -> None:
    await app[SERVER].clients.close()
