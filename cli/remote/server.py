"""Which server a command asks, and what it says when that refuses."""

from __future__ import annotations

import argparse
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from ..shown.plain import plain
from ..usage import UsageError

if TYPE_CHECKING:
    from ...client import Client, ClientError

PATIENCE = 120.0
"""Seconds that a server is waited for that went away in the middle of something."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments that say which server, and who asks."""
    parser.add_argument("--url", help="the server (default: $INKLOOM_URL, else http://127.0.0.1:8188)")
    parser.add_argument(
        "--token",
        help="what says who you are, where the server asks for it (default: $INKLOOM_TOKEN, which, unlike "
        "this, nobody sees in the list of processes)",
    )


@contextmanager
def server(given: argparse.Namespace) -> Generator[Client]:
    """Yield a client of the server that the arguments name; raises UsageError for what that refuses."""
    from ...client import Client, ClientError

    try:
        with Client(given.url, given.token, patience=PATIENCE) as client:
            yield client
    except ClientError as error:
        raise UsageError(*told(error)) from error


def told(error: ClientError) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """Return what an error of the client says, for a UsageError: what, nowhere looked, the rest."""
    what, *more = (plain(line.strip()) for line in str(error).splitlines())
    return what, (), tuple(more)
