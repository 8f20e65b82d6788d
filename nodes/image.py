"""Nodes that read, write, show and make pictures."""

from __future__ import annotations

import random
import string
from typing import Annotated, NamedTuple

from .. import diffusion
from ..executor import Context, Display, Files, Hidden, Json, Range, Remote, Ui, node
from .latent import MAX_SIDE
from .naming import with_values
from .numbered import workflow_texts
from .pictures import read_picture, save_pngs, shown
from .ports import Image, Mask

Prompt = Annotated[Json, Hidden("PROMPT")]
Extra = Annotated[Json, Hidden("EXTRA_PNGINFO")]
Side = Annotated[int, Range(1, MAX_SIDE, step=1)]


class LoadedImage(NamedTuple):
    """A picture and its transparency, 1 where it is see-through."""

    IMAGE: Image
    MASK: Mask


class ImageSize(NamedTuple):
    """Pixels on each side, and how many pictures."""

    width: int
    height: int
    batch_size: int


@node("LoadImage", category="image", display_name="Load Image", lane="worker")
def load_image(ctx: Context, *, image: Annotated[str, Files("input", upload=True)]) -> LoadedImage:
    """Load a picture from the input folder; several frames become a batch."""
    colours, alphas = read_picture(ctx.folders.path("input", image))
    return LoadedImage(*diffusion.image_and_mask(colours, alphas))


# The editor asks the server for the names, and again when the button is pressed.
OUTPUTS = Files(
    "output",
    upload=True,
    remote=Remote("/internal/files/output", refresh_button=True, control_after_refresh="first"),
)


@node(
    "LoadImageOutput",
    category="image",
    display_name="Load Image (from Outputs)",
    experimental=True,
    lane="worker",
)
def load_image_output(ctx: Context, *, image: Annotated[str, OUTPUTS]) -> LoadedImage:
    """Load a picture that a workflow has made, from the output folder; the newest are offered first."""
    colours, alphas = read_picture(ctx.folders.path("output", image))
    return LoadedImage(*diffusion.image_and_mask(colours, alphas))


@node("SaveImage", category="image", display_name="Save Image", output=True, lane="files")
def save_image(
    ctx: Context,
    *,
    images: Image,
    filename_prefix: str = "ComfyUI",
    prompt: Prompt,
    extra_pnginfo: Extra,
) -> Ui:
    """Save pictures as numbered PNG files in the output folder, with the workflow inside.

    The prefix may name folders, as in `trip/beach`, and hold %width% %height% %batch_num%, the time as
    %year% %month% %day% %hour% %minute% %second% or %date:yyyy-MM-dd%, and values such as %KSampler.seed%.
    """
    return save_pictures(ctx, "output", images, filename_prefix, prompt, extra_pnginfo, compress_level=4)


@node("PreviewImage", category="image", display_name="Preview Image", output=True, lane="files")
def preview_image(ctx: Context, *, images: Image, prompt: Prompt, extra_pnginfo: Extra) -> Ui:
    """Show pictures without keeping them: they go to the temporary folder."""
    return preview(ctx, images, prompt, extra_pnginfo)


def preview(ctx: Context, images: Image, prompt: Json, extra: Json, *, compress_level: int = 1) -> Ui:
    """Save pictures in the temporary folder under a name of their own."""
    prefix = "ComfyUI_temp_" + "".join(random.choices(string.ascii_lowercase, k=5))
    return save_pictures(ctx, "temp", images, prefix, prompt, extra, compress_level=compress_level)


def save_pictures(
    ctx: Context, folder: str, images: Image, prefix: str, prompt: Json, extra: Json, *, compress_level: int
) -> Ui:
    """Save pictures as PNGs in one of the user's folders."""
    root = ctx.folders.root(folder).resolve()
    pixels = list(diffusion.image_to_pixels(diffusion.check_image(images, "images")))
    texts = workflow_texts(prompt, extra)
    # What is only shown may be there twice: it has a name of its own each time, and is soon gone.
    receipt = ctx.receipt if folder == "output" else None
    paths = save_pngs(pixels, root, with_values(prefix, prompt), texts, compress_level, receipt)
    return Ui(shown={"images": shown(paths, root, folder)}, files=tuple(paths))


@node("EmptyImage", category="image", display_name="EmptyImage")
def empty_image(
    *,
    width: Side = 512,
    height: Side = 512,
    batch_size: Annotated[int, Range(1, 4096)] = 1,
    color: Annotated[int, Range(0, 0xFFFFFF, step=1), Display("color")] = 0,
) -> Image:
    """Make pictures of one colour, given as 0xRRGGBB."""
    return diffusion.empty_image(width, height, batch_size, color)


@node("ImageInvert", category="image", display_name="Invert Image")
def image_invert(*, image: Image) -> Image:
    """Turn every colour into its opposite."""
    return 1.0 - image


@node("GetImageSize", category="image", display_name="Get Image Size")
def get_image_size(*, image: Image, unique_id: Annotated[str, Hidden("UNIQUE_ID")]) -> ImageSize:
    """Tell how large pictures are, in pixels, and how many there are."""
    del unique_id  # the wire's declaration has it
    count, height, width = image.shape[:3]
    return ImageSize(width, height, count)
