"""Nodes that lay pictures over others and handle their transparency."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from .. import diffusion
from ..executor import Choice, node
from .image_transform import Place
from .ports import Image, Mask

PORTER_DUFF_MODES = (
    *("ADD", "CLEAR", "DARKEN", "DST", "DST_ATOP", "DST_IN", "DST_OUT", "DST_OVER", "LIGHTEN", "MULTIPLY"),
    *("OVERLAY", "SCREEN", "SRC", "SRC_ATOP", "SRC_IN", "SRC_OUT", "SRC_OVER", "XOR"),
)


class Layer(NamedTuple):
    """A picture and its transparency, 1 where it is see-through."""

    IMAGE: Image
    MASK: Mask


@node("ImageCompositeMasked", category="image")
def image_composite_masked(
    *,
    destination: Image,
    source: Image,
    x: Place = 0,
    y: Place = 0,
    resize_source: bool = False,
    mask: Mask | None = None,
) -> Image:
    """Lay the source over the destination at column `x`, row `y`, where the mask is 1; without one, all.

    `resize_source` first stretches it over all of the destination. The mask is scaled to it (bilinear).
    """
    return diffusion.composite_images(destination, source, x, y, mask, resize=resize_source)


@node("PorterDuffImageComposite", category="mask/compositing", display_name="Porter-Duff Image Composite")
def porter_duff_image_composite(
    *,
    source: Image,
    source_alpha: Mask,
    destination: Image,
    destination_alpha: Mask,
    mode: Annotated[str, Choice(PORTER_DUFF_MODES)] = "DST",
) -> Layer:
    """Combine two pictures with transparency; masks, also the one that comes out, are 1 where see-through.

    Masks are scaled to their pictures, and the source with its mask to the destination (bicubic, cut evenly).
    """
    return Layer(*diffusion.composite_layers(source, source_alpha, destination, destination_alpha, mode))


@node("SplitImageWithAlpha", category="mask/compositing", display_name="Split Image with Alpha")
def split_image_with_alpha(*, image: Image) -> Layer:
    """Take the transparency off pictures; the mask is 1 where they are see-through."""
    return Layer(*diffusion.split_alpha(image))


@node("JoinImageWithAlpha", category="mask/compositing", display_name="Join Image with Alpha")
def join_image_with_alpha(*, image: Image, alpha: Mask) -> Image:
    """Make pictures see-through where the mask is 1; it is scaled to their size (bilinear)."""
    return diffusion.join_alpha(image, alpha)
