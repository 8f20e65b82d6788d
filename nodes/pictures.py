"""Pictures as files: numbered PNGs that are never half written, and whatever Pillow reads.

Pillow is imported where it is used: commands that only validate or list are done sooner than it is loaded.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from ..executor import Json, Receipt
from .numbered import save_numbered

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy as np
    from PIL.Image import Image as PilImage

    Pixels = np.ndarray[tuple[int, ...], np.dtype[np.uint8]]


FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM")
"""Raster formats that are read; Pillow knows others that hand a file to another program."""

MOST_PIXELS = 2**27
"""Pixels of all frames of a file that is read: 1.5 GiB as numbers."""


class PictureError(Exception):
    """A picture could not be read; the message says which, why and what to do."""


def save_pngs(
    pictures: Sequence[Pixels],
    root: Path,
    prefix: str,
    texts: Mapping[str, str],
    compress_level: int,
    receipt: Callable[[int], Receipt] | None = None,
) -> list[Path]:
    """Write pictures [H,W,C] as `<root>/<prefix>_00001_.png` and up (`save_numbered`); return their paths.

    The prefix may also hold the `picture_tokens`; `receipt` says where the receipt of each picture is. Raises
    OutputError when the prefix leads out of `root` or the files can't be written.
    """
    return [
        save_numbered(
            root,
            prefix,
            ".png",
            partial(_write_png, picture=picture, texts=texts, compress_level=compress_level),
            picture_tokens(picture, number),
            None if receipt is None else receipt(number),
        )
        for number, picture in enumerate(pictures)
    ]


def picture_tokens(picture: Pixels, number: int) -> dict[str, object]:
    """Return what the tokens %width% %height% %batch_num% stand for in the name of picture `number`."""
    return {"width": picture.shape[1], "height": picture.shape[0], "batch_num": number}


def shown(paths: Sequence[Path], root: Path, folder: str) -> list[Json]:
    """Say as the wire does where files lie in one of the user's folders."""
    return [
        {
            "filename": path.name,
            "subfolder": "/".join(path.parent.relative_to(root).parts),
            "type": folder,
        }
        for path in paths
    ]


def picture_of(pixels: Pixels) -> PilImage:
    """Return pixels [H,W,C] as Pillow has them: grey, grey with alpha, colours, colours with alpha."""
    from PIL import Image

    return Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)


def _write_png(file: BinaryIO, picture: Pixels, texts: Mapping[str, str], compress_level: int) -> None:
    from PIL import PngImagePlugin

    info = PngImagePlugin.PngInfo()
    for key, text in texts.items():
        info.add_text(key, text)
    picture_of(picture).save(file, "PNG", pnginfo=info, compress_level=compress_level)


def read_picture(path: Path) -> tuple[list[Pixels], list[Pixels] | None]:
    """Read the frames of a picture as RGB [H,W,3] and, where it has transparency, their alpha [H,W].

    Frames of another size than the first are left out. The camera's orientation mark is applied.
    Raises PictureError for a file that is no picture, is cut short or has too many pixels.
    """
    import numpy as np
    from PIL import Image, ImageOps, ImageSequence

    try:
        with Image.open(path, formats=FORMATS) as file:
            count: int = getattr(file, "n_frames", 1)
            if file.width * file.height * count > MOST_PIXELS:
                raise PictureError(
                    f"{path.name} has {count} frames of {file.width}x{file.height} pixels; "
                    f"all together may have {MOST_PIXELS}"
                )
            frames = [ImageOps.exif_transpose(frame.copy()) for frame in ImageSequence.Iterator(file)]
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise PictureError(
            f"{path.name} can't be read as a picture: {error}. "
            "PNG, JPEG, WebP, GIF, BMP and TIFF files can; is this one whole?"
        ) from error
    frames = [_eight_bit(frame) for frame in frames if frame.size == frames[0].size]
    colours = [np.asarray(frame.convert("RGB")) for frame in frames]
    if not any(frame.has_transparency_data for frame in frames):
        return colours, None
    return colours, [np.asarray(frame.convert("RGBA").getchannel("A")) for frame in frames]


def _eight_bit(frame: PilImage) -> PilImage:
    """Bring 16-bit greys (modes I;16 and I) to 8 bits; Pillow's own conversion clips them to white."""
    if frame.mode.startswith("I"):
        return frame.point(lambda value: value * (1 / 257), "F").convert("L")
    return frame
