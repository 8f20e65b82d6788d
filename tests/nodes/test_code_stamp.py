"""Results of other code are not found: its stamp is another."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from inkloom.nodes.code_stamp import code_stamp


def package(folder: Path) -> Path:
    for name in ("nodes/sampling.py", "diffusion/samplers/euler.py", "server/app.py", "nodes/notes.txt"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x = 1\n", encoding="utf-8")
    return folder


CHANGES: dict[str, tuple[Callable[[Path], object], bool]] = {
    "nothing": (lambda package: None, False),
    "a time": (lambda package: (package / "nodes/sampling.py").touch(), False),
    "what computes nothing": (lambda package: (package / "server/app.py").write_text("x = 2\n"), False),
    "a text": (lambda package: (package / "nodes/notes.txt").write_text("x = 2\n"), False),
    "code": (lambda package: (package / "diffusion/samplers/euler.py").write_text("x = 2\n"), True),
    "a name": (lambda package: (package / "nodes/sampling.py").rename(package / "nodes/other.py"), True),
    "a new file": (lambda package: (package / "nodes/new.py").touch(), True),
}


@pytest.mark.parametrize(("change", "other"), CHANGES.values(), ids=list(CHANGES))
def test_only_code_that_computes_makes_another_stamp(
    tmp_path: Path, change: Callable[[Path], object], other: bool
) -> None:
    before = code_stamp(package(tmp_path / "one"))
    assert code_stamp(package(tmp_path / "two")) == before
    change(tmp_path / "one")
    assert (code_stamp(tmp_path / "one") != before) == other


def test_this_code_has_one_stamp() -> None:
    assert code_stamp() == code_stamp()
