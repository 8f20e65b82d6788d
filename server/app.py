"""The web application: its parts put together, and its life from start to stop."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress

from aiohttp import web

from ..executor import Folders, NodeTable
from .clients import MAX_BODY, Clients
from .dispatch import Dispatcher
from .jobs import Jobs
from .messages import status
from .origin import same_origin_only
from .routes import add_routes
from .state import SERVER, Server
from .worker_process import WorkerProcess

log = logging.getLogger(__name__)


def make_app(table: NodeTable, folders: Folders, worker_argv: Sequence[str]) -> web.Application:
    """Return the application of one root folder; it starts its worker when it starts."""
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
        dispatcher=Dispatcher(jobs, clients, worker),
    )
    add_routes(app)
    app.cleanup_ctx.append(_life)
    app.on_shutdown.append(_say_goodbye)
    return app


async def _life(app: web.Application) -> AsyncIterator[None]:
    server = app[SERVER]
    await server.worker.start()
    dispatching = asyncio.create_task(server.dispatcher.run_for_ever(), name="dispatcher")
    dispatching.add_done_callback(_report)
    yield
    dispatching.cancel()
    with suppress(asyncio.CancelledError):
        await dispatching
    await server.worker.stop()


async def _say_goodbye(app: web.Application) -> None:
    await app[SERVER].clients.close()


def _report(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()):
        log.critical("the dispatcher has failed; no job will run any more", exc_info=error)
