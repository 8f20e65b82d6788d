"""No recursion anywhere: a chain of 100,000 nodes is read, judged, keyed and run; a deep expansion too."""

from __future__ import annotations

import json
import sys
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any

import pytest

from inkloom.executor import (
    Expansion,
    Folders,
    Graph,
    Hidden,
    Link,
    MemoryCache,
    NodeFinished,
    NodeTable,
    RunDone,
    Ui,
    node,
    run,
    validate,
)

LENGTH = 100_000


@node("Next", category="test")
def next_number(*, value: int) -> int:
    """Add one."""
    return value + 1


@node("Deep", category="test")
def deep(*, value: int, depth: int, own: Annotated[str, Hidden("UNIQUE_ID")]) -> int | Expansion:
    """Expand into one node less deep."""
    if depth == 0:
        return value
    # A short id of its own: ids that grow with the depth would cost depth squared.
    name = f"{own.split('.')[0]}.{depth}"
    inputs = {"value": value + 1, "depth": depth - 1}
    return Expansion({name: {"class_type": "Deep", "inputs": inputs}}, (Link(name, 0),))


@node("Show", category="test", output=True)
def show(*, value: int) -> Ui:
    """Show a number."""
    return Ui({"value": value})


TABLE = NodeTable.collect(sys.modules[__name__])


def played(flow: dict[str, Any]) -> Any:
    graph = Graph.parse(json.dumps(flow))
    validation = validate(graph, TABLE, Folders(Path("nowhere")))
    assert validation.ok
    *events, last = run(graph, TABLE, Folders(Path("nowhere")), MemoryCache(0), validation=validation)
    assert isinstance(last, RunDone)
    return next(event.ui for event in events if isinstance(event, NodeFinished) and event.node == "out")


@pytest.mark.timeout(900)  # seconds on a machine of its own; others share theirs
def test_chain() -> None:
    names = [str(place) for place in range(LENGTH)]
    chain: dict[str, Any] = {names[0]: {"class_type": "Next", "inputs": {"value": 0}}}
    for source, name in pairwise(names):
        chain[name] = {"class_type": "Next", "inputs": {"value": [source, 0]}}
    flow = {**chain, "out": {"class_type": "Show", "inputs": {"value": [names[-1], 0]}}}
    assert played(flow) == {"value": LENGTH}


def test_cycle_of_a_long_chain() -> None:
    chain = {
        str(place): {"class_type": "Next", "inputs": {"value": [str((place + 1) % 10_000), 0]}}
        for place in range(10_000)
    }
    flow = {**chain, "out": {"class_type": "Show", "inputs": {"value": ["0", 0]}}}
    [problem] = validate(Graph.parse(flow), TABLE, Folders(Path("nowhere"))).problems
    assert problem.code == "cycle"
    assert len(problem.message) < 1000


def test_expansion_inside_expansion() -> None:
    flow = {
        "d": {"class_type": "Deep", "inputs": {"value": 0, "depth": 5_000}},
        "out": {"class_type": "Show", "inputs": {"value": ["d", 0]}},
    }
    assert played(flow) == {"value": 5_000}
