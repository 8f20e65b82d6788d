"""`--device`: what is said of a device that is not there, and that nothing is done then."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from inkloom.nodes.devices import told_cards

from .conftest import WORKFLOW

ABSENT = f"cuda:{len(told_cards())}"


@pytest.fixture
def workflow(tmp_path: Path) -> str:
    path = tmp_path / "workflow.json"
    path.write_text(json.dumps(WORKFLOW), encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("command", [("run",), ("explain",), ("serve", "--port", "0")])
@pytest.mark.parametrize(
    ("device", "said"),
    [
        ("gpu", "'gpu' is no device; there are auto, cpu, cuda"),
        (ABSENT, f"there is no device {ABSENT} here that torch can compute on; there is cpu"),
    ],
)
def test_a_device_that_is_not_there(
    inkloom: Callable[..., Any], workflow: str, root: Path, command: tuple[str, ...], device: str, said: str
):
    given = () if command[0] == "serve" else (workflow,)
    answer = inkloom(*command, *given, "--device", device)
    assert answer.status == 2
    assert said in answer.err
    assert not list(root.rglob("*.png"))


def test_float16_is_for_cards(inkloom: Callable[..., Any], workflow: str):
    answer = inkloom("run", workflow, "--device", "cpu", "--precision", "float16")
    assert answer.status == 2
    assert "graphics cards (--device cuda)" in answer.err


@pytest.mark.parametrize("device", ["auto", "cpu"])
def test_a_device_that_is_there(inkloom: Callable[..., Any], workflow: str, root: Path, device: str):
    assert inkloom("run", workflow, "--device", device).status == 0
    [_] = root.rglob("*.png")
    told = json.loads(inkloom("explain", workflow, "--device", device, "--json").out)
    assert {one["status"] for one in told["nodes"]} == {"cached"}
