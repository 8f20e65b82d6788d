"""Rounds of queueing jobs and kill -9 of the server or a worker; `python -m bench durability` plays many."""

import asyncio
import importlib.util
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest
from sqlalchemy import URL

pytestmark = pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="looks for workers in /proc")

ROUNDS = Path(__file__).parents[3] / "bench" / "durability.py"


@pytest.fixture(scope="module")
def durability() -> ModuleType:
    """Return the module of the rounds."""
    spec = importlib.util.spec_from_file_location("durability", ROUNDS)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["durability"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def root() -> Iterator[Path]:
    """Return a folder in memory, where there is one: what outlives a kill needs no disk."""
    memory = Path("/dev/shm")
    with tempfile.TemporaryDirectory(dir=memory if memory.is_dir() else None) as folder:
        yield Path(folder)


def test_nothing_is_lost_and_nothing_done_twice(durability: ModuleType, root: Path) -> None:
    book = asyncio.run(durability.play(root, rounds=2, seed=2))
    assert book.killed == {"server": 1, "worker": 1}


def test_nor_with_postgresql(durability: ModuleType, root: Path, postgresql: Callable[[], URL]) -> None:
    database = postgresql().render_as_string(hide_password=False)
    book = asyncio.run(durability.play(root, rounds=1, seed=2, database=database))
    assert book.killed == {"server": 1}
