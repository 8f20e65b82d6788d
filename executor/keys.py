"""Content keys: what decides a node's result, and nothing else.

A key is made of the node's class and version, the values of its declared inputs (a default that is spelled
out and one that is left out are the same), the keys of what it is linked to, and for names of files the hash
of the file's content. Node ids, titles, layout, the order of the JSON and inputs the class does not declare
don't enter; the node id does when the node asks for its id.

Values enter as JSON text after conversion to the input's declared type: for a FLOAT 1, 1.0 and "1" are all
`1.0`; for an INT all `1`; for a STRING 1 is `"1"` and 1.0 is `"1.0"`; an input of any type tells them apart.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast

from .annotations import Mentions
from .folders import Folders
from .graph import Link, Node
from .node_type import NodeType

TAG = "inkloom-node/1"
"""Format of the keys; a change of the format changes it, and every key with it."""


@dataclass(frozen=True, slots=True)
class Key:
    """A content key and the parts it was made of, by which a later run can tell what changed.

    `inputs` holds for each input ["value", v], ["file", content hash] or ["link", source's digest, slot].
    Where a text names files, digests of these follow.
    """

    digest: str
    class_type: str
    version: int
    inputs: Mapping[str, list[object]]
    node: str | None = None


def effective(node: Node, node_type: NodeType) -> dict[str, object]:
    """Return every declared input of a node that has a value or a link, defaults filled in."""
    declared = node_type.inputs
    return {**node_type.defaults, **{name: given for name, given in node.inputs.items() if name in declared}}


def node_key(
    node: Node,
    node_type: NodeType,
    digests: Mapping[str, str],
    folders: Folders,
    check: Callable[[], None] = lambda: None,
) -> Key:
    """Return the key of one node of a validated graph, given the digests of the nodes it links to.

    `check` is called again and again while a file is hashed and may raise to end that. Raises
    `MissingFileError` when a file it names is gone, TypeError when a value has no JSON form.
    """
    parts: dict[str, list[object]] = {}
    for name, given in effective(node, node_type).items():
        mentions, files = node_type.inputs[name].mentions, node_type.inputs[name].files
        if isinstance(given, Link):
            also = [] if mentions is None else [folders.state(mentions.folder)]
            parts[name] = ["link", digests[given.node], given.slot, *also]
            continue
        if mentions is not None and isinstance(given, str):
            parts[name] = ["value", given, *_mentioned(given, mentions, folders, check)]
            continue
        if files is not None and given not in files.also and given is not None:
            parts[name] = ["file", folders.fingerprint(files.folder, cast(str, given), check)]
        else:
            parts[name] = ["value", given]
    own = node.id if "UNIQUE_ID" in node_type.hidden.values() else None
    blob = _canonical([TAG, node_type.name, node_type.version, parts, own])
    digest = hashlib.blake2b(blob, digest_size=20).hexdigest()
    return Key(digest, node_type.name, node_type.version, parts, own)


def _mentioned(
    text: str, mentions: Mentions, folders: Folders, check: Callable[[], None]
) -> list[list[str | None]]:
    """Return each file that a text names with the hash of its content, None for one that is not there."""
    found = {name: folders.named(mentions.folder, name) for name in re.findall(mentions.pattern, text)}
    return [
        [name, None if file is None else folders.fingerprint(mentions.folder, file, check)]
        for name, file in sorted(found.items())
    ]


_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)


def _canonical(value: object) -> bytes:
    return _ENCODER.encode(value).encode("ascii")
