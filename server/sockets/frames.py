"""Frames of the websocket protocol as a server sends them (RFC 6455, section 5.2), not compressed.

They are made here so that many can be written at once: aiohttp hands each to the system by itself, and that
costs more than all else that is done for a message.
"""

import struct

TEXT, BINARY = 1, 2
"""Kinds of frames."""


def frame(kind: int, payload: bytes) -> bytes:
    """Return a message as one frame."""
    first, size = 0x80 | kind, len(payload)
    if size < 126:
        return bytes((first, size)) + payload
    if size < 2**16:
        return struct.pack(">BBH", first, 126, size) + payload
    return struct.pack(">BBQ", first, 127, size) + payload
