"""A running server for the tests: the real application on a real socket, with a real worker process."""

import importlib.util
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from types import ModuleType

import pytest
import pytest_asyncio
from aiohttp.test_utils import TestClient, TestServer

from inkloom.executor import Folders
from inkloom.server.app import make_app

TOY = Path(__file__).parent / "toy.py"


@pytest.fixture(scope="session")
def toy() -> ModuleType:
    """Return the module of toy nodes."""
    spec = importlib.util.spec_from_file_location("toy", TOY)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["toy"] = module
    spec.loader.exec_module(module)
    return module


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def client(toy: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[TestClient]:
    """Yield a client of a server whose worker knows the toy nodes."""
    root = tmp_path_factory.mktemp("root")
    app = make_app(toy.TABLE, Folders(root), [(sys.executable, str(TOY), str(root))], previews="auto")
    async with TestClient(TestServer(app)) as found:
        yield found
