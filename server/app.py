"""The web application: its parts put together, and its life from start to stop."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Collection, Sequence

from aiohttp import web
from sqlalchemy import URL

from ..executor import Folders, NodeTable
from . import tasks
from .access.attempts import Attempts
from .access.bodies import room_for_bodies
from .access.connections import in_time
from .access.door import Door, door_of
from .access.guard import known_only
from .access.headers import add_guards
from .access.origin import nobody, own_names_only
from .access.sharing import Shared, sharing
from .cache_headers import add_cache_control
from .compression import COMPRESS, compressed
from .editor import EDITOR, Editor
from .files.incoming import sweep
from .files.tidying import tidy
from .jobs.queue import Jobs, default_database
from .limits import LIMITS, Limits
from .logs import LogFeed
from .metrics.scrape import MAKERS, counted
from .metrics.tally import Tally
from .routes import add_routes
from .sockets.clients import Clients
from .sockets.websocket import dismiss_for_ever
from .state import SERVER, Server
from .store import Store
from .unavailable import told_when_unavailable
from .users.places import incoming_folders, temporary_folders
from .v1.routing import told_as_values
from .workers.crew import Crew

log = logging.getLogger(__name__)


def make_app(
    table: NodeTable,
    folders: Folders,
    workers: Sequence[Sequence[str]],
    previews: str | None = None,
    door: Door | None = None,
    hosts: Collection[str] = (),
    limits: Limits = LIMITS,
    database: URL | None = None,
    shared: Shared | None = None,
    compress: bool = False,
) -> web.Application:
    """Return the application of one root folder; it starts its workers, by command lines, when it starts.

    `previews` names the way in which samplers show what they have so far, None for not at all. Without a
    `door`, everybody who gets here is the only user; `hosts` are names that the server has besides its own.
    Jobs are kept in `database`, by default a file in the root folder. Pages of an origin that the server is
    `shared` with may ask it, and with `compress` it compresses text. Raises StoreError when the database
    can't be used.
    """
    clients = Clients(limits)
    store = Store.open(database or default_database(folders.base))
    tally = Tally(classes=frozenset(table.types), makers=MAKERS)
    jobs = Jobs(store, folders.base, changed=lambda: clients.tell_status(jobs.remaining), tally=tally)
    app = web.Application(
        middlewares=[
            counted,
            told_as_values,
            in_time(limits),
            compressed,
            own_names_only(hosts, shared.has if shared else nobody),
            known_only,
            room_for_bodies(limits),
            told_when_unavailable,
        ],
        client_max_size=limits.json_bytes,
    )
    app[SERVER] = Server(
        table=table,
        folders=folders,
        jobs=jobs,
        clients=clients,
        crew=Crew(workers, jobs, clients, previews),
        logs=LogFeed(clients),
        door=door or door_of(folders.base),
        attempts=Attempts(limits.wrong_tokens, limits.wrong_addresses),
        limits=limits,
    )
    app[EDITOR] = Editor()
    app[COMPRESS] = compress
    add_routes(app)
    app.cleanup_ctx.append(_life)
    app.on_shutdown.append(_say_goodbye)
    app.on_response_prepare.append(add_cache_control)
    app.on_response_prepare.append(add_guards)
    if shared is not None:
        sharing(app, shared)
    return app


async def _life(app: web.Application) -> AsyncIterator[None]:
    server = app[SERVER]
    server.logs.start()
    for folder in incoming_folders(server.folders):
        await asyncio.to_thread(sweep, folder, time.time())
    tidying = tasks.start(asyncio.to_thread(_tidy, server.folders), "tidying of old files")
    await server.jobs.begin()
    tending = tasks.start(server.jobs.tend_for_ever(), "keeper of the jobs")
    await server.crew.start()
    dismissing = tasks.start(dismiss_for_ever(server), "keeper of the door")
    try:
        yield
    finally:
        await tasks.stop(dismissing)
        await tasks.stop(tending)
        await server.crew.stop()
        await server.jobs.end()
        await tasks.stop(tidying)
        server.logs.stop()


def _tidy(folders: Folders) -> None:
    for folder in temporary_folders(folders):
        if gone := tidy(folder, time.time()):
            log.info("%d old files deleted in %s", gone, folder)


async def _say_goodbye(app: web.Application) -> None:
    app[SERVER].jobs.feed.close()
    await app[SERVER].clients.close()
