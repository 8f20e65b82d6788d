"""What a run would take, told before it: seconds from earlier runs, memory from what nodes foresee."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from inkloom.executor import Graph, WorkflowError
from inkloom.executor.explaining.estimate import Estimate
from inkloom.nodes import NODES, Engine, open_cache, open_folders, open_history, open_memory

WORKFLOWS = Path(__file__).resolve().parents[2] / "workflows"


def flow(width: int = 64, steps: int = 2) -> Graph:
    """Return a small picture's workflow."""
    loaded: dict[str, Any] = json.loads((WORKFLOWS / "text_to_image.json").read_text(encoding="utf-8"))
    loaded["5"]["inputs"] |= {"width": width, "height": 64}
    loaded["3"]["inputs"]["steps"] = steps
    return Graph.parse(loaded)


def engine_of(root: Path, memory: int | None = None) -> Engine:
    folders = open_folders(root)
    cache = open_cache(folders, 0, memory)
    return Engine(NODES, folders, cache, open_history(folders, cache), open_memory(folders, memory))


def peaks(told: Estimate) -> dict[str, int]:
    return {one.class_type: one.peak_bytes for one in told.nodes if one.peak_bytes is not None}


def test_nothing_is_known_before_the_first_run(tmp_path: Path) -> None:
    engine = engine_of(tmp_path)
    before = engine.cache.stats()
    told = engine.estimate(flow())
    assert (told.run, told.cached, told.unmeasured) == (7, 0, 7)
    assert (told.seconds, told.peak_bytes, told.fits) == (None, None, None)
    assert engine.cache.stats() == before, "looking leaves no trace"


def test_what_was_measured_and_what_is_foreseen(tmp_path: Path) -> None:
    engine = engine_of(tmp_path)
    list(engine.run(flow()))
    again = engine.estimate(flow())
    assert (again.cached, again.run, again.seconds, again.peak_bytes, again.fits) == (7, 0, 0.0, None, None)

    few, many = engine.estimate(flow(steps=4)), engine.estimate(flow(steps=40))
    assert few.run == many.run == 3, "sampling and what follows"
    assert few.seconds is not None
    assert many.seconds is not None
    sampling = [next(one for one in told.nodes if one.class_type == "KSampler") for told in (few, many)]
    assert [one.seconds for one in sampling][1] == pytest.approx(10 * (sampling[0].seconds or 0))

    small, large = peaks(engine.estimate(flow(128))), peaks(engine.estimate(flow(4096)))
    assert set(small) == set(large) >= {"KSampler", "VAEDecode"}
    assert small["KSampler"] < large["KSampler"], "it is foreseen of what is to be computed, not remembered"
    told = engine.estimate(flow(128))
    assert told.fits is True
    assert told.peak_bytes == max(peaks(told).values())


def test_what_will_not_fit(tmp_path: Path) -> None:
    engine = engine_of(tmp_path, memory=64 * 2**20)
    list(engine.run(flow()))
    assert engine.estimate(flow(128)).fits is True
    told = engine.estimate(flow(16384))
    assert told.fits is False
    assert told.budget_bytes == 64 * 2**20
    assert told.peak_bytes is not None
    assert told.peak_bytes > told.budget_bytes


def test_what_cannot_run_has_no_estimate(tmp_path: Path) -> None:
    with pytest.raises(WorkflowError):
        engine_of(tmp_path).estimate(Graph.parse({}))
