"""The texts in a PNG picture, read without its pixels: however large the picture is, that costs nothing.

PNG specification, third edition, 5.3 (chunk layout) and 11.3.3 (textual information).
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

SIGNATURE = b"\x89PNG\r\n\x1a\n"

LONGEST = 64 * 2**20
"""Bytes that a compressed text may unpack to."""


def png_text(content: bytes, keyword: str) -> str | None:
    """Return the text that a PNG file carries under a keyword, None when there is none.

    Raises ValueError when the file is not a whole PNG picture.
    """
    found: str | None = None
    for kind, body in _chunks(content):
        if kind in (b"tEXt", b"zTXt", b"iTXt") and body.partition(b"\0")[0] == keyword.encode("latin-1"):
            found = _text(kind, body.partition(b"\0")[2])
    return found


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield kind and body of each chunk up to the end mark."""
    at = len(SIGNATURE)
    while at + 12 <= len(content):
        end = at + 8 + int.from_bytes(content[at : at + 4], "big")
        if end + 4 > len(content):
            break
        kind = content[at + 4 : at + 8]
        if zlib.crc32(content[at + 4 : end]) != int.from_bytes(content[end : end + 4], "big"):
            raise ValueError(f"its part {kind.decode('latin-1')!r} at byte {at} is damaged")
        if kind == b"IEND":
            return
        yield kind, content[at + 8 : end]
        at = end + 4
    raise ValueError("it ends too early")


def _text(kind: bytes, body: bytes) -> str:
    """Read what follows the keyword: Latin-1, the same compressed, or UTF-8 that may be compressed."""
    if kind == b"tEXt":
        return body.decode("latin-1")
    if kind == b"zTXt":
        return _unpacked(body[1:]).decode("latin-1")
    _language, _, rest = body[2:].partition(b"\0")
    _translated, _, text = rest.partition(b"\0")
    return (_unpacked(text) if body[:1] == b"\x01" else text).decode("utf-8")


def _unpacked(packed: bytes) -> bytes:
    unpacker = zlib.decompressobj()
    try:
        text = unpacker.decompress(packed, LONGEST)
    except zlib.error as error:
        raise ValueError(f"a text in it can't be unpacked: {error}") from error
    if not unpacker.eof:
        raise ValueError("a text in it ends too early, or is too long")
    return text
