"""`inkloom cancel`: jobs of a server that are to stop."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING

from ..shown.plain import plain
from ..usage import UsageError
from . import server as servers

if TYPE_CHECKING:
    from ...client import Client

NAME = "cancel"
SUMMARY = "stop jobs of a server, whether they wait or run"
DESCRIPTION = "Stop jobs of a server, whether they wait or run, and print how each is then."


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("ids", metavar="ID", nargs="*", help="which jobs")
    parser.add_argument("--all", action="store_true", help="all your jobs that wait or run")
    servers.arguments(parser)


def command(given: argparse.Namespace) -> int:
    """Cancel jobs; return 0, or 2 when the server refused one of them."""
    from ...client import RefusedError

    if bool(given.ids) is given.all:
        raise UsageError("write: inkloom cancel ID..., or inkloom cancel --all")
    status = 0
    with servers.server(given) as client:
        for id in _unfinished(client) if given.all else given.ids:
            try:
                state = client.jobs.cancel(id).state
                print(f"{plain(id)}  {'stopping' if state == 'running' else state}", flush=True)
            except RefusedError as error:  # the others are cancelled all the same
                print(f"inkloom: {plain(id)}: {plain(error.message)}", file=sys.stderr)
                status = 2
    return status


def _unfinished(client: Client) -> list[str]:
    """Return the ids of all jobs that wait, newest first, then of those that run: none begins meanwhile."""
    return [job.id for state in ("waiting", "running") for job in client.jobs.list(state=state)]
