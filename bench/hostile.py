"""What workflows made to hurt cost to refuse: ten times the size should be ten times the cost."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from inkloom.executor import Graph, validate

from .engine import FOLDERS
from .flows import TABLE, Flow, chains

SIZES = (1_000, 10_000, 100_000)


def entry(class_type: str, **inputs: object) -> Flow:
    """Return a node of a workflow."""
    return {"class_type": class_type, "inputs": inputs}


def shown(make: Callable[[int], Flow]) -> Callable[[int], Flow]:
    """Return what makes a workflow of so many nodes, each with an output that shows it."""

    def flow(count: int) -> Flow:
        nodes = {str(number): make(number) for number in range(count)}
        return nodes | {f"out {name}": entry("PreviewAny", source=[name, 0]) for name in nodes}

    return flow


def trimmed(source: str, **more: object) -> Flow:
    """Return a node that takes a text from another."""
    return entry("StringTrim", string=[source, 0], mode="Both", **more)


def one_text(**more: Any) -> Flow:
    """Return a workflow of one text and its output."""
    return {"1": entry("PrimitiveString", **more), "out": entry("PreviewAny", source=["1", 0])}


HOSTILE: dict[str, Callable[[int], Flow]] = {
    "nothing wrong": lambda count: chains("string", count),
    "an unknown class each": shown(lambda number: entry(f"KSample{number}")),
    "a link to nowhere each": shown(lambda number: trimmed(f"{number}x")),
    "a file that is not there each": shown(lambda number: entry("LoadImage", image=f"{number}.png")),
    "wrong values each": shown(lambda number: entry("EmptyImage", width=-number, height="x", color=None)),
    "each linked to itself": shown(lambda number: trimmed(str(number))),
    "a circle of all": lambda count: shown(lambda number: trimmed(str((number + 1) % count)))(count),
    "outputs along a chain that begins badly": shown(lambda number: trimmed(str(number - 1))),
    "one node with all these inputs": lambda count: one_text(
        value="", **dict.fromkeys(map(str, range(count)))
    ),
    "one value with all these members": lambda count: one_text(value={"a": list(range(count))}),
    "a name of so many letters": lambda count: {"x" * count: entry("y" * count, z="")},
}


def main() -> None:
    """Print the table."""
    print(f"{'milliseconds to parse and validate':48}" + "".join(f"{size:>12,}" for size in SIZES))
    for name, make in HOSTILE.items():
        costs: list[float] = []
        for size in SIZES:
            text = json.dumps(make(size))
            began = time.process_time()
            validate(Graph.parse(text), TABLE, FOLDERS)
            costs.append(time.process_time() - began)
        print(f"{name:48}" + "".join(f"{cost * 1e3:12.1f}" for cost in costs), flush=True)


if __name__ == "__main__":
    main()
