"""Nodes that read, write and change pictures."""

from __future__ import annotations

import random
import string
from typing import Annotated, NamedTuple

from .. import diffusion
from ..executor import Choice, Context, Display, Files, Hidden, Json, Range, Ui, node
from .latent import CROPS, MAX_SIDE
from .pictures import png_texts, read_picture, save_pngs
from .ports import Image, Mask

IMAGE_SCALE_METHODS = ("nearest-exact", "bilinear", "area", "bicubic", "lanczos")


class LoadedImage(NamedTuple):
    """A picture and its transparency, 1 where it is see-through."""

    IMAGE: Image
    MASK: Mask


@node("LoadImage", category="image", display_name="Load Image")
def load_image(ctx: Context, *, image: Annotated[str, Files("input", upload=True)]) -> LoadedImage:
    """Load a picture from the input folder; several frames become a batch."""
    colours, alphas = read_picture(ctx.folders.path("input", image))
    return LoadedImage(*diffusion.image_and_mask(colours, alphas))


@node("SaveImage", category="image", display_name="Save Image", output=True)
def save_image(
    ctx: Context,
    *,
    images: Image,
    filename_prefix: str = "ComfyUI",
    prompt: Annotated[Json, Hidden("PROMPT")],
    extra_pnginfo: Annotated[Json, Hidden("EXTRA_PNGINFO")],
) -> Ui:
    """Save pictures as numbered PNG files in the output folder, with the workflow inside."""
    return _saved(ctx, "output", images, filename_prefix, prompt, extra_pnginfo, compress_level=4)


@node("PreviewImage", category="image", display_name="Preview Image", output=True)
def preview_image(
    ctx: Context,
    *,
    images: Image,
    prompt: Annotated[Json, Hidden("PROMPT")],
    extra_pnginfo: Annotated[Json, Hidden("EXTRA_PNGINFO")],
) -> Ui:
    """Show pictures without keeping them: they go to the temporary folder."""
    prefix = "ComfyUI_temp_" + "".join(random.choices(string.ascii_lowercase, k=5))
    return _saved(ctx, "temp", images, prefix, prompt, extra_pnginfo, compress_level=1)


def _saved(
    ctx: Context, folder: str, images: Image, prefix: str, prompt: Json, extra: Json, *, compress_level: int
) -> Ui:
    root = ctx.folders.root(folder).resolve()
    pixels = list(diffusion.image_to_pixels(images))
    paths = save_pngs(pixels, root, prefix, png_texts(prompt, extra), compress_level)
    shown: list[Json] = [
        {
            "filename": path.name,
            "subfolder": "/".join(path.parent.relative_to(root).parts),
            "type": folder,
        }
        for path in paths
    ]
    return Ui(shown={"images": shown}, files=tuple(paths))


@node("ImageScale", category="image/upscaling", display_name="Upscale Image")
def image_scale(
    *,
    image: Image,
    upscale_method: Annotated[str, Choice(IMAGE_SCALE_METHODS)],
    width: Annotated[int, Range(0, MAX_SIDE, step=1)] = 512,
    height: Annotated[int, Range(0, MAX_SIDE, step=1)] = 512,
    crop: Annotated[str, Choice(CROPS)],
) -> Image:
    """Scale pictures; a side of 0 follows the other one's proportion."""
    return diffusion.scale_image(image, upscale_method, width, height, crop)


@node("ImageInvert", category="image", display_name="Invert Image")
def image_invert(*, image: Image) -> Image:
    """Turn every colour into its opposite."""
    return 1.0 - image


@node("EmptyImage", category="image", display_name="EmptyImage")
def empty_image(
    *,
    width: Annotated[int, Range(1, MAX_SIDE, step=1)] = 512,
    height: Annotated[int, Range(1, MAX_SIDE, step=1)] = 512,
    batch_size: Annotated[int, Range(1, 4096)] = 1,
    color: Annotated[int, Range(0, 0xFFFFFF, step=1), Display("color")] = 0,
) -> Image:
    """Make pictures of one colour, given as 0xRRGGBB."""
    return diffusion.empty_image(width, height, batch_size, color)
