"""The engine explains a workflow over memory, disk and history together."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import torch

from inkloom import diffusion
from inkloom.executor import Explanation, Graph, RunDone, WorkflowError
from inkloom.executor.explaining.history import FILE as HISTORY_FILE
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
    cache = open_cache(folders, 2**30)
    return Engine(NODES, folders, cache, open_history(folders, cache))


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


def test_results_of_other_code(tmp_path: Path) -> None:
    first = engine_on(tmp_path)
    list(first.run(graph()))
    assert first.close(60.0)
    cache = tmp_path / "cache"
    [own] = (cache / "results").iterdir()
    own.rename(cache / "results" / "of other code")
    with closing(sqlite3.connect(cache / HISTORY_FILE)) as connection, connection as history:
        history.execute("UPDATE costs SET stamp = 'of other code'")
    said = engine_on(tmp_path).explain(graph())
    assert set(told(said).values()) == {"run"}
    assert [reason.code for one in said.nodes for reason in one.reasons] == ["updated"] * len(FLOW)


@pytest.mark.parametrize("start", [0, 3, 10, 12])
@pytest.mark.parametrize("end", [0, 3, 7, 10, 10_000])
def test_the_work_of_a_part_of_a_run_is_its_steps(start: int, end: int) -> None:
    part = diffusion.part_of(torch.linspace(1, 0, 11), start, end)
    work = NODES["KSamplerAdvanced"].work
    assert work is not None
    told = work.ask({"steps": 10, "start_at_step": start, "end_at_step": end})
    assert told == max(len(part) - 1, 0)


def test_some_of_the_outputs(tmp_path: Path) -> None:
    engine = engine_on(tmp_path)
    list(engine.run(graph(), targets=["4"]))
    assert told(engine.explain(graph(), ["4"])) == {"1": "memory", "4": "memory"}
    assert told(engine.explain(graph(), ["3"])) == {"1": "memory", "2": "run", "3": "run"}


def test_what_cannot_run(tmp_path: Path) -> None:
    with pytest.raises(WorkflowError):
        engine_on(tmp_path).explain(graph(n1_width=-1))
    assert not list(tmp_path.iterdir())
