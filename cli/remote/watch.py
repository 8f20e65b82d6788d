"""`inkloom watch`: what happens in a job of a server."""

from __future__ import annotations

import argparse

from ..root import folder
from . import server as servers

NAME = "watch"
SUMMARY = "show what happens in a job of a server until it has ended"
DESCRIPTION = (
    "Show a job of a server as a run of this process, from its beginning to its end, also when the server is "
    "started anew meanwhile; then print where its files are."
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("id", metavar="ID", help="the job's id, as `inkloom submit` has printed it")
    parser.add_argument(
        "--output",
        metavar="DIR",
        type=folder,
        help="keep the job's files in this folder",
    )
    parser.add_argument("--json", action="store_true", help="print every event as a line of JSON instead")
    servers.arguments(parser)


def command(given: argparse.Namespace) -> int:
    """Watch a job; return how it ended: 0 done, 1 failed, 130 cancelled."""
    from .following import follow, goes_on

    with servers.server(given) as client, goes_on(given.id):
        return follow(client, given.id, given.output, as_json=given.json)
