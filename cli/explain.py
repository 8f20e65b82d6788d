"""`inkloom explain`: what a run would do, and why, while nothing runs."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from . import device, disk, precision
from .shown.columns import Cell, in_columns, styled, width
from .shown.pace import duration_text
from .shown.plain import plain
from .shown.sizes import size_text

if TYPE_CHECKING:
    from ..executor import Explanation, NodeExplanation
    from .shown.drawing import Names

NAME = "explain"
SUMMARY = "say which nodes of a workflow would run, and why"
DESCRIPTION = (
    "Say for each node that the pictures of a workflow need whether its result is cached, and where, or why "
    "it would run: what differs from the last run. Runs nothing."
)

STATES = {
    "cached": ("cached", "green"),
    "run": ("runs", "yellow"),
    "same": ("shared", "yellow"),
    "maybe": ("may run", "yellow"),
    "unneeded": ("not needed", "dim"),
    "unknown": ("can't be told", "red"),
}
"""What each status is called, and its style."""


def arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument("workflow", metavar="WORKFLOW", help="as for `inkloom run`")
    parser.add_argument(
        "--set", metavar="NODE.INPUT=VALUE", action="append", default=[], help="as for `inkloom run`"
    )
    disk.arguments(parser)
    device.arguments(parser)
    precision.arguments(parser)
    parser.add_argument("--json", action="store_true", help="print the explanation as one JSON object")


def command(given: argparse.Namespace) -> int:
    """Explain a workflow; return 0, or 2 when it can't run."""
    from ..executor.explaining.explain import to_json
    from .opened import open_engine, runnable
    from .shown.drawing import Names

    engine = open_engine(given, computes=False)
    workflow = runnable(given, engine)
    if workflow is None:
        return 2
    explanation = engine.explain(workflow.graph, validation=workflow.validation)
    if given.json:
        print(json.dumps(to_json(explanation)))
    else:
        print("\n".join(lines(workflow.name, explanation, Names(workflow.graph, engine.table), width())))
    return 0


def lines(name: str, explanation: Explanation, names: Names, columns: int) -> list[str]:
    """Return an explanation as lines of text: what it comes to, then one for each node and its reasons."""
    title = f"{styled(plain(name), 'bold')}: {'; '.join(_totals(explanation))}"
    rows = [_row(one, names) for one in explanation.nodes]
    used = [any(column) for column in zip(*rows, strict=True)]
    rows = [[cell for cell, use in zip(row, used, strict=True) if use] for row in rows]
    return [title, "", *in_columns(rows, [None] * (len(rows[0]) - 1), columns)]


def _totals(explanation: Explanation) -> list[str]:
    runs, cached, maybe = (explanation.count(status) for status in ("run", "cached", "maybe"))
    tiers = {"memory": "in memory", "disk": "on disk"}
    where = [
        f"{count} {text}" for tier, text in tiers.items() if (count := explanation.count("cached", tier))
    ]
    return [
        f"{runs} node{'s' * (runs > 1)} run{'s' * (runs == 1)}, {_time(explanation, runs)}"
        if runs
        else "nothing runs",
        *([f"{maybe} may run"] if maybe else []),
        f"{cached} cached ({', '.join(where)})" if cached else "nothing is cached",
    ]


def _time(explanation: Explanation, runs: int) -> str:
    if explanation.unmeasured == runs:
        return "how long is not known yet"
    others = f" and {explanation.unmeasured} never measured" if explanation.unmeasured else ""
    return f"about {duration_text(explanation.seconds)}{others}"


def _row(one: NodeExplanation, names: Names) -> list[Cell]:
    state, style = STATES[one.status]
    state = f"{state}, {one.where}" if one.where else state
    about = "~" if one.measured == "other" else ""
    time = "" if one.seconds is None else f"{about}{duration_text(one.seconds)}"
    memory = "" if one.peak_bytes is None else f"{about}{size_text(one.peak_bytes)}"
    dim = one.status != "run"
    return [
        plain(one.node),
        names.without_id(one.node),
        (state, style),
        (time, "dim") if time and dim else time,
        (memory, "dim") if memory and dim else memory,
        plain("; ".join(reason.text for reason in one.reasons)),
    ]
