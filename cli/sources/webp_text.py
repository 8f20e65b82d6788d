"""The texts in a WebP picture, read without its pixels.

RFC 9649 (the container), TIFF 6.0 section 2 (the list of tags in its EXIF part). Programs keep `key:text`
there, in whichever tag they find free.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

ASCII = 2
"""The type of a tag that is text."""

MOST_TAGS = 1000

ORDERS: Mapping[bytes, Literal["little", "big"]] = {b"II*\0": "little", b"MM\0*": "big"}
"""How such a list begins, and the order of bytes in its numbers."""


def is_webp(content: bytes) -> bool:
    """Tell whether a file begins as WebP pictures do."""
    return content[:4] == b"RIFF" and content[8:12] == b"WEBP"


def webp_text(content: bytes, keyword: str) -> str | None:
    """Return the text that a WebP file carries under a keyword, None when there is none.

    Raises ValueError when the file is not a whole WebP picture.
    """
    for kind, body in _chunks(content):
        if kind == b"EXIF":
            for text in _texts(body.removeprefix(b"Exif\0\0")):
                key, colon, value = text.partition(b":")
                if colon and key == keyword.encode():
                    return value.rstrip(b"\0").decode("utf-8", errors="replace")
    return None


def _chunks(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    end = 8 + int.from_bytes(content[4:8], "little")
    if end > len(content):
        raise ValueError("it ends too early")
    at = 12
    while at + 8 <= end:
        size = int.from_bytes(content[at + 4 : at + 8], "little")
        if at + 8 + size > end:
            raise ValueError(f"its part {content[at : at + 4].decode('latin-1')!r} at byte {at} is cut off")
        yield content[at : at + 4], content[at + 8 : at + 8 + size]
        at += 8 + size + size % 2


def _texts(tiff: bytes) -> Iterator[bytes]:
    """Yield the texts of the first list of tags."""
    order = ORDERS.get(tiff[:4])
    if order is None:
        raise ValueError("its EXIF part does not begin as one")

    def number(at: int, size: int) -> int:
        return int.from_bytes(tiff[at : at + size], order)

    first = number(4, 4)
    for entry in range(min(number(first, 2), MOST_TAGS)):
        at = first + 2 + 12 * entry
        length = number(at + 4, 4)
        if number(at + 2, 2) == ASCII and at + 12 <= len(tiff):
            start = at + 8 if length <= 4 else number(at + 8, 4)
            yield tiff[start : start + length]
