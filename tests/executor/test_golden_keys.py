"""Content keys are the same in every process, on every machine and in every Python."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).with_name("golden_keys.py")
GOLDEN = Path(__file__).parent.parent / "data" / "keys" / "golden.json"


@pytest.mark.parametrize(("seed", "options"), [("0", ()), ("1", ("-O", "-X", "utf8=0"))])
def test_golden(seed: str, options: Sequence[str]) -> None:
    told = subprocess.run(
        [sys.executable, *options, str(SCRIPT)],
        env={**os.environ, "PYTHONHASHSEED": seed, "LC_ALL": "C"},
        capture_output=True,
        check=True,
    )
    computed, golden = json.loads(told.stdout), json.loads(GOLDEN.read_text(encoding="utf-8"))
    assert {name: case["keys"] for name, case in computed.items()} == {
        name: case["keys"] for name, case in golden.items()
    }, "changed keys make every stored result useless; if that is meant, change keys.TAG too"


def test_cases_have_the_same_key_only_where_they_mean_the_same() -> None:
    cases: dict[str, Any] = json.loads(GOLDEN.read_text(encoding="utf-8"))
    by_digest: dict[str, list[str]] = {}
    for name, case in cases.items():
        if case["flow"].keys() == {"1", "out"}:
            by_digest.setdefault(case["keys"]["1"], []).append(name)
    same = [names for names in by_digest.values() if len(names) > 1]
    assert same == []
