from __future__ import annotations

import json
from pathlib import Path

import pytest

from inkloom.nodes import NODES
from inkloom.nodes.absent import ABSENT
from inkloom.nodes.page import DOCS, pages

CORE = json.loads((Path(__file__).parents[1] / "data" / "core-nodes.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", pages())
def test_the_pages_on_nodes_are_up_to_date(name: str):
    """When this fails: python -m inkloom.nodes.page"""
    assert (DOCS / name).read_text(encoding="utf-8") == pages()[name]


def test_every_core_node_is_here_or_its_absence_has_a_reason():
    assert CORE["nodes"].keys() - NODES.keys() == ABSENT.keys()
