"""`inkloom run`: one workflow, here and now."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from . import device, disk, memory, precision
from .root import folder
from .trace_file import trace_file

if TYPE_CHECKING:
    from ..executor import Event, Folders, NodeTable, RunCancelled
    from .shown.drawing import Drawing, Names

NAME = "run"
SUMMARY = "run a workflow and print where its pictures are"
DESCRIPTION = "Run a workflow in this process and print the paths of its pictures."

CLOSING = 5.0
"""Seconds that a run waits, when all is said, for what is not on the disk yet."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "workflow",
        metavar="WORKFLOW",
        help="a JSON file in API format or as an editor saved it, a picture made from one, - for standard "
        "input, or the name of a workflow that ships with inkloom, such as text_to_image",
    )
    parser.add_argument(
        "--set",
        metavar="NODE.INPUT=VALUE",
        action="append",
        default=[],
        help="replace a value; NODE is an id, or a title or class that only one node has; VALUE is JSON or "
        'text, for an input that takes text it is the text as it stands; ["ID", 0] is a link; '
        "may be given often",
    )
    parser.add_argument(
        "--output", metavar="DIR", type=folder, help="folder for the pictures (default: output/ in the root)"
    )
    parser.add_argument(
        "--trace",
        metavar="FILE",
        type=trace_file,
        help="write what took how long to this file, also of a run that fails; Perfetto and Chrome draw it",
    )
    disk.arguments(parser)
    device.arguments(parser)
    memory.arguments(parser)
    precision.arguments(parser)
    parser.add_argument("--json", action="store_true", help="print every event as a line of JSON instead")


def command(given: argparse.Namespace) -> int:
    """Run a workflow; return the exit status."""
    from .opened import open_engine, runnable
    from .root import require_writable
    from .shown.drawing import Names
    from .trace_file import require_trace_file

    engine = open_engine(given, given.output and given.output.absolute(), given.memory, computes=True)
    workflow = runnable(given, engine)
    if workflow is None:
        return 2
    folders, table = engine.folders, engine.table
    output = folders.root("output")
    require_writable(output, f"{output} for pictures", "choose another folder: --output DIR")
    if given.trace:
        require_trace_file(given.trace)

    from contextlib import closing

    from ..executor import CancelToken
    from .interrupt import cancelled_by_ctrl_c

    names = Names(workflow.graph, table)
    token = CancelToken()
    pictures: list[Path] = []
    last: Event | None = None
    traced: list[Event] = []
    drawing = _drawing(workflow.name, names, folders, as_json=given.json)
    try:
        with closing(drawing), cancelled_by_ctrl_c(token, drawing.stopping):
            for last in engine.run(
                workflow.graph,
                validation=workflow.validation,
                cancel=token,
                extra_pnginfo=workflow.extra_pnginfo,
            ):
                if given.trace:
                    traced.append(last)
                drawing.tell(last)
                pictures += _pictures(last, folders)
    finally:
        trace_status = _write_trace(given.trace, traced, table) if given.trace else 0
    status, text = _conclusion(last, workflow.name, names, len(pictures), debug=given.debug)
    if not given.json:
        for picture in pictures:
            print(picture, flush=True)
        print(text, file=sys.stderr)
    engine.close(CLOSING)
    return status or trace_status


def _write_trace(path: Path, events: list[Event], table: NodeTable) -> int:
    """Write the trace of a run; a failure is told, and is the status of a run that had none itself."""
    from .trace_file import write_trace

    try:
        write_trace(path, events, table)
    except OSError as error:
        print(f"inkloom: can't write the trace {path}: {error.strerror or error}", file=sys.stderr)
        return 1
    return 0


def _drawing(name: str, names: Names, folders: Folders, *, as_json: bool) -> Drawing:
    from .shown.drawing import JsonLines, PlainLines

    if as_json:
        return JsonLines(folders)
    if not sys.stderr.isatty():
        return PlainLines(names)
    from rich.console import Console
    from rich.markup import escape

    from .shown.bars import Bars

    console = Console(stderr=True)
    title = f"[bold]{escape(name)}[/]  [dim]{len(names.graph.nodes)} nodes[/]"
    console.print(title, highlight=False)
    return Bars(names, console)


def _pictures(event: Event, folders: Folders) -> list[Path]:
    from ..executor import NodeFinished
    from .shown.drawing import files_of

    return files_of(event, folders) if isinstance(event, NodeFinished) else []


def _conclusion(
    last: Event | None, name: str, names: Names, pictures: int, *, debug: bool
) -> tuple[int, str]:
    """Return the exit status of a run, and how it ended in words."""
    from ..executor import RunCancelled, RunDone, RunFailed
    from .shown.pace import duration_text
    from .shown.report import failure_text

    match last:
        case RunDone(failed=0):
            return 0, f"done in {duration_text(last.seconds)}"
        case RunDone():
            items = "1 item" if last.failed == 1 else f"{last.failed} items"
            return 1, f"done in {duration_text(last.seconds)}, but for {items} that failed, as told above"
        case RunFailed():
            return 1, failure_text(last, name, debug=debug)
        case RunCancelled():
            return 130, _stopped_text(last, names, pictures)
        case _:
            return 1, f"inkloom: {name} ended without saying how"


def _stopped_text(event: RunCancelled, names: Names, pictures: int) -> str:
    where = f" in {names.of(event.display_node)}" if event.display_node else " between two nodes"
    step = f", after step {event.done} of {event.total}" if event.done is not None else ""
    kept = (
        "No picture was finished; nothing half-written was left."
        if not pictures
        else f"Kept: {pictures} finished picture{'s' * (pictures > 1)}, named above."
    )
    return f"stopped{where}{step}. {kept}"
