"""What a node's own fingerprint adds to its content key: a value, or that it never has the same key twice."""

from __future__ import annotations

import json
import logging
import uuid
from collections.abc import Mapping

from ..graphs.graph import Link, Node
from ..node_types.node_type import Helper

FINGERPRINT = "fingerprint()"
"""The name in a key's parts; no input of a function can be called so."""

log = logging.getLogger(__name__)


def fingerprint_part(fingerprint: Helper, node: Node, inputs: Mapping[str, object]) -> list[object]:
    """Return ["value", v], or ["always", nonce, why] when v can't be compared or the function failed.

    `inputs` are the node's effective ones; what is linked is None to the function. NaN equals nothing, and
    so does what has no JSON form. A failure is logged as a warning: the node itself will tell what is wrong.
    """
    values = {name: None if isinstance(given, Link) else given for name, given in inputs.items()}
    try:
        found = fingerprint.ask(values)
    except Exception as error:  # noqa: BLE001 -- whatever the function raises, the node then always runs
        log.warning("%s (node %r): its fingerprint failed: %r", node.class_type, node.id, error)
        return ["always", uuid.uuid4().hex, f"its fingerprint failed: {error}"]
    try:
        json.dumps(found, allow_nan=False)
    except (TypeError, ValueError):
        return ["always", uuid.uuid4().hex, f"its fingerprint {found!r} equals nothing"]
    return ["value", found]
