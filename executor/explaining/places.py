"""Places: what a node of a workflow was computed from last time, in words a later run can be compared with.

A place is a node's role in a workflow that is run again and again: its id and its class. A content key says
only that something differs; a place knows what, because it keeps values, names of files and ids of sources
beside the hashes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from ..caches.fingerprints import FINGERPRINT
from ..caches.keys import Key
from ..graphs.graph import Link, Node
from ..problems import Json

Part = list[Json]
"""What an input brought: ["value", v, …], ["file", name, hash] or ["link", source's id, its key, slot, …]."""

LONG = 4000
"""Characters of JSON from which on a value is kept as its beginning and a hash."""


SHORT = LONG // 8
"""Characters of a text that is shorter than that as JSON, whatever it holds."""

_ENCODER = json.JSONEncoder(separators=(",", ":"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A node as it was when it last had a result: the key of that, and the parts that the key was made of.

    `own` is the node's id where that is a part of its key.
    """

    class_type: str
    key: str
    version: int
    inputs: Mapping[str, Part]
    own: str | None = None


def place_of(node: Node, key: Key) -> Place:
    """Return the place of a node of a validated graph that has this content key."""
    return Place(
        class_type=key.class_type,
        key=key.digest,
        version=key.version,
        inputs={name: _part(node.inputs.get(name), part) for name, part in key.inputs.items()},
        own=key.node,
    )


def always(key: Key) -> str | None:
    """Return why a node has another key in every run; None for one that has not."""
    part = key.inputs.get(FINGERPRINT, ())
    return str(part[2]) if part and part[0] == "always" else None


def _part(given: object, part: list[object]) -> Part:
    kind, first, *rest = cast("Part", part)
    if isinstance(given, Link):
        return [kind, given.node, first, *rest]
    if kind == "file":
        return [kind, cast(Json, given), first, *rest]
    return [kind, _shortened(first), *rest]


def _shortened(value: Json) -> Json:
    if not isinstance(value, str | list | dict) or (isinstance(value, str) and len(value) < SHORT):
        return value
    text = json.dumps(value)
    if len(text) <= LONG:
        return value
    head = value[:200] if isinstance(value, str) else text[:200]
    digest = hashlib.blake2b(text.encode(), digest_size=8).hexdigest()
    return f"{head}… ({len(text)} characters, {digest})"


def to_json(place: Place) -> str:
    """Return what is needed besides class and key to know a place again, as JSON text."""
    return _ENCODER.encode([place.version, place.own, place.inputs])


def from_json(class_type: str, key: str, text: str) -> Place:
    """Return the place that `to_json` wrote; raises ValueError when the text is something else."""
    read: object = json.loads(text)
    fields = cast("list[object]", read) if isinstance(read, list) else []
    version, own, inputs = fields if len(fields) == 3 else (None, None, None)
    if not isinstance(version, int) or not (own is None or isinstance(own, str)) or not _are_parts(inputs):
        raise ValueError(f"not a place: {text[:100]}")
    parts = cast("dict[str, Part]", inputs)
    return Place(class_type=class_type, key=key, version=version, inputs=parts, own=own)


def _are_parts(read: object) -> bool:
    return isinstance(read, dict) and all(
        isinstance(part, list) and len(cast("Part", part)) > 1
        for part in cast("dict[str, object]", read).values()
    )
