"""`inkloom validate`: everything that is wrong with a workflow, before it runs."""

from __future__ import annotations

import argparse
import json

NAME = "validate"
SUMMARY = "say everything that is wrong with a workflow"
DESCRIPTION = "Read a workflow and say everything that is wrong with it, without running it."


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("workflow", metavar="WORKFLOW", help="as for `inkloom run`")
    parser.add_argument(
        "--set", metavar="NODE.INPUT=VALUE", action="append", default=[], help="as for `inkloom run`"
    )
    parser.add_argument("--json", action="store_true", help="print the answer as one JSON object")


def command(given: argparse.Namespace) -> int:
    """Judge a workflow; return 0 when nothing is wrong, else 2."""
    from ..nodes import NODES, Engine, with_subgraphs
    from .data_folders import data_folders
    from .shown.report import answer_json, tell_problems, tell_warnings
    from .sources.checked import check

    folders = data_folders(given)
    checked = check(given.workflow, given.set, Engine(with_subgraphs(NODES, folders.base), folders))
    outputs = list(checked.validation.outputs_good) if checked.validation else []
    if given.json:
        print(json.dumps(answer_json(checked)))
    elif checked.problems:
        tell_problems(checked)
    else:
        tell_warnings(checked)
        nodes = len(checked.graph.nodes) if checked.graph else 0
        print(f"{checked.name} is right: {nodes} nodes, {_counted(outputs)}")
    return 2 if checked.problems else 0


def _counted(outputs: list[str]) -> str:
    return f"output node {outputs[0]}" if len(outputs) == 1 else f"output nodes {', '.join(outputs)}"
