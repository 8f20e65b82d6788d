"""The client that waits and the one that does not are one: the same code, but for `await`."""

import ast
import inspect
import re
from types import ModuleType

import pytest

from inkloom.client import async_client, async_line, client, line

WORDS = {
    r"async_line": "line",
    r"AsyncGenerator": "Generator",
    r"AsyncIterator": "Iterator",
    r"\bAsync(?=[A-Z])": "",
    r"asynccontextmanager": "contextmanager",
    r"await asyncio\.to_thread\(([\w.]+)\)": r"\1()",
    r"\basyncio\b": "time",
    r"\b(?:async|await) ": "",
    r"__a(enter|exit)__": r"__\1__",
    r"\ba(iter_bytes|read|close)\b": r"\1",
    r"for job in page\.jobs:\s+yield job": "yield from page.jobs",
}
"""How what the one says is said in the other."""


def parts(source: str) -> list[str]:
    """Return the code of a module, without what it imports and how it calls itself."""
    _, *body = ast.parse(source).body
    return [ast.unparse(part) for part in body if not isinstance(part, ast.Import | ast.ImportFrom)]


@pytest.mark.parametrize(("waiting", "other"), [(client, async_client), (line, async_line)])
def test_they_differ_in_await_alone(waiting: ModuleType, other: ModuleType) -> None:
    translated = inspect.getsource(other)
    for found, meant in WORDS.items():
        translated = re.sub(found, meant, translated)
    assert parts(translated) == parts(inspect.getsource(waiting))
