"""`inkloom convert`: a workflow in the other format."""

from __future__ import annotations

import argparse
import json

NAME = "convert"
SUMMARY = "print a workflow in API format, or in the editor's own"
DESCRIPTION = (
    "Read a workflow in either format and print it in the other: API format, which programs write, or the "
    "editor's own, which editors open."
)


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("workflow", metavar="WORKFLOW", help="as for `inkloom run`")
    parser.add_argument(
        "--to",
        choices=("ui", "api"),
        help="the format to print, the editor's or API (default: the other)",
    )


def command(given: argparse.Namespace) -> int:
    """Print a workflow as JSON; return 0, or 2 when it can't be read or drawn."""
    from ..executor import WorkflowError
    from ..executor.ui_format import to_ui
    from ..nodes import NODES
    from .shown.report import tell_problems
    from .sources.checked import Checked, read
    from .sources.workflow_source import read_workflow

    source = read_workflow(given.workflow)
    graph = None
    try:
        graph, saved = read(source, NODES)
        unknown = sorted({node.class_type for node in graph.nodes.values()} - set(NODES))
        to = given.to or ("ui" if saved is None else "api")
        made = to_ui(graph, NODES) if to == "ui" else graph.to_api()
    except WorkflowError as error:
        tell_problems(Checked(source.name, error.problems, graph))
        return 2
    if unknown and saved is not None:
        from .usage import UsageError

        raise UsageError(
            f"{source.name} has nodes of types that are not known here: {', '.join(map(repr, unknown))}",
            advice="which input each of their values belongs to can't be told, so some would be lost",
        )
    print(json.dumps(made, indent=2))
    return 0
