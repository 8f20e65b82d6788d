"""What the engine itself costs: from a workflow's text to its last event, stage by stage, with cheap nodes.

Beside each stage stands the least it can cost: the same functions in a plain loop, JSON without a graph.
Times are the quickest of several turns, since the others were disturbed.
"""

from __future__ import annotations

import gc
import json
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from inkloom.executor import Event, Folders, Graph, MemoryCache, Validation, node_key, run, validate
from inkloom.nodes.engine import without_gradients

from .flows import TABLE, chains

FOLDERS = Folders(Path("nowhere"))
NODES = 1000
TURNS = 7
LONGEST = 100
"""Nodes in a chain where there are several chains, as `engine_overhead.py` has them."""


def plain_loop(graph: Graph) -> None:
    """Call the same functions one after the other: the least that any engine can cost."""
    values: dict[str, Any] = {}
    with without_gradients():
        for name, found in graph.nodes.items():
            inputs = {
                key: values[given[0]] if isinstance(given, tuple) else given
                for key, given in found.inputs.items()
            }
            values[name] = TABLE[found.class_type].function(**inputs)


def quickest(work: Callable[[], object], turns: int = TURNS) -> tuple[float, float]:
    """Return the least seconds that some work took: by the clock, and of the CPU."""
    taken: list[tuple[float, float]] = []
    for _ in range(turns):
        gc.collect()
        wall, cpu = time.perf_counter(), time.process_time()
        work()
        taken.append((time.perf_counter() - wall, time.process_time() - cpu))
    return min(wall for wall, _ in taken), min(cpu for _, cpu in taken)


def row(name: str, count: int, work: Callable[[], object], turns: int = TURNS) -> None:
    """Print how quick some work is."""
    wall, cpu = quickest(work, turns)
    print(f"{name:48} {wall * 1e3:10.2f} {cpu * 1e3:10.2f} {count / wall:12.0f}", flush=True)


def played(graph: Graph, cache: MemoryCache, validation: Validation | None = None) -> list[Event]:
    """Run a workflow to its end."""
    events = list(run(graph, TABLE, FOLDERS, cache, validation=validation, scope=without_gradients))
    assert events[-1].type == "run_done", events[-1]
    return events


def answered(text: str, cache: MemoryCache) -> list[Event]:
    """Do all that a submitted workflow needs, from its text to the last event."""
    return played(Graph.parse(text), cache)


def keyed(validation: Validation) -> None:
    """Find the content key of every node."""
    digests: dict[str, str] = {}
    for name in validation.order:
        found = validation.graph.nodes[name]
        digests[name] = node_key(found, TABLE[found.class_type], digests, FOLDERS).digest


def stages(kind: str, longest: int) -> None:
    """Print what the stages of a workflow of 1,000 nodes cost."""
    flow = chains(kind, NODES, longest)
    text, graph, full = json.dumps(flow), Graph.parse(flow), MemoryCache(2**30)
    validation = validate(graph, TABLE, FOLDERS)
    assert validation.ok, validation.problems[0]
    answered(text, full)
    shape = f"{kind}, {'one chain' if not longest else f'chains of {longest}'}"
    row(f"{shape}: plain loop", NODES, partial(plain_loop, graph))
    row(f"{shape}: JSON alone", NODES, partial(json.loads, text))
    row(f"{shape}: parse", NODES, partial(Graph.parse, text))
    row(f"{shape}: validate", NODES, partial(validate, graph, TABLE, FOLDERS))
    row(f"{shape}: keys", NODES, partial(keyed, validation))
    row(f"{shape}: run, nothing cached", NODES, lambda: played(graph, MemoryCache(2**30), validation))
    row(f"{shape}: text to answer, nothing cached", NODES, lambda: answered(text, MemoryCache(2**30)))
    row(f"{shape}: text to answer, all cached", NODES, partial(answered, text, full))
    edits = iter([json.dumps(chains(kind, NODES, longest, changed=n)) for n in range(1, TURNS + 1)])
    row(f"{shape}: text to answer, its end changed", NODES, lambda: answered(next(edits), full))


def growth() -> None:
    """Print how the cost of a node grows with the length of a chain: it should not."""
    print(f"\n{'microseconds a node, one chain of strings':48}" + "".join(f"{n:>12,}" for n in SIZES))
    texts = [json.dumps(chains("string", count)) for count in SIZES]
    graphs = [Graph.parse(text) for text in texts]
    checked = [validate(graph, TABLE, FOLDERS) for graph in graphs]
    works: dict[str, list[Callable[[], object]]] = {
        "parse": [partial(Graph.parse, text) for text in texts],
        "validate": [partial(validate, graph, TABLE, FOLDERS) for graph in graphs],
        "keys": [partial(keyed, validation) for validation in checked],
        "run, nothing cached": [
            lambda graph=graph, validation=validation: played(graph, MemoryCache(2**30), validation)
            for graph, validation in zip(graphs, checked, strict=True)
        ],
    }
    for name, each in works.items():
        costs = [quickest(work, 3)[0] / count * 1e6 for work, count in zip(each, SIZES, strict=True)]
        print(f"{name:48}" + "".join(f"{cost:12.2f}" for cost in costs), flush=True)


SIZES = (1_000, 10_000, 100_000)


def main() -> None:
    """Print the tables."""
    print(f"{'':48} {'ms':>10} {'CPU ms':>10} {'nodes/s':>12}")
    for kind in ("image", "string"):
        for longest in (0, LONGEST):
            stages(kind, longest)
    growth()


if __name__ == "__main__":
    main()
