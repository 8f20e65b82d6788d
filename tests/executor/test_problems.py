"""Pointers, and finding the right name for a wrong one."""

from __future__ import annotations

import pytest

from inkloom.executor import nearest, pointer
from inkloom.executor.problems import COMPARABLE, listing


@pytest.mark.parametrize(
    ("name", "known", "found"),
    [
        ("KSampelr", ["KSampler", "KSamplerAdvanced", "SaveImage"], "KSampler"),
        ("ksampler", ["KSampler", "ksamples"], "KSampler"),
        ("EULER", ["heun", "Eular"], "Eular"),
        ("x", ["KSampler"], None),
        ("x", [], None),
        ("9999x", [str(number) for number in range(COMPARABLE + 1)], None),
    ],
)
def test_nearest(name: str, known: list[str], found: str | None) -> None:
    assert nearest(name, known) == found


@pytest.mark.parametrize(
    ("parts", "written"),
    [((), ""), (("3", "inputs", "seed"), "/3/inputs/seed"), (("a/b", "m~n", 0), "/a~1b/m~0n/0")],
)
def test_pointer(parts: tuple[object, ...], written: str) -> None:
    assert pointer(*parts) == written


def test_listing() -> None:
    assert listing(["b", "a", "c"]) == "a, b, c"
    assert listing(["b", "a", "c"], first="c", limit=2) == "c, a and 1 more"
    assert listing([]) == "(none)"
