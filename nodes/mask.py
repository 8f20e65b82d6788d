"""Nodes that make and change masks."""

from __future__ import annotations

from typing import Annotated

from .. import diffusion
from ..executor import Choice, Context, Display, Files, Range, Ui, node
from .image import Extra, Prompt, Side, load_image, preview
from .image_transform import Place
from .latent import MAX_SIDE
from .ports import Image, Mask

OPERATIONS = ("multiply", "add", "subtract", "and", "or", "xor")

Unit = Annotated[float, Range(0.0, 1.0, step=0.01)]


@node("LoadImageMask", category="mask", display_name="Load Image (as Mask)", lane="worker")
def load_image_mask(
    ctx: Context,
    *,
    image: Annotated[str, Files("input", upload=True)],
    channel: Annotated[str, Choice(("alpha", "red", "green", "blue"))],
) -> Mask:
    """Load one channel of a picture from the input folder as a mask; `alpha` is 1 where it is see-through."""
    loaded = load_image(ctx, image=image)
    return loaded.MASK if channel == "alpha" else diffusion.image_to_mask(loaded.IMAGE, channel)


@node("MaskToImage", category="mask", display_name="Convert Mask to Image")
def mask_to_image(*, mask: Mask) -> Image:
    """Make grey pictures of masks: white where they are 1."""
    return diffusion.mask_to_image(mask)


@node("ImageToMask", category="mask", display_name="Convert Image to Mask")
def image_to_mask(
    *, image: Image, channel: Annotated[str, Choice(("red", "green", "blue", "alpha"))]
) -> Mask:
    """Take one channel of pictures as masks."""
    return diffusion.image_to_mask(image, channel)


@node("ImageColorToMask", category="mask")
def image_color_to_mask(
    *, image: Image, color: Annotated[int, Range(0, 0xFFFFFF, step=1), Display("color")] = 0
) -> Mask:
    """Find where pictures have exactly one colour, given as 0xRRGGBB."""
    return diffusion.colour_to_mask(image, color)


@node("SolidMask", category="mask")
def solid_mask(*, value: Unit = 1.0, width: Side = 512, height: Side = 512) -> Mask:
    """Make a mask of one value."""
    return diffusion.solid_mask(value, width, height)


@node("InvertMask", category="mask")
def invert_mask(*, mask: Mask) -> Mask:
    """Swap 0 and 1."""
    return 1.0 - mask


@node("CropMask", category="mask")
def crop_mask(*, mask: Mask, x: Place = 0, y: Place = 0, width: Side = 512, height: Side = 512) -> Mask:
    """Cut a piece out of masks, from column `x` and row `y` on. What lies outside of them is left out."""
    return diffusion.crop_mask(mask, width, height, x, y)


@node("MaskComposite", category="mask")
def mask_composite(
    *,
    destination: Mask,
    source: Mask,
    x: Place = 0,
    y: Place = 0,
    operation: Annotated[str, Choice(OPERATIONS)],
) -> Mask:
    """Combine the source into the destination at column `x`, row `y`; clipped to 0..1.

    `and`, `or` and `xor` round both to 0 or 1 first.
    """
    return diffusion.composite_masks(destination, source, x, y, operation)


@node("FeatherMask", category="mask")
def feather_mask(*, mask: Mask, left: Place = 0, top: Place = 0, right: Place = 0, bottom: Place = 0) -> Mask:
    """Let masks fade towards their edges over so many pixels."""
    return diffusion.feather_mask(mask, left, top, right, bottom)


@node("GrowMask", category="mask")
def grow_mask(
    *,
    mask: Mask,
    expand: Annotated[int, Range(-MAX_SIDE, MAX_SIDE, step=1)] = 0,
    tapered_corners: bool = True,
) -> Mask:
    """Grow what is light in masks by so many pixels, or shrink it by a negative number.

    With `tapered_corners` a point becomes a diamond, without a square.
    """
    return diffusion.grow_mask(mask, expand, tapered_corners)


@node("ThresholdMask", category="mask")
def threshold_mask(*, mask: Mask, value: Unit = 0.5) -> Mask:
    """Make masks 1 where they are greater than a value, 0 elsewhere."""
    return (mask > value).float()


@node("MaskPreview", category="mask", output=True, lane="files")
def mask_preview(ctx: Context, *, mask: Mask, prompt: Prompt, extra_pnginfo: Extra) -> Ui:
    """Show masks as grey pictures without keeping them."""
    return preview(ctx, diffusion.mask_to_image(mask), prompt, extra_pnginfo, compress_level=4)
