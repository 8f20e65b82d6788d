"""What the engine itself costs: cheap nodes a second, against a plain loop over the same functions."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from inkloom.executor import (
    Event,
    Folders,
    Graph,
    MemoryCache,
    NodeTable,
    Range,
    Ui,
    node,
    node_key,
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


def row(name: str, count: int, work: Callable[[], object], turns: int = 5) -> None:
    """Print the quickest of several turns, since the others were disturbed: by the clock and in CPU time."""
    walls: list[float] = []
    cpus: list[float] = []
    for _ in range(turns):
        wall, cpu = time.perf_counter(), time.process_time()
        work()
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    print(f"{name:40} {min(walls) * 1e3:10.2f} {min(cpus) * 1e3:10.2f} {count / min(walls):12.0f}")


def played(graph: Graph, cache: MemoryCache) -> list[Event]:
    """Run a workflow to its end."""
    return list(run(graph, TABLE, FOLDERS, cache))


def keyed(graph: Graph, order: Iterable[str]) -> None:
    """Find the content key of every node."""
    digests: dict[str, str] = {}
    for name in order:
        found = graph.nodes[name]
        digests[name] = node_key(found, TABLE[found.class_type], digests, FOLDERS).digest


def main() -> None:
    """Print the table."""
    print(f"{'':40} {'ms':>10} {'CPU ms':>10} {'nodes/s':>12}")
    for shape, flow in (("chain", chain(NODES)), ("pairs", pairs(NODES))):
        graph, full = Graph.parse(flow), MemoryCache(2**30)
        played(graph, full)  # compiles the schemas, fills the cache
        row(f"{shape}, plain loop", NODES, partial(plain_loop, graph))
        row(f"{shape}, parse", NODES, partial(Graph.parse, flow))
        row(f"{shape}, validate", NODES, partial(validate, graph, TABLE, FOLDERS))
        row(f"{shape}, run, nothing cached", NODES, lambda graph=graph: played(graph, MemoryCache(2**30)))
        row(f"{shape}, run, everything cached", NODES, partial(played, graph, full))
    full = MemoryCache(2**30)
    played(Graph.parse(chain(NODES)), full)
    steps = iter(range(2, 99))
    row(
        "chain, run, one change at its end",
        NODES,
        lambda: played(Graph.parse(chain(NODES, next(steps))), full),
    )
    for count in (10_000, 100_000):
        validation = validate(Graph.parse(chain(count)), TABLE, FOLDERS)
        order, _ = needed(validation.graph, TABLE, validation.outputs_good)
        row(
            f"keys, {count} nodes",
            count,
            partial(keyed, validation.graph, order),
            turns=3,
        )


if __name__ == "__main__":
    main()
