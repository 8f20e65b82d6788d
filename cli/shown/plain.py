"""Text of others on a terminal: what would steer it is spelled out."""

from __future__ import annotations

import re

STEERING = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters, changes of the writing direction, and halves of surrogate pairs."""


def plain(text: str) -> str:
    """Return text with an escape in place of each character that would steer a terminal."""
    return STEERING.sub(lambda found: found[0].encode("unicode_escape").decode(), text)
