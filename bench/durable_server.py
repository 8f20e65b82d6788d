"""A server whose nodes write files and need no torch: `durable_server.py serve|worker ROOT [DATABASE]`."""

# ruff: noqa: E402 -- a worker is watched before it imports what takes long

from __future__ import annotations

import os
import signal
import socket
import sys
import time

from inkloom.server.workers.start import watched

stop_watching = watched() if sys.argv[1:2] == ["worker"] else None

from pathlib import Path
from typing import Annotated, Any

from aiohttp import web

from inkloom.executor import Context, Folders, NodeTable, Port, Ui, node
from inkloom.nodes import Engine
from inkloom.nodes.numbered import save_numbered
from inkloom.server.app import make_app
from inkloom.server.store import url_of
from inkloom.server.workers.worker import main

Anything = Annotated[Any, Port("*")]


@node("Work", category="durable")
def work(ctx: Context, *, steps: int = 1, seed: int = 0) -> int:
    """Take some steps of a few milliseconds."""
    for done in range(1, steps + 1):
        time.sleep(0.004)
        ctx.progress(done, steps)
    return seed


@node("Save", category="durable", output=True)
def save(ctx: Context, *, value: Anything, filename_prefix: str = "saved", then: int = 0) -> Ui:
    """Save a value as a numbered file, and then take some steps."""
    root = ctx.folders.root("output").resolve()
    content = str(value).encode()
    path = save_numbered(
        root, filename_prefix, ".txt", lambda file: file.write(content), receipt=ctx.receipt()
    )
    for done in range(1, then + 1):
        time.sleep(0.004)
        ctx.progress(done, then)
    return Ui({"files": [path.relative_to(root).as_posix()]}, files=(path,))


@node("Raise", category="durable", output=True)
def fail(*, value: Anything) -> Ui:
    """Fail."""
    raise ValueError(f"no luck with {value}")


@node("Die", category="durable", output=True)
def die(*, value: Anything) -> Ui:
    """End the process that runs this."""
    os.kill(os.getpid(), signal.SIGKILL)
    return Ui({"never": [str(value)]})


TABLE = NodeTable.collect(sys.modules[__name__])


def serve(root: Path, database: str | None) -> None:
    """Serve, on a port that is printed."""
    worker = (sys.executable, __file__, "worker", str(root))
    url = None if database is None else url_of(database)
    app = make_app(TABLE, Folders(root), [worker], database=url)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        print(listening.getsockname()[1], flush=True)
        web.run_app(app, sock=listening, print=None, access_log=None)


if __name__ == "__main__":
    base = Path(sys.argv[2])
    if sys.argv[1] == "worker":
        assert stop_watching is not None
        main(Engine(TABLE, Folders(base)), listening=stop_watching)
    else:
        serve(base, sys.argv[3] if len(sys.argv) > 3 else None)
