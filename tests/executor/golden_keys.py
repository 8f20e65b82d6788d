"""Prints the content keys of the workflows in tests/data/keys; `test_golden_keys.py` runs it as a process.

To write the digests anew, after a change of the format on purpose (see `keys.TAG`):
`python tests/executor/golden_keys.py > new.json`, and move that over tests/data/keys/golden.json.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Annotated, Any

from inkloom.executor import (
    Choice,
    Files,
    Folders,
    Graph,
    Hidden,
    Mentions,
    NodeTable,
    Port,
    Range,
    Seed,
    Ui,
    node,
    node_key,
    validate,
)

GOLDEN = Path(__file__).parent.parent / "data" / "keys" / "golden.json"


@node("Values", category="test")
def values(
    *,
    whole: Annotated[int, Seed()] = 0,
    part: Annotated[float, Range(-1e300, 1e300)] = 1.0,
    text: str = "",
    flag: bool = False,
    choice: Annotated[str, Choice(["a", "b"])] = "a",
    maybe: float | None = None,
    anything: Annotated[object, Port("*")] | None = None,
) -> int:
    """Take a value of each kind."""
    return whole


@node("Join", category="test", version=7)
def join(*, one: int, other: int) -> int:
    """Join two."""
    return one + other


@node("Read", category="test")
def read(*, name: Annotated[str, Files("checkpoints", also=("builtin",))]) -> int:
    """Read a file."""
    return len(name)


@node("Prompt", category="test")
def prompt(*, text: Annotated[str, Mentions("embeddings", r"use:(\w+)")]) -> int:
    """Read a text that names files."""
    return len(text)


@node("Own", category="test")
def own(*, one: int, me: Annotated[str, Hidden("UNIQUE_ID")]) -> int:
    """Know who one is."""
    return one


@node("Chance", category="test", idempotent=False)
def chance(*, one: int) -> int:
    """Give another result for each node."""
    return one


@node("Dated", category="test", fingerprint=lambda one: {"made of": [one, 1.5]})
def dated(*, one: int) -> int:
    """Read something of which only the fingerprint tells whether it changed."""
    return one


@node("Show", category="test", output=True)
def show(*, one: int) -> Ui:
    """Show a number."""
    return Ui({})


TABLE = NodeTable.collect(sys.modules[__name__])


def keys(flow: dict[str, Any], folders: Folders) -> dict[str, str]:
    """Return the digest of each node."""
    validation = validate(Graph.parse(flow), TABLE, folders)
    validation.raise_if_nothing_runs()
    digests: dict[str, str] = {}
    for name in validation.order:
        found = validation.graph.nodes[name]
        digests[name] = node_key(found, TABLE[found.class_type], digests, folders).digest
    return digests


def computed() -> dict[str, Any]:
    """Return the table of the file with the digests that this Python gives."""
    table = json.loads(GOLDEN.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as base:
        for kind, name in (("checkpoints", "a.safetensors"), ("embeddings", "b.safetensors")):
            path = Path(base) / "models" / kind / name
            path.parent.mkdir(parents=True)
            path.write_text(f"content of {name}", encoding="utf-8")
        return {
            name: {"flow": case["flow"], "keys": keys(case["flow"], Folders(Path(base)))}
            for name, case in table.items()
        }


if __name__ == "__main__":
    print(json.dumps(computed(), indent=1))
