"""Texts in PNG pictures: as Pillow writes them, of any size, damaged."""

import io
import zlib

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from inkloom.cli.sources.png_text import SIGNATURE, png_text


def chunk(kind: bytes, body: bytes) -> bytes:
    return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")


HUGE = SIGNATURE + chunk(b"IHDR", bytes.fromhex("00007530 00007530 08 02 00 00 00"))
"""The beginning of a picture of 30,000 times 30,000 pixels."""
END = chunk(b"IEND", b"")


@pytest.mark.parametrize("text", ["plain", "caf\u00e9", "\u661f"])
@pytest.mark.parametrize("packed", [False, True])
def test_what_pillow_writes(text: str, *, packed: bool) -> None:
    info, file = PngInfo(), io.BytesIO()
    info.add_text("other", "no")
    info.add_text("prompt", text, zip=packed)
    Image.new("RGB", (4, 4)).save(file, "PNG", pnginfo=info)
    assert png_text(file.getvalue(), "prompt") == text
    assert png_text(file.getvalue(), "promp") is None


def test_the_size_of_the_picture_does_not_matter() -> None:
    assert png_text(HUGE + chunk(b"tEXt", b"prompt\0{}") + END, "prompt") == "{}"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (SIGNATURE, "too early"),
        (HUGE, "too early"),
        (HUGE + END[:-1], "too early"),
        (HUGE + chunk(b"tEXt", b"prompt\0{}")[:-1] + b"x" + END, "'tEXt' at byte 33 is damaged"),
        (HUGE + chunk(b"zTXt", b"prompt\0\0nonsense") + END, "can't be unpacked"),
        (HUGE + chunk(b"zTXt", b"prompt\0\0" + zlib.compress(b"x")[:-2]) + END, "too early"),
        (HUGE + chunk(b"zTXt", b"prompt\0\0" + zlib.compress(bytes(65 * 2**20))) + END, "too long"),
        (HUGE + chunk(b"iTXt", b"prompt\0\0\0\0\0\xff") + END, "utf-8"),
    ],
)
def test_what_is_no_whole_picture(content: bytes, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        png_text(content, "prompt")
