"""The room's public names: complete, consistent for people and type checkers, and free until used."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from inkloom import diffusion


def imported_for_type_checkers() -> dict[str, str]:
    tree = ast.parse(Path(diffusion.__file__).read_text(encoding="utf-8"))
    [guarded] = [node for node in tree.body if isinstance(node, ast.If)]
    return {
        alias.asname or alias.name: str(node.module)
        for node in guarded.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


def test_the_table_says_what_the_type_checker_reads():
    assert imported_for_type_checkers() == diffusion.EXPORTS


@pytest.mark.parametrize("name", diffusion.EXPORTS)
def test_every_name_is_there(name):
    assert getattr(diffusion, name) is not None
    assert name in dir(diffusion)


def test_no_name_is_also_a_module():
    modules = {path.stem for path in Path(diffusion.__file__).parent.iterdir()}
    assert modules.isdisjoint(diffusion.EXPORTS)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match=r"'inkloom\.diffusion' has no attribute 'load_chekpoint'"):
        _ = diffusion.load_chekpoint


@pytest.mark.parametrize(
    ("statement", "unwanted"),
    [
        ("import inkloom.diffusion as d; dir(d)", {"torch", "transformers", "numpy", "PIL"}),
        ("from inkloom.diffusion import Model, load_checkpoint", {"transformers"}),
        # Seconds of every process: what torch loads to compile, and what tests compare with.
        (
            "from inkloom.diffusion import load_checkpoint; from inkloom.nodes.data_folder import BUNDLED; "
            "[folder] = BUNDLED['checkpoints']; "
            "load_checkpoint(folder / 'inklet.safetensors').clip.encode('a')",
            {"transformers", "torch._dynamo", "sympy"},
        ),
    ],
)
def test_libraries_are_loaded_only_where_they_are_used(statement, unwanted):
    code = f"import sys; {statement}; print(*{unwanted} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
