"""Nodes that cut, turn, mirror, pad and join pictures."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from .. import diffusion
from ..executor import Choice, Range, node
from .image import Side
from .latent import MAX_SIDE
from .latent_transform import FLIPS, ROTATIONS
from .ports import Image, Mask

Place = Annotated[int, Range(0, MAX_SIDE, step=1)]
Padding = Annotated[int, Range(0, MAX_SIDE, step=8)]


class PaddedImage(NamedTuple):
    """A padded picture, and the mask of what is new."""

    IMAGE: Image
    MASK: Mask


@node("ImageCrop", category="image/transform", display_name="Image Crop")
def image_crop(*, image: Image, width: Side = 512, height: Side = 512, x: Place = 0, y: Place = 0) -> Image:
    """Cut a piece out of pictures, from column `x` and row `y` on. What lies outside of them is left out."""
    return diffusion.crop_image(image, width, height, x, y)


@node("ImageRotate", category="image/transform")
def image_rotate(*, image: Image, rotation: Annotated[str, Choice(ROTATIONS)]) -> Image:
    """Turn pictures clockwise."""
    return diffusion.rotate_image(image, rotation)


@node("ImageFlip", category="image/transform")
def image_flip(*, image: Image, flip_method: Annotated[str, Choice(FLIPS)]) -> Image:
    """Mirror pictures: top to bottom (about the x axis) or left to right (about the y axis)."""
    return diffusion.flip_image(image, flip_method)


@node("ImagePadForOutpaint", category="image", display_name="Pad Image for Outpainting")
def image_pad_for_outpaint(
    *,
    image: Image,
    left: Padding = 0,
    top: Padding = 0,
    right: Padding = 0,
    bottom: Padding = 0,
    feathering: Annotated[int, Range(0, MAX_SIDE, step=1)] = 40,
) -> PaddedImage:
    """Add grey edges of so many pixels to pictures, and give the mask of what is to be painted there.

    The mask reaches `feathering` pixels into the picture and fades there with the square of the distance; a
    picture that is no larger than twice that is left sharp.
    """
    return PaddedImage(*diffusion.pad_for_outpainting(image, left, top, right, bottom, feathering))


@node("ImageStitch", category="image/transform", display_name="Image Stitch")
def image_stitch(
    *,
    image1: Image,
    direction: Annotated[str, Choice(("right", "down", "left", "up"))] = "right",
    match_image_size: bool = True,
    spacing_width: Annotated[int, Range(0, 1024, step=2)] = 0,
    spacing_color: Annotated[str, Choice(("white", "black", "red", "green", "blue"))] = "white",
    image2: Image | None = None,
) -> Image:
    """Put the second picture to the right, left, above or below the first, `spacing_width` pixels away.

    With `match_image_size` the second is scaled until the sides that meet are equally long; otherwise the
    smaller one is centred and the colour of the spacing lies around it. Without a second picture the first
    one stays as it is; a shorter batch repeats its last picture.
    """
    if image2 is None:
        return image1
    return diffusion.stitch_images(image1, image2, direction, match_image_size, spacing_width, spacing_color)


@node("ResizeAndPadImage", category="image/transform")
def resize_and_pad_image(
    *,
    image: Image,
    target_width: Side = 512,
    target_height: Side = 512,
    padding_color: Annotated[str, Choice(("white", "black"))],
    interpolation: Annotated[str, Choice(("area", "bicubic", "nearest-exact", "bilinear", "lanczos"))],
) -> Image:
    """Scale pictures in their proportions to fit into a size, centred; a colour fills the rest."""
    return diffusion.resize_and_pad(image, target_width, target_height, padding_color, interpolation)
