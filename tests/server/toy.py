"""A few nodes that need no torch, and a worker that knows only them: `python toy.py ROOT`."""

import logging
import os
import signal
import sys
import time
from pathlib import Path
from typing import Annotated, Any

from inkloom.executor import Context, Files, Folders, History, NodeTable, Port, Range, Ui, node
from inkloom.nodes import Engine
from inkloom.nodes.numbered import save_numbered
from inkloom.server.workers.worker import main

Anything = Annotated[Any, Port("*")]


@node("Number", category="toy")
def number(*, value: Annotated[int, Range(0, 99)] = 1) -> int:
    """Give a number."""
    return value


@node("Count", category="toy")
def count(ctx: Context, *, steps: int = 2, start: int = 0) -> int:
    """Count up, telling of each step."""
    for done in range(1, steps + 1):
        ctx.progress(done, steps)
    return start + steps


@node("Draw", category="toy")
def draw(ctx: Context, *, steps: int = 3) -> int:
    """Count up, showing a picture with each step."""
    for done in range(1, steps + 1):
        ctx.progress(done, steps, lambda done=done: b"JPEG of step %d" % done)
    return steps


@node("Load", category="toy")
def load(ctx: Context, *, value: int = 0) -> int:
    """Load something, and give something up for it."""
    with ctx.span("weights", "load", bytes=7):
        ctx.mark("evicted: others", "evict", bytes=9)
    ctx.progress(1, 1)
    return value


@node("Wait", category="toy")
def wait(ctx: Context, *, start: int = 0) -> int:
    """Take steps until cancelled."""
    done = start
    while True:
        done += 1
        ctx.progress(done, 2**31)
        time.sleep(0.002)  # the work of a step


@node("Show", category="toy", output=True)
def show(*, value: Anything) -> Ui:
    """Show a value."""
    return Ui({"text": [str(value)]})


@node("Keep", category="toy", output=True)
def keep(ctx: Context, *, value: Anything, filename_prefix: str = "kept") -> Ui:
    """Write a value into a file of the output folder."""
    root = ctx.folders.root("output").resolve()
    path = save_numbered(root, filename_prefix, ".txt", lambda file: file.write(str(value).encode()))
    subfolder = path.parent.relative_to(root).as_posix().removeprefix(".")
    return Ui({"images": [{"filename": path.name, "subfolder": subfolder, "type": "output"}]}, files=(path,))


@node("Picked", category="toy")
def picked(ctx: Context, *, name: Annotated[str, Files("input", upload=True)]) -> str:
    """Give the text of a file of the input folder."""
    return ctx.folders.path("input", name).read_text()


@node("Warn", category="toy")
def warn(*, value: int = 0) -> int:
    """Log a warning, as a library would."""
    logging.getLogger("a library").warning("beware of %d", value)
    return value


@node("Raise", category="toy")
def fail(*, value: int = 0) -> int:
    """Fail."""
    raise ValueError(f"no luck with {value}")


@node("Die", category="toy")
def die(*, value: int = 0) -> int:
    """End the process that runs this, as a lack of memory would."""
    print("a library that prints")  # must not disturb the protocol
    os.kill(os.getpid(), signal.SIGKILL)
    return value


def _end() -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return 0


@node("Doomed", category="toy", fingerprint=_end)
def doomed() -> int:
    """End the process that looks what would decide the result."""
    return 0


def _pondered(path: str) -> str:
    while not Path(path).exists():
        time.sleep(0.005)
    return path


@node("Ponder", category="toy", fingerprint=_pondered)
def ponder(*, path: str) -> str:
    """Give a path, once what decides the result was found out: there is a file."""
    return path


TABLE = NodeTable.collect(sys.modules[__name__])

if __name__ == "__main__":
    root = Path(sys.argv[1])
    main(Engine(TABLE, Folders(root), history=History(root / "cache" / "history")))
