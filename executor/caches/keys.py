"""Content keys: what decides a node's result, and nothing else.

A key is made of the node's class and version, the values of its declared inputs (a default that is spelled
out and one that is left out are the same), the keys of what it is linked to, and for names of files the hash
of the file's content. Node ids, titles, layout, the order of the JSON and inputs the class does not declare
don't enter; the node id does when the node asks for its id.

Values enter in canonical form (`canonical.py`) after conversion to the input's declared type: for a FLOAT 1,
1.0 and "1" are all `1.0`; for an INT all `1`; for a STRING 1 is `"1"` and 1.0 is `"1.0"`; an input of any
type tells them apart.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast

from ..files.folders import Folders
from ..files.snapshot import Snapshot
from ..graphs.canonical import canonical, quoted
from ..graphs.graph import Link, Node
from ..node_types.annotations import Mentions
from ..node_types.node_type import UNSET, Input, NodeType
from .fingerprints import FINGERPRINT, fingerprint_part

TAG = "inkloom-node/1"
"""Format of the keys; a change of the format changes it, and every key with it."""

_TAG = quoted(TAG)


@dataclass(frozen=True, slots=True)
class Key:
    """A content key and the parts it was made of, by which a later run can tell what changed.

    `inputs` holds for each input ["value", v], ["file", content hash] or ["link", source's digest, slot].
    Where a text names files, digests of these follow. A node's own fingerprint is among them as
    `FINGERPRINT`: ["value", v], or ["always", nonce, why] where it equals nothing.
    """

    digest: str
    class_type: str
    version: int
    inputs: Mapping[str, list[object]]
    node: str | None = None


def effective(node: Node, node_type: NodeType) -> dict[str, object]:
    """Return every declared input of a node that has a value or a link, defaults filled in."""
    inputs = {**node_type.defaults, **node.inputs}
    return {name: given for name, given in inputs.items() if name in node_type.inputs}


def node_key(
    node: Node,
    node_type: NodeType,
    digests: Mapping[str, str],
    folders: Folders | Snapshot,
    check: Callable[[], None] = lambda: None,
) -> Key:
    """Return the key of one node of a validated graph, given the digests of the nodes it links to.

    Where many keys are found together, `folders` is best a `Snapshot` of them. `check` is called again and
    again while a file is hashed and may raise to end that. Raises
    `MissingFileError` when a file it names is gone, TypeError or ValueError when a value has no canonical
    form.
    """
    digest, parts = digest_and_parts(node, node_type, digests, folders, check)
    own = node.id if node_type.is_unshared else None
    return Key(digest, node_type.name, node_type.version, parts, own)


def digest_and_parts(
    node: Node,
    node_type: NodeType,
    digests: Mapping[str, str],
    folders: Folders | Snapshot,
    check: Callable[[], None],
) -> tuple[str, dict[str, list[object]]]:
    """Return the digest and the `inputs` of a node's key, without the cost of a `Key`; see `node_key`."""
    inputs, defaults, naming = node.inputs, node_type.defaults, node_type.naming
    parts: dict[str, list[object]] = {}
    texts: list[str] = []
    for name, label in node_type.key_labels:
        given = inputs.get(name, UNSET)
        if given is UNSET:
            given = defaults.get(name, UNSET)
        if isinstance(given, Link):
            digest = digests[given.node]
            part: list[object] = ["link", digest, given.slot]
            text = f'["link",{quoted(digest)},{given.slot}]'
        elif given is UNSET:
            continue
        else:
            part, text = ["value", given], f'["value",{canonical(given)}]'
        if naming and name in naming:
            part = _files_part(part, given, node_type.inputs[name], folders, check)
            text = canonical(part)
        parts[name] = part
        texts.append(label + text)
    if node_type.fingerprint is not None:
        parts[FINGERPRINT] = fingerprint_part(node_type.fingerprint, node, effective(node, node_type))
        texts.append(f"{quoted(FINGERPRINT)}:{canonical(parts[FINGERPRINT])}")
    own = quoted(node.id) if node_type.is_unshared else "null"
    text = f"[{_TAG},{quoted(node_type.name)},{node_type.version},{{{','.join(texts)}}},{own}]"
    return hashlib.blake2b(text.encode("ascii"), digest_size=20).hexdigest(), parts


def _files_part(
    part: list[object], given: object, spec: Input, folders: Folders | Snapshot, check: Callable[[], None]
) -> list[object]:
    """Return the part of an input whose value names files: their content instead of it, or besides."""
    mentions, files = spec.mentions, spec.files
    if mentions is not None:
        if isinstance(given, Link):
            return [*part, folders.state(mentions.folder)]
        return [*part, *_mentioned(given, mentions, folders, check)] if isinstance(given, str) else part
    if files is None or isinstance(given, Link):
        return part
    if (asked := files.set_of(given)) is not None:
        members = sorted(asked.found(folders.names).values())
        return [*part, *(folders.fingerprint(asked.folder, member, check) for member in members)]
    if given is None or given in files.also:
        return part
    return ["file", folders.fingerprint(files.folder, cast(str, given), check)]


def _mentioned(
    text: str, mentions: Mentions, folders: Folders | Snapshot, check: Callable[[], None]
) -> list[list[str | None]]:
    """Return each file that a text names with the hash of its content, None for one that is not there."""
    found = {name: folders.named(mentions.folder, name) for name in re.findall(mentions.pattern, text)}
    return [
        [name, None if file is None else folders.fingerprint(mentions.folder, file, check)]
        for name, file in sorted(found.items())
    ]
