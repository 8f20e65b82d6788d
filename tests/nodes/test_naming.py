"""Dates and other nodes' values in file names."""

from __future__ import annotations

from datetime import datetime

import pytest

from inkloom.executor import Json
from inkloom.nodes.naming import with_values

NOW = datetime(2026, 3, 7, 15, 4, 9)
PROMPT: Json = {
    "1": {"class_type": "KSampler", "inputs": {"seed": 42, "cfg": 7.5, "model": ["2", 0]}},
    "2": {"class_type": "Loader", "inputs": {"name": 'a/b:c"d'}, "_meta": {"title": "My v1.5"}},
    "3": {"class_type": "KSampler", "inputs": {"seed": 43, "steps": 20}},
}


@pytest.mark.parametrize(
    ("prefix", "name"),
    [
        ("plain", "plain"),
        ("%date:yyyy-MM-dd%", "2026-03-07"),
        ("%date:yy.M.d% at %date:hh-mm-ss%", "26.3.7 at 15-04-09"),
        ("%date:h.m.s%/%date:yyyyMMdd%", "15.4.9/20260307"),
        ("%KSampler.seed%", "42"),
        ("%KSampler.steps%-%KSampler.cfg%", "20-7.5"),
        ("%Loader.name%", "a_b_c_d"),
        ("%My v1.5.name%", "a_b_c_d"),
        ("%KSampler.model%", "%KSampler.model%"),
        ("%KSampler.nothing%_%Nobody.seed%", "%KSampler.nothing%_%Nobody.seed%"),
        ("%year%_%width%", "%year%_%width%"),
        ("100% %date%", "100% %date%"),
    ],
)
def test_what_is_filled_in(prefix: str, name: str):
    assert with_values(prefix, PROMPT, NOW) == name


@pytest.mark.parametrize("prompt", [None, [], {"1": None, "2": {"inputs": []}, "3": {"_meta": 1}}])
def test_without_a_workflow_names_stay_as_they_are(prompt: Json):
    assert with_values("%KSampler.seed%", prompt) == "%KSampler.seed%"
