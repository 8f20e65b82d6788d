"""Nodes that save batches of pictures as animations."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Annotated, BinaryIO

from .. import diffusion
from ..executor import Choice, Context, Json, Range, Ui, node
from .image import Extra, Prompt
from .naming import with_values
from .numbered import save_numbered, workflow_texts
from .pictures import picture_of, picture_tokens, shown
from .ports import Image

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from PIL.Image import Image as PilImage

METHODS = {"default": 4, "fastest": 0, "slowest": 6}
"""How hard WebP's encoder tries."""

MODEL_TAG = 0x0110
"""The EXIF tag that readers of this field look for the prompt in; further texts are in the tags below it."""

Fps = Annotated[float, Range(0.01, 1000.0, step=0.01)]


@node("SaveAnimatedWEBP", category="image/animation", output=True, lane="files")
def save_animated_webp(
    ctx: Context,
    *,
    images: Image,
    filename_prefix: str = "ComfyUI",
    fps: Fps = 6.0,
    lossless: bool = True,
    quality: Annotated[int, Range(0, 100)] = 80,
    method: Annotated[str, Choice(METHODS)],
    prompt: Prompt,
    extra_pnginfo: Extra,
) -> Ui:
    """Save a batch as one numbered WebP animation in the output folder, `fps` pictures a second.

    `quality` is the look of lossy files and the effort for lossless ones; `method` trades time for size.
    """
    texts = workflow_texts(prompt, extra_pnginfo)
    write = partial(_write_webp, lossless=lossless, quality=quality, method=METHODS[method], texts=texts)
    return _saved(ctx, images, filename_prefix, prompt, ".webp", write, fps)


@node("SaveAnimatedPNG", category="image/animation", output=True, lane="files")
def save_animated_png(
    ctx: Context,
    *,
    images: Image,
    filename_prefix: str = "ComfyUI",
    fps: Fps = 6.0,
    compress_level: Annotated[int, Range(0, 9)] = 4,
    prompt: Prompt,
    extra_pnginfo: Extra,
) -> Ui:
    """Save a batch as one numbered animated PNG in the output folder, `fps` pictures a second."""
    texts = workflow_texts(prompt, extra_pnginfo)
    write = partial(_write_apng, compress_level=compress_level, texts=texts)
    return _saved(ctx, images, filename_prefix, prompt, ".png", write, fps)


def _saved(
    ctx: Context,
    images: Image,
    prefix: str,
    prompt: Json,
    suffix: str,
    write: Callable[[BinaryIO, Sequence[PilImage], float], None],
    fps: float,
) -> Ui:
    root = ctx.folders.root("output").resolve()
    pixels = list(diffusion.image_to_pixels(diffusion.check_image(images, "images")))
    frames = [picture_of(frame) for frame in pixels]
    path = save_numbered(
        root,
        with_values(prefix, prompt),
        suffix,
        lambda file: write(file, frames, 1000 / fps),
        picture_tokens(pixels[0], 0),
        ctx.receipt(),
    )
    return Ui(shown={"images": shown([path], root, "output"), "animated": [len(frames) > 1]}, files=(path,))


def _write_webp(
    file: BinaryIO,
    frames: Sequence[PilImage],
    milliseconds: float,
    *,
    lossless: bool,
    quality: int,
    method: int,
    texts: Mapping[str, str],
) -> None:
    exif = frames[0].getexif()
    others = [key for key in texts if key != "prompt"]
    tags = {key: MODEL_TAG - 1 - number for number, key in enumerate(others)} | {"prompt": MODEL_TAG}
    for key, text in texts.items():
        exif[tags[key]] = f"{key}:{text}"
    frames[0].save(
        file,
        "WEBP",
        save_all=True,
        append_images=frames[1:],
        duration=round(milliseconds),
        lossless=lossless,
        quality=quality,
        method=method,
        exif=exif,
    )


def _write_apng(
    file: BinaryIO,
    frames: Sequence[PilImage],
    milliseconds: float,
    *,
    compress_level: int,
    texts: Mapping[str, str],
) -> None:
    from PIL.PngImagePlugin import PngInfo

    info = PngInfo()
    for key, text in texts.items():
        # The field's own chunk: readers of animated PNGs may stop at the pictures, so it comes after them.
        info.add(b"comf", key.encode("latin-1", "replace") + b"\0" + text.encode("latin-1"), after_idat=True)
    frames[0].save(
        file,
        "PNG",
        save_all=True,
        append_images=frames[1:],
        duration=milliseconds,
        compress_level=compress_level,
        pnginfo=info,
    )
