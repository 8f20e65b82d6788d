"""What the engine itself costs: cheap nodes a second, against a plain loop over the same functions."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

from inkloom.executor import (
    Folders,
    Graph,
    MemoryCache,
    NodeTable,
    Range,
    Ui,
    content_keys,
    node,
    run,
    validate,
)
from inkloom.executor.validate import needed


@node("Add", category="bench")
def add(*, a: Annotated[int, Range(0, 2**31)], b: Annotated[int, Range(0, 99)]) -> int:
    """Add two numbers."""
    return a + b


@node("Show", category="bench", output=True)
def show(*, value: int) -> Ui:
    """Show a number."""
    return Ui({"text": [str(value)]})


TABLE = NodeTable.collect(sys.modules[__name__])
FOLDERS = Folders(Path("nowhere"))
NODES = 1000


def chain(length: int, step: int = 1) -> dict[str, Any]:
    """Return a workflow of `length` nodes in one line, the last of which is `step` more than the others."""
    flow: dict[str, Any] = {"0": {"class_type": "Add", "inputs": {"a": 0, "b": 1}}}
    for place in range(1, length - 1):
        flow[str(place)] = {"class_type": "Add", "inputs": {"a": [str(place - 1), 0], "b": 1}}
    flow[str(length - 2)]["inputs"]["b"] = step
    flow["out"] = {"class_type": "Show", "inputs": {"value": [str(length - 2), 0]}}
    return flow


def pairs(count: int) -> dict[str, Any]:
    """Return a workflow of `count` nodes, every second one an output that shows the one before."""
    flow: dict[str, Any] = {}
    for place in range(count // 2):
        flow[f"a{place}"] = {"class_type": "Add", "inputs": {"a": place, "b": 1}}
        flow[f"s{place}"] = {"class_type": "Show", "inputs": {"value": [f"a{place}", 0]}}
    return flow


def plain_loop(graph: Graph) -> None:
    """Call the same functions in a loop: the least that any engine can cost."""
    values: dict[str, Any] = {}
    for name, found in graph.nodes.items():
        inputs = {
            key: values[given[0]] if isinstance(given, tuple) else given
            for key, given in found.inputs.items()
        }
        values[name] = TABLE[found.class_type].function(**inputs)


def best(work: Callable[[], object], turns: int = 5) -> float:
    """Return the seconds of the quickest of several turns; the others were disturbed by something."""
    times: list[float] = []
    for _ in range(turns):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return min(times)


def main() -> None:
    """Print the table."""

    def played(graph: Graph, cache: MemoryCache) -> list[object]:
        return list(run(graph, TABLE, FOLDERS, cache))

    print(f"{'engine, ' + str(NODES) + ' cheap nodes':44} {'ms':>8} {'nodes/s':>10}")
    for name, flow in (("chain", chain(NODES)), ("pairs", pairs(NODES))):
        graph = Graph.parse(flow)
        played(graph, MemoryCache(0))  # compiles the schemas
        full = MemoryCache(2**30)
        played(graph, full)
        changed = Graph.parse(chain(NODES, step=2)) if name == "chain" else graph
        rows: dict[str, Callable[[], object]] = {
            "plain loop": lambda graph=graph: plain_loop(graph),
            "parse": lambda flow=flow: Graph.parse(flow),
            "validate": lambda graph=graph: validate(graph, TABLE, FOLDERS),
            "run, nothing cached": lambda graph=graph: played(graph, MemoryCache(2**30)),
            "run, everything cached": lambda graph=graph, full=full: played(graph, full),
        }
        for row, work in rows.items():
            seconds = best(work)
            print(f"{name + ': ' + row:44} {seconds * 1e3:8.2f} {NODES / seconds:10.0f}")
        if name == "chain":
            began = time.perf_counter()
            played(changed, full)
            print(f"{'chain: run, one change at the end':44} {(time.perf_counter() - began) * 1e3:8.2f}")
    for count in (10_000, 100_000):
        validation = validate(Graph.parse(chain(count)), TABLE, FOLDERS)
        order, _ = needed(validation.graph, TABLE, validation.outputs_good)
        seconds = best(
            lambda v=validation, order=order: content_keys(v.graph, TABLE, FOLDERS, order), turns=3
        )
        print(f"{f'keys of {count} nodes':44} {seconds * 1e3:8.2f} {count / seconds:10.0f}")


if __name__ == "__main__":
    main()
