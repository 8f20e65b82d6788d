"""What the request handlers share: one value on the application."""

from dataclasses import dataclass

from aiohttp import web

from ..executor import Folders, NodeTable
from .clients import Clients
from .dispatch import Dispatcher
from .jobs import Jobs
from .worker_process import WorkerProcess


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """One running server."""

    table: NodeTable
    folders: Folders
    jobs: Jobs
    clients: Clients
    worker: WorkerProcess
    dispatcher: Dispatcher


SERVER = web.AppKey("server", Server)
