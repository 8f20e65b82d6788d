"""What the tests of the command line share: a root folder, workflows that need no model, and a caller."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from inkloom.cli.main import command_line

WORKFLOW: dict[str, Any] = {
    "1": {"class_type": "EmptyImage", "inputs": {"width": 8, "height": 8, "batch_size": 1, "color": 255}},
    "2": {"class_type": "ImageInvert", "inputs": {"image": ["1", 0]}, "_meta": {"title": "Opposite"}},
    "3": {"class_type": "SaveImage", "inputs": {"images": ["2", 0], "filename_prefix": "inv"}},
}
"""A yellow picture of 8 times 8 pixels."""


@dataclass(frozen=True)
class Said:
    """What a command printed, and its exit status."""

    status: int
    out: str
    err: str


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "root"


@pytest.fixture
def inkloom(capsys: pytest.CaptureFixture[str], root: Path) -> Callable[..., Said]:
    """Return a caller of the command line, on a root folder of the test's own."""

    def call(*argv: str) -> Said:
        capsys.readouterr()
        try:
            status = command_line([*argv, "--root", str(root)])
        except SystemExit as ended:  # argparse ends by itself
            status = int(ended.code or 0)
        said = capsys.readouterr()
        return Said(status, said.out, said.err)

    return call


@pytest.fixture
def write(tmp_path: Path) -> Callable[[object], str]:
    """Return a writer of workflow files: of an object as JSON, of text as it is."""

    def written(workflow: object, name: str = "w.json") -> str:
        path = tmp_path / name
        path.write_text(workflow if isinstance(workflow, str) else json.dumps(workflow), encoding="utf-8")
        return str(path)

    return written


@pytest.fixture
def edited() -> Callable[..., dict[str, Any]]:
    """Return a maker of changed workflows: `edited(n1={"width": 0})`; None takes an input away."""

    def changed(**changes: Any) -> dict[str, Any]:
        workflow: dict[str, Any] = json.loads(json.dumps(WORKFLOW))
        for key, inputs in changes.items():
            node = workflow[key.removeprefix("n")]
            given = node["inputs"] | inputs
            node["inputs"] = {name: value for name, value in given.items() if value is not None}
        return workflow

    return changed
