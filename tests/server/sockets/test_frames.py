"""Frames as RFC 6455 shows them, section 5.7."""

import pytest

from inkloom.server.sockets.frames import BINARY, TEXT, frame


@pytest.mark.parametrize(
    ("kind", "payload", "head"),
    [
        (TEXT, b"", "81 00"),
        (TEXT, b"Hello", "81 05"),
        (TEXT, b"x" * 125, "81 7d"),
        (TEXT, b"x" * 126, "81 7e 00 7e"),
        (BINARY, b"x" * 256, "82 7e 01 00"),
        (BINARY, b"x" * 65535, "82 7e ff ff"),
        (BINARY, b"x" * 65536, "82 7f 00 00 00 00 00 01 00 00"),
    ],
)
def test_a_frame(kind: int, payload: bytes, head: str) -> None:
    assert frame(kind, payload) == bytes.fromhex(head) + payload
