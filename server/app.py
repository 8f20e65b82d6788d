"""The web application: its parts put together, and its life from start to stop."""

from collections.abc import AsyncIterator, Sequence

from aiohttp import web

from ..executor import Folders, NodeTable
from . import tasks
from .clients import MAX_BODY, Clients
from .dispatch import Dispatcher
from .jobs import Jobs
from .messages import status
from .origin import same_origin_only
from .routes import add_routes
from .state import SERVER, Server
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
    )
    add_routes(app)
    app.cleanup_ctx.append(_life)
    app.on_shutdown.append(_say_goodbye)
    return app


async def _life(app: web.Application) -> AsyncIterator[None]:
    server = app[SERVER]
    await server.worker.start()
    dispatching = tasks.start(server.dispatcher.run_for_ever(), "dispatcher")
    try:
        yield
    finally:
        await tasks.stop(dispatching)
        await server.worker.stop()


async def _say_goodbye(app: web.Application) -> None:
    await app[SERVER].clients.close()
