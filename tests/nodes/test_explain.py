"""The engine explains a workflow over memory, disk and history together."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from inkloom.executor import Explanation, Graph, RunDone, WorkflowError
from inkloom.nodes import NODES, Engine, open_cache, open_folders, open_history

FLOW: dict[str, Any] = {
    "1": {"class_type": "EmptyImage", "inputs": {"width": 8, "height": 8, "batch_size": 1, "color": 255}},
    "2": {"class_type": "ImageInvert", "inputs": {"image": ["1", 0]}},
    "3": {"class_type": "SaveImage", "inputs": {"images": ["2", 0], "filename_prefix": "a"}},
    "4": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "b"}},
}


def engine_on(root: Path) -> Engine:
    """Return an engine as a process of its own has it."""
    folders = open_folders(root)
    return Engine(NODES, folders, open_cache(folders, 2**30), open_history(folders))


def graph(**changes: Any) -> Graph:
    flow = json.loads(json.dumps(FLOW))
    for place, value in changes.items():
        flow[place[1]]["inputs"][place[3:]] = value
    return Graph.parse(json.dumps(flow))


def told(explanation: Explanation) -> dict[str, str]:
    return {one.node: one.where or one.status for one in explanation.nodes}


def test_memory_disk_and_nothing(tmp_path: Path) -> None:
    first = engine_on(tmp_path)
    assert set(told(first.explain(graph())).values()) == {"run"}
    *_, last = first.run(graph())
    assert isinstance(last, RunDone)
    assert first.close(60.0)
    assert set(told(first.explain(graph())).values()) == {"memory"}
    second = engine_on(tmp_path)
    assert set(told(second.explain(graph())).values()) == {"disk"}
    assert set(told(second.explain(graph())).values()) == {"disk"}, "looking brings nothing into memory"
    changed = second.explain(graph(n1_color=7))
    assert told(changed) == dict.fromkeys("1234", "run")
    assert changed.nodes[0].reasons[0].text == "color 255 -> 7"
    next((tmp_path / "output").glob("b_*")).unlink()
    gone = second.explain(graph())
    assert told(gone) == {"1": "disk", "2": "disk", "3": "disk", "4": "run"}
    assert [reason.code for one in gone.nodes for reason in one.reasons] == ["forgotten"]


def test_some_of_the_outputs(tmp_path: Path) -> None:
    engine = engine_on(tmp_path)
    list(engine.run(graph(), targets=["4"]))
    assert told(engine.explain(graph(), ["4"])) == {"1": "memory", "4": "memory"}
    assert told(engine.explain(graph(), ["3"])) == {"1": "memory", "2": "run", "3": "run"}


def test_what_cannot_run(tmp_path: Path) -> None:
    with pytest.raises(WorkflowError):
        engine_on(tmp_path).explain(graph(n1_width=-1))
    assert not list(tmp_path.iterdir())
