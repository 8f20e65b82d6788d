"""`inkloom serve`: the web server from its start to Ctrl-C."""

import asyncio
import errno
import logging
import os
import re
import signal
import socket
from collections.abc import Callable, Sequence
from pathlib import Path

from aiohttp import web

from ..executor import Folders
from ..nodes import NODES, with_subgraphs
from .app import make_app
from .origin import is_loopback
from .worker_process import command

NAME = re.compile(r"[\w.:%-]+")
"""What may be an address or the name of a host."""

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
) -> None:
    """Serve folders until SIGINT or SIGTERM; `announce` is given the server's URL once it answers.

    `extra_paths` are the files of extra model paths that `folders` was made with, for the worker to read too;
    `previews` names the way in which samplers show what they have so far, `cache_size` the bytes of results
    that are kept on the disk, `memory` those that the worker computes in, `precision` in what large
    models compute there.
    Raises ServeError.
    """
    if not NAME.fullmatch(address):
        raise ServeError(f"--listen takes an address such as 127.0.0.1, not {address!r}; or leave it out")
    if not is_loopback(address):
        here = port or 8188
        raise ServeError(
            f"--listen {address} would let other machines in, and this version can't ask for a password. "
            "Leave --listen out, and reach the server from elsewhere through a tunnel: "
            f"ssh -L {here}:127.0.0.1:{here} THIS-MACHINE"
        )
    _log_to_terminal()
    worker = command(folders.base, extra_paths, cache_size, memory, precision)
    app = make_app(with_subgraphs(NODES, folders.base), folders, worker, previews)
    asyncio.run(_serve(app, address, port, announce))


def _log_to_terminal() -> None:
    """Write warnings and errors to standard error; who wants to see more asks for the log over HTTP."""
    terminal = logging.StreamHandler()
    terminal.setLevel(logging.WARNING)
    logging.basicConfig(handlers=[terminal], format="%(message)s")


async def _serve(app: web.Application, address: str, port: int, announce: Callable[[str], None]) -> None:
    listening = _listen(address, port)  # before anything is started for nothing
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=GRACE)
    try:
        await runner.setup()
        await web.SockSite(runner, listening).start()
        shown = f"[{address}]" if ":" in address else address
        announce(f"http://{shown}:{listening.getsockname()[1]}")
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
