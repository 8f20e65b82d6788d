from __future__ import annotations

from inkloom.executor.reference import reference
from inkloom.nodes import NODES
from inkloom.nodes.page import PAGE


def test_the_page_of_nodes_is_up_to_date():
    """When this fails: python -m inkloom.nodes.page"""
    assert PAGE.read_text(encoding="utf-8") == reference(NODES)
