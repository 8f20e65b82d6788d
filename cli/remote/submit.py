"""`inkloom submit`: a workflow for a server to run."""

from __future__ import annotations

import argparse
import math
from typing import TYPE_CHECKING, Literal

from ..root import folder
from ..shown.plain import plain
from ..usage import UsageError
from . import server as servers

if TYPE_CHECKING:
    from ...client import Client, Job
    from .work import Work

NAME = "submit"
SUMMARY = "queue a workflow on a server and print the id of its job"
DESCRIPTION = "Queue a workflow on a running server, and print the id of its job, or stay until it has ended."


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "workflow",
        metavar="WORKFLOW",
        help="a file as for `inkloom run`, - for standard input, or the name of a workflow of the server",
    )
    parser.add_argument(
        "--set", metavar="NODE.INPUT=VALUE", action="append", default=[], help="as for `inkloom run`"
    )
    parser.add_argument(
        "--input",
        metavar="NAME=VALUE",
        action="append",
        default=[],
        help="give a value to an input that the workflow exposes; VALUE is JSON where it reads as JSON, else "
        "text; may be given often",
    )
    parser.add_argument(
        "--target",
        metavar="NODE",
        action="append",
        help="run this output node, and no others that are not given so",
    )
    parser.add_argument(
        "--priority",
        metavar="N|front",
        type=priority,
        help="lower numbers run first, equal ones in the order they came; front: before all others",
    )
    parser.add_argument("--id", metavar="ID", help="the job's id; with one, submitting twice queues it once")
    stay = parser.add_mutually_exclusive_group()
    stay.add_argument("--wait", action="store_true", help="stay until the job has ended")
    stay.add_argument("--watch", action="store_true", help="show what happens until the job has ended")
    parser.add_argument(
        "--output", metavar="DIR", type=folder, help="with --wait or --watch: keep the job's files there"
    )
    parser.add_argument("--json", action="store_true", help="print the job as JSON, with --watch its events")
    servers.arguments(parser)


def command(given: argparse.Namespace) -> int:
    """Queue a workflow; return the exit status: with --wait and --watch that of the run."""
    stays = given.wait or given.watch
    if given.output and not stays:
        raise UsageError("--output needs --wait or --watch: there are no files yet when a job is queued")
    from .following import conclude, follow, goes_on, tell_warnings
    from .work import work_of

    work = work_of(given.workflow, given.set, given.input)
    with servers.server(given) as client:
        job = _submitted(client, work, given)
        tell_warnings(job)
        if not stays:
            _tell(job, as_json=given.json)
            return 0
        with goes_on(job.id):
            if given.watch:
                return follow(client, job.id, given.output, as_json=given.json)
            return conclude(client, client.jobs.wait(job.id), given.output, as_json=given.json)


def _submitted(client: Client, work: Work, given: argparse.Namespace) -> Job:
    from ...client import NotFoundError

    try:
        return client.jobs.submit(
            work.workflow,
            inputs=work.inputs,
            targets=given.target,
            priority=given.priority,
            id=given.id,
        )
    except NotFoundError as error:
        name = plain(given.workflow)
        raise UsageError(
            f"there is no file {name}, and the server has no workflow of that name",
            known=tuple(plain(line) for line in error.message.splitlines()),
        ) from error


def _tell(job: Job, *, as_json: bool) -> None:
    import msgspec

    print(msgspec.json.encode(job).decode() if as_json else plain(job.id), flush=True)


def priority(text: str) -> float | Literal["front"]:
    """Return the priority that a text says."""
    if text == "front":
        return "front"
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if math.isfinite(number):
        return number
    raise argparse.ArgumentTypeError(f"a priority is a number, or front, not {text!r}")
