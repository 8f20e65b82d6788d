"""Workflows of cheap nodes, as long as wanted, over the real nodes."""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import pairwise
from typing import Any

from inkloom.executor import NodeTable, Ui
from inkloom.nodes import NODES

Flow = dict[str, Any]


def _shown(**_inputs: object) -> Ui:
    return Ui({})


TABLE = NodeTable(
    {**NODES, "PreviewImage": replace(NODES["PreviewImage"], function=_shown, takes_context=False)}
)
"""All nodes; PreviewImage writes no file, since what disks and PNGs cost is not the engine's."""


def chains(kind: str, nodes: int, longest: int = 0, *, first: int = 0, changed: int = 0) -> Flow:
    """Return `nodes` nodes in chains of at most `longest` (3 or more), in one chain for 0.

    "image" begins with EmptyImage of 8x8 pixels, goes on with ImageInvert and ends with PreviewImage;
    "string" has PrimitiveString, StringTrim and PreviewAny. Workflows of another `first` have no result in
    common; those of another `changed` (1..4096, 0 for none) differ in the last two nodes.
    """
    flow: Flow = {}
    count = math.ceil(nodes / (longest or nodes))
    for place in range(count):
        length = nodes // count + (place < nodes % count)
        flow |= _chain(kind, length, len(flow), first + place, changed if place == count - 1 else 0)
    return flow


def _chain(kind: str, length: int, begin: int, number: int, changed: int) -> Flow:
    names = [str(begin + place) for place in range(length)]
    head, body, end = _PARTS[kind]
    flow = {names[0]: head(number)}
    for source, name in pairwise(names[:-1]):
        flow[name] = body(source, 0)
    flow[names[-2]] = body(names[-3], changed)
    flow[names[-1]] = end(names[-2])
    return flow


def _node(class_type: str, **inputs: object) -> Flow:
    return {"class_type": class_type, "inputs": inputs}


_PARTS: dict[str, Any] = {
    "image": (
        lambda number: _node("EmptyImage", width=8, height=8, batch_size=1, color=number % 2**24),
        lambda source, changed: (
            _node("ImageFromBatch", image=[source, 0], batch_index=0, length=changed)
            if changed
            else _node("ImageInvert", image=[source, 0])
        ),
        lambda source: _node("PreviewImage", images=[source, 0]),
    ),
    "string": (
        lambda number: _node("PrimitiveString", value=f"text {number}"),
        lambda source, changed: (
            _node("StringReplace", string=[source, 0], find=f"{changed}", replace="")
            if changed
            else _node("StringTrim", string=[source, 0], mode="Both")
        ),
        lambda source: _node("PreviewAny", source=[source, 0]),
    ),
}
"""For each kind what its chains begin with, have in between, and end with."""
