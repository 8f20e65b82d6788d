"""`inkloom jobs`: the jobs of a server, and what can be done with them."""

from __future__ import annotations

import argparse
import sys
import time
from typing import TYPE_CHECKING

from ..shown.columns import Cell, in_columns, width
from ..shown.pace import duration_text
from ..shown.plain import plain
from ..usage import UsageError
from . import server as servers

if TYPE_CHECKING:
    from ...client import Client, Job

NAME = "jobs"
SUMMARY = "list the jobs of a server; retry some, put them first, forget them"
DESCRIPTION = "List the jobs of a server, newest first, or do something with some of them."

STATES = ("waiting", "running", "done", "failed", "cancelled")

ACTIONS = ("ls", "retry", "front", "forget")

COLOURS = {"waiting": "dim", "running": "yellow", "done": "green", "failed": "red", "cancelled": "dim"}


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "action",
        nargs="?",
        default="ls",
        choices=ACTIONS,
        metavar="{" + ",".join(ACTIONS) + "}",
        help="ls (the default) lists; retry queues the same workflow again, and prints the new job's id; "
        "front lets a waiting job run next; forget deletes one that has ended, but not its files",
    )
    parser.add_argument("ids", metavar="ID", nargs="*", help="which jobs, but for ls")
    parser.add_argument("--state", choices=STATES, help="list only jobs of this state")
    parser.add_argument(
        "--limit", metavar="N", type=_count, default=20, help="list so many (default: %(default)s; 0: all)"
    )
    parser.add_argument("--json", action="store_true", help="print every job as a line of JSON instead")
    servers.arguments(parser)


def command(given: argparse.Namespace) -> int:
    """List jobs, or do something with some; return 0, or 2 when the server refused one of them."""
    if bool(given.ids) is (given.action == "ls"):
        raise UsageError("write: inkloom jobs, or inkloom jobs retry ID..., front ID..., forget ID...")
    with servers.server(given) as client:
        return _list(client, given) if given.action == "ls" else _do(client, given)


def _list(client: Client, given: argparse.Namespace) -> int:
    jobs = client.jobs.list(state=given.state, limit=given.limit or None)
    if given.json:
        for job in jobs:
            _print_json(job)
        return 0
    now = time.time()
    if rows := [_row(job, now) for job in jobs]:
        print("\n".join(in_columns(rows, [None] * (len(rows[0]) - 1), width())))
    else:
        print("no jobs" if given.state is None else f"no job is {given.state}", file=sys.stderr)
    return 0


def _do(client: Client, given: argparse.Namespace) -> int:
    from ...client import RefusedError

    status = 0
    for id in given.ids:
        try:
            match given.action:
                case "retry":
                    job = client.jobs.retry(id)
                case "front":
                    job = client.jobs.prioritise(id, "front")
                case _:
                    client.jobs.forget(id)
                    continue
            if given.json:
                _print_json(job)
            else:
                print(plain(job.id), flush=True)
        except RefusedError as error:  # the others are done all the same
            print(f"inkloom: {plain(id)}: {plain(error.message)}", file=sys.stderr)
            status = 2
    return status


def _print_json(job: Job) -> None:
    import msgspec

    print(msgspec.json.encode(job).decode(), flush=True)


def _row(job: Job, now: float) -> list[Cell]:
    return [
        plain(job.id),
        (job.state, COLOURS[job.state]),
        f"{duration_text(max(now - job.created, 0.0))} ago",
        _took(job, now),
        plain(_about(job)),
    ]


def _took(job: Job, now: float) -> str:
    return "" if job.started is None else duration_text(max((job.ended or now) - job.started, 0.0))


def _about(job: Job) -> str:
    """Return what matters of a job as it is: its place, how far it is, why it failed, what it wrote."""
    match job.state:
        case "waiting":
            return "" if job.position is None else f"{job.position} before it"
        case "running":
            return "" if job.progress is None else f"{job.progress:.0%}"
        case "failed":
            return job.failure.message.splitlines()[0] if job.failure and job.failure.message else ""
        case _:
            files = sum(map(len, job.files.values()))
            return f"{files} file{'s' * (files > 1)}" if files else ""


def _count(text: str) -> int:
    if text.isascii() and text.isdigit():
        return int(text)
    raise argparse.ArgumentTypeError(f"a number of jobs is a whole number from 0 on, not {text!r}")
