"""Pictures as the web process handles them: verified, made smaller to send, given another alpha channel."""

import io
import struct
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from PIL import Image, ImageOps, PngImagePlugin

from ..limits import LIMITS

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM")
"""Raster formats that are read; Pillow knows others that run programs or scripts."""

WEBP_SIDE = 16383
"""Longest side of a WebP picture, in pixels."""

BROKEN = (
    OSError,
    ValueError,
    SyntaxError,
    EOFError,
    IndexError,
    TypeError,
    OverflowError,
    ZeroDivisionError,
    struct.error,
    Image.DecompressionBombError,
    Image.DecompressionBombWarning,
)
"""What Pillow raises over files that are not whole pictures."""


class PictureError(Exception):
    """A file is no picture that can be worked on; the message says why."""


def verified_type(path: Path) -> str | None:
    """Return the content type of a raster picture that looks whole; None for any other file."""
    try:
        with Image.open(path, formats=FORMATS) as picture:
            kind = "JPEG" if picture.format == "MPO" else picture.format or ""
            picture.verify()
    except BROKEN:
        return None
    return Image.MIME.get(kind)


@contextmanager
def opened(path: Path | io.BytesIO, what: str) -> Generator[Image.Image]:
    """Open a picture; raises PictureError, naming it as `what`, also for what goes wrong with it later."""
    try:
        with Image.open(path, formats=FORMATS) as picture:
            if picture.width * picture.height > LIMITS.pixels:
                raise PictureError(
                    f"{what} has {picture.width}x{picture.height} pixels; the most are {LIMITS.pixels}"
                )
            yield picture
    except BROKEN as error:
        raise PictureError(f"{what} is not a picture that can be read: {error}") from error


def upright(picture: Image.Image) -> Image.Image:
    """Return a picture turned as its camera's orientation mark says."""
    return ImageOps.exif_transpose(picture)


def preview(path: Path, wanted: str, channel: str) -> tuple[bytes, str]:
    """Return a picture made new as `format;quality`, and its content type.

    The format is webp unless it is jpeg, which has no alpha channel: it is webp too where that is asked for.
    Raises PictureError.
    """
    form, *others = wanted.split(";")
    kind = "jpeg" if form == "jpeg" and "a" not in channel else "webp"
    told = ([form, *others])[-1]
    quality = min(int(told[:4]), 100) if told.isascii() and told.isdecimal() else 90
    with opened(path, path.name) as picture:
        turned = upright(picture)
        made = turned.convert("RGB") if kind == "jpeg" or channel == "rgb" else turned
        return _saved(made, kind, quality), f"image/{kind}"


def webp(source: Path | io.BytesIO, what: str) -> bytes:
    """Return any picture as WebP; raises PictureError."""
    with opened(source, what) as picture:
        return _saved(picture, "webp", 90)


def colours(path: Path) -> tuple[bytes, str]:
    """Return a picture without its alpha channel, and its content type; raises PictureError."""
    with opened(path, path.name) as picture:
        return _png(upright(picture).convert("RGB")), "image/png"


def alpha(path: Path) -> tuple[bytes, str]:
    """Return a picture's alpha channel over black, and its content type; raises PictureError."""
    with opened(path, path.name) as picture:
        found = upright(picture).convert("RGBA").getchannel("A")
        black = Image.new("RGBA", found.size)
        black.putalpha(found)
        return _png(black), "image/png"


def masked(original: Path, posted: Path) -> bytes:
    """Return a picture with the alpha channel of another, as PNG with the texts that it had.

    The camera's orientation mark is applied, as nodes do that load it. Raises PictureError, also where they
    differ in size.
    """
    with opened(original, "the picture of original_ref") as picture, opened(posted, "the image") as mask:
        made = upright(picture).convert("RGBA")
        if made.size != mask.size:
            sizes = (f"{one.width}x{one.height}" for one in (mask, made))
            raise PictureError("the image has {} pixels, the picture of original_ref {}".format(*sizes))
        made.putalpha(mask.convert("RGBA").getchannel("A"))
        texts = PngImagePlugin.PngInfo()
        if isinstance(picture, PngImagePlugin.PngImageFile):
            for key, text in picture.text.items():
                texts.add_text(key, text)
        return _png(made, texts)


def _saved(picture: Image.Image, kind: str, quality: int) -> bytes:
    if kind == "webp" and max(picture.size) > WEBP_SIDE:
        picture = picture.copy()
        picture.thumbnail((WEBP_SIDE, WEBP_SIDE))
    made = io.BytesIO()
    picture.save(made, kind, quality=quality)
    return made.getvalue()


def _png(picture: Image.Image, texts: PngImagePlugin.PngInfo | None = None) -> bytes:
    made = io.BytesIO()
    picture.save(made, "png", compress_level=4, pnginfo=texts)
    return made.getvalue()
