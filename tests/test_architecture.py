"""Rooms import each other one way only, and what must start fast does not load what is slow."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import inkloom

PACKAGE = Path(str(inkloom.__file__)).parent

MAY_IMPORT = {
    "cli": {"client", "server", "nodes", "executor", "diffusion"},
    "server": {"client", "nodes", "executor", "diffusion"},
    "client": set[str](),
    "nodes": {"executor", "diffusion"},
    "executor": set[str](),
    "diffusion": set[str](),
}
"""For each room those it may import, besides itself."""

SLOW = ("torch", "transformers", "aiohttp", "jsonschema", "networkx", "numpy", "rich", "sqlalchemy")

RUNNING = (
    "inkloom.executor.caches.disk_cache",
    "inkloom.executor.explaining.explain",
    "inkloom.executor.runs.run",
    "inkloom.executor.ui_format.converting",
    "inkloom.nodes.engine",
)
"""What the web process has no use for, or not at once: its workers run."""


def imported(path: Path) -> Iterator[str]:
    """Name what a file imports, absolutely: inkloom.executor.graphs.graph, torch, ..."""
    place = ["inkloom", *path.relative_to(PACKAGE).parent.parts]
    for found in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(found, ast.Import):
            yield from (name.name for name in found.names)
        elif isinstance(found, ast.ImportFrom):
            base = place[: len(place) - found.level + 1] if found.level else []
            base = [*base, *(found.module.split(".") if found.module else [])]
            yield ".".join(base)
            yield from (".".join([*base, name.name]) for name in found.names)


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_imports_point_one_way(room: str) -> None:
    allowed = {room, *MAY_IMPORT[room]}
    files = sorted((PACKAGE / room).rglob("*.py"))
    assert files
    wrong = {
        f"{path.relative_to(PACKAGE)} imports {name}"
        for path in files
        for name in imported(path)
        if name.startswith("inkloom.")
        and name.split(".")[1] in MAY_IMPORT
        and name.split(".")[1] not in allowed
    }
    assert not wrong


def test_the_engine_knows_no_torch() -> None:
    wrong = {
        f"{path.relative_to(PACKAGE)} imports {name}"
        for path in (PACKAGE / "executor").rglob("*.py")
        for name in imported(path)
        if name.split(".")[0] in ("torch", "transformers", "safetensors", "PIL", "numpy")
    }
    assert not wrong


@pytest.mark.parametrize(
    ("module", "unwanted"),
    [
        ("inkloom.executor", SLOW),
        ("inkloom.nodes", SLOW),
        ("inkloom.cli.main", SLOW),
        ("inkloom.client", (*SLOW, "httpx2")),
        ("inkloom.client.client", SLOW),
        ("inkloom.server.app", ("torch", "transformers", "prometheus_client", "httpx2", *RUNNING)),
    ],
)
def test_import_loads_nothing_slow(module: str, unwanted: tuple[str, ...]) -> None:
    code = f"import sys, {module}; print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert set(ran.stdout.split()).isdisjoint(unwanted)


@pytest.mark.parametrize("module", ["inkloom.executor", "inkloom.executor.ui_format", "inkloom.nodes"])
def test_what_is_loaded_late_is_there(module: str) -> None:
    loaded = importlib.import_module(module)
    assert all(getattr(loaded, name) is not None for name in loaded.__all__)
    with pytest.raises(AttributeError, match="no attribute 'engines'"):
        _ = loaded.engines
