"""`inkloom serve`: the web server from its start to Ctrl-C."""

import asyncio
import errno
import logging
import os
import re
import signal
import socket
import ssl
from collections.abc import Callable, Sequence
from pathlib import Path

from aiohttp import web

from ..executor import Folders
from ..nodes import NODES, DeviceError, chosen_precision, told_devices, with_subgraphs
from .access.connections import GatedSite, allow_open_files, gated_runner
from .access.origin import is_loopback
from .access.protection import Protection, ProtectionError, door_for, tls_of
from .access.sharing import ANY
from .app import make_app
from .state import SERVER
from .store import StoreError, url_of
from .workers.process import command

log = logging.getLogger(__name__)

NAME = re.compile(r"[\w.:%-]+")
"""What may be an address or the name of a host."""

NO_MORE = Protection()
"""What protects a server that only its own machine reaches."""

GRACE = 2.0
"""Seconds that open requests get to end when the server stops."""


class ServeError(Exception):
    """The server can't start; the message says why and what to do."""


def serve(
    folders: Folders,
    address: str,
    port: int,
    announce: Callable[[str], None],
    extra_paths: Sequence[Path] = (),
    previews: str | None = None,
    cache_size: int | None = None,
    memory: int | None = None,
    precision: str = "auto",
    protection: Protection = NO_MORE,
    database: str | None = None,
    compress: bool = False,
    device: str = "auto",
) -> None:
    """Serve folders until SIGINT or SIGTERM; `announce` is given the server's URL once it answers.

    `extra_paths` are the files of extra model paths that `folders` was made with, for the worker to read too;
    `previews` names the way in which samplers show what they have so far, `cache_size` the bytes of results
    that are kept on the disk, `memory` those that the worker computes in, `precision` in what large
    models compute there, `protection` who may come in, `database` the address of the database of jobs when it
    is not a file in the root, `compress` whether answers leave compressed, `device` what models compute on.
    Raises ServeError.
    """
    if not NAME.fullmatch(address):
        raise ServeError(f"--listen takes an address such as 127.0.0.1, not {address!r}; or leave it out")
    try:
        devices = told_devices(device, memory)
        for one in devices:
            chosen_precision(precision, card=one.capability)
    except (DeviceError, ValueError) as error:
        raise ServeError(str(error)) from error
    try:
        door, tls = door_for(folders, address, port, protection), tls_of(protection)
    except ProtectionError as error:
        raise ServeError(str(error)) from error
    _log_to_terminal()
    if tls is None and not is_loopback(address):
        log.warning("tokens and pictures cross the network in the clear: use --tls-cert and --tls-key")
    if protection.shared is not None and door.is_open():
        log.warning(
            "pages of %s may do everything here without a token: inkloom user add, or --token-file",
            "every site" if protection.shared.origin == ANY else protection.shared.origin,
        )
    names = [device] if len(devices) == 1 else [one.name for one in devices]
    workers = [
        command(folders.base, extra_paths, cache_size, memory, precision, name, len(names)) for name in names
    ]
    try:
        url = None if database is None else url_of(database)
        app = make_app(
            with_subgraphs(NODES, folders.base),
            folders,
            workers,
            previews,
            door,
            (address, *protection.hosts),
            protection.limits,
            url,
            protection.shared,
            compress,
        )
        asyncio.run(_serve(app, address, port, announce, tls))
    except StoreError as error:
        raise ServeError(str(error)) from error


def _log_to_terminal() -> None:
    """Write warnings and errors to standard error; who wants to see more asks for the log over HTTP."""
    terminal = logging.StreamHandler()
    terminal.setLevel(logging.WARNING)
    logging.basicConfig(handlers=[terminal], format="%(message)s")


async def _serve(
    app: web.Application,
    address: str,
    port: int,
    announce: Callable[[str], None],
    tls: ssl.SSLContext | None,
) -> None:
    listening = _listen(address, port)  # before anything is started for nothing
    limits = app[SERVER].limits
    allow_open_files(limits.connections)
    runner = gated_runner(app, limits, shutdown_timeout=GRACE)
    try:
        await runner.setup()
        await GatedSite(runner, listening, limits, tls).start()
        shown = f"[{address}]" if ":" in address else address
        announce(f"{'http' if tls is None else 'https'}://{shown}:{listening.getsockname()[1]}")
        await _asked_to_stop()
    finally:
        await runner.cleanup()
        listening.close()


def _listen(address: str, port: int) -> socket.socket:
    try:
        return socket.create_server(
            (address, port), family=socket.AF_INET6 if ":" in address else socket.AF_INET
        )
    except OSError as error:
        reasons = {
            errno.EADDRINUSE: f"port {port} of {address} is taken, perhaps by another inkloom; "
            f"stop that one, or choose another port: --port {port + 1 if port < 65535 else port - 1}",
            errno.EACCES: f"this user may not listen on port {port}; choose one above 1023: --port 8188",
            errno.EADDRNOTAVAIL: f"this machine has no address {address}; leave --listen out",
        }
        raise ServeError(
            reasons.get(error.errno or 0, f"can't listen on {address}:{port}: {error}")
        ) from error


async def _asked_to_stop() -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()

    asked = False

    def ask(number: int, _: object) -> None:
        nonlocal asked
        if asked:  # twice: wait for nothing. The worker ends when its input closes.
            os._exit(128 + number)
        asked = True
        loop.call_soon_threadsafe(stop.set)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, ask)  # not the loop's own add_signal_handler: Windows has none
    await stop.wait()
