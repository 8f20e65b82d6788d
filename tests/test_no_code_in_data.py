"""Nothing that comes from outside is run: unpickling has one audited place, and there is no eval."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = ("cli", "client", "diffusion", "executor", "nodes", "server")

MODULES = frozenset(("pickle", "_pickle", "dill", "cloudpickle", "joblib", "marshal", "shelve", "code"))
"""Modules that run what they read."""

CALLS = frozenset(("eval", "exec", "compile", "__import__", "execfile"))
"""Built-in functions that run text."""

UNSAFE_YAML = frozenset(("load", "load_all", "full_load", "full_load_all", "unsafe_load", "unsafe_load_all"))

ALLOWED = {
    ("diffusion/files/pickles.py", "import pickle"),  # for the exception that torch raises
    ("diffusion/files/pickles.py", "torch.load"),
}
"""What is let through, and where; the `torch.load` there has `weights_only=True`."""


def found(source: str) -> Iterator[str]:
    """Name what a source does that could run data."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                yield from (f"import {one.name}" for one in names if one.name.split(".")[0] in MODULES)
            case ast.ImportFrom(module=str(module), level=0) if module.split(".")[0] in MODULES:
                yield f"import {module}"
            case ast.Call(func=ast.Name(id=name)) if name in CALLS:
                yield name
            case ast.Call(func=ast.Attribute(value=ast.Name(id="torch"), attr="load"), keywords=keywords):
                given = {one.arg: one.value for one in keywords}
                flag = given.get("weights_only")
                safe = isinstance(flag, ast.Constant) and flag.value is True
                yield "torch.load" if safe else "torch.load without weights_only=True"
            case ast.Attribute(value=ast.Name(id="yaml"), attr=attr) if attr in UNSAFE_YAML:
                yield f"yaml.{attr}"
            case ast.keyword(arg="allow_pickle", value=ast.Constant(value=True)):
                yield "allow_pickle"
            case ast.keyword(arg="shell", value=ast.Constant(value=True)):
                yield "shell"
            case _:
                pass


def test_nothing_runs_data() -> None:
    files = [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]
    assert len(files) > 100
    there = {
        (path.relative_to(ROOT).as_posix(), what)
        for path in files
        for what in found(path.read_text(encoding="utf-8"))
    }
    assert there == ALLOWED


@pytest.mark.parametrize(
    "source",
    [
        "import pickle",
        "import marshal as m",
        "from shelve import open",
        "eval(text)",
        "exec(text)",
        "compile(text, '', 'exec')",
        "import torch; torch.load(path)",
        "import torch; torch.load(path, weights_only=False)",
        "import torch; torch.load(path, weights_only=flag)",
        "import yaml; yaml.load(text)",
        "import yaml; yaml.unsafe_load(text)",
        "numpy.load(path, allow_pickle=True)",
        "subprocess.run(text, shell=True)",
    ],
)
def test_what_the_rule_finds(source: str) -> None:
    [what] = found(source)
    assert what != "torch.load"
