"""Problems of a workflow, and failures of a run, as people read them."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable

from ...executor import Graph, Problem, RunFailed
from ..sources.checked import Checked
from .plain import plain


def tell_problems(checked: Checked) -> None:
    """Print why a workflow can't run, and what may be wrong besides, on standard error."""
    print(problems_text(checked.name, checked.problems, checked.graph), file=sys.stderr)
    tell_warnings(checked)


def tell_warnings(checked: Checked) -> None:
    """Print what may be wrong with a workflow, and keeps nothing from running, on standard error."""
    for warning in checked.warnings:
        lines = problem_lines(warning, checked.graph)
        print("\n  ".join([f"warning: {lines[0]}", *lines[1:]]), file=sys.stderr)


def answer_json(checked: Checked) -> dict[str, object]:
    """Return what is wrong with a workflow, and which output nodes can run, as a JSON object."""
    return {
        "type": "validation",
        "valid": not checked.problems,
        "outputs": list(checked.validation.outputs_good) if checked.validation else [],
        "problems": [problem_json(problem) for problem in checked.problems],
        "warnings": [problem_json(warning) for warning in checked.warnings],
    }


def problem_lines(problem: Problem, graph: Graph | None) -> list[str]:
    """Return a problem as a line for the place, where it has one, and a line for what is wrong there."""
    node = graph.nodes.get(problem.node) if graph and problem.node is not None else None
    if node is None:
        return [plain(problem.message)]
    title = f' "{node.title}"' if node.title else ""
    class_type = f" ({node.class_type})" if node.class_type else ""
    spot = f", input {problem.input}" if problem.input else ""
    # The message begins with its place, for those who see nothing else; here that has a line of its own.
    text = problem.message.removeprefix(f"{node.class_type} (node {node.id!r}), input {problem.input!r}: ")
    return [plain(f"node {node.id}{title}{class_type}{spot}"), f"  {plain(text)}"]


def problems_text(name: str, problems: Iterable[Problem], graph: Graph | None) -> str:
    """Return the whole report on a workflow that can't run."""
    found = list(problems)
    count = "1 problem" if len(found) == 1 else f"{len(found)} problems"
    lines = [f"inkloom: {name} can't run: {count}"]
    for problem in found:
        lines += ["", *(f"  {line}" for line in problem_lines(problem, graph))]
    return "\n".join(lines)


def problem_json(problem: Problem) -> dict[str, object]:
    """Return a problem as a JSON object; what is left open in it is left out."""
    whole = {
        "code": problem.code,
        "message": problem.message,
        "node": problem.node,
        "input": problem.input,
        "pointer": problem.pointer,
        "given": problem.given,
        "allowed": problem.allowed,
        "nearest": problem.nearest,
        "facts": dict(problem.facts),
    }
    return json.loads(
        json.dumps({key: value for key, value in whole.items() if value not in (None, {})}, default=str)
    )


def failure_text(failed: RunFailed, name: str, *, debug: bool) -> str:
    """Return why a run failed: the node, what it said, and with `debug` where in the program."""
    where = f"node {failed.display_node}"
    inside = f" (inside of it: {failed.class_type}, {failed.node})" if failed.parent else ""
    lines = [plain(f"inkloom: {name} failed in {where}, {failed.class_type}{inside}")]
    lines += [f"  {plain(line)}" for line in failed.message.splitlines()]
    lines += failed.traceback if debug else []
    return "\n".join(line.rstrip("\n") for line in lines)
