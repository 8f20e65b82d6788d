"""What the request handlers share: one value on the application."""

import asyncio
from dataclasses import dataclass, field

from aiohttp import web

from ..executor import Folders, NodeTable
from .access.attempts import Attempts
from .access.door import Door
from .jobs.queue import Jobs
from .limits import LIMITS, Limits
from .logs import LogFeed
from .sockets.clients import Clients
from .workers.crew import Crew


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """One running server."""

    table: NodeTable
    folders: Folders
    jobs: Jobs
    clients: Clients
    crew: Crew
    logs: LogFeed
    door: Door
    attempts: Attempts
    limits: Limits = LIMITS
    settings: asyncio.Lock = field(default_factory=asyncio.Lock)
    """Held while a user's settings are read and written back."""
    pictures: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(LIMITS.pictures))
    """Held while a picture is decoded."""


SERVER = web.AppKey("server", Server)
