"""Nodes that make batches of pictures and take them apart, into pictures or into colours."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from .. import diffusion
from ..executor import Range, node
from .ports import Image


class YUV(NamedTuple):
    """Lightness, blueness and redness, each a grey picture."""

    Y: Image
    U: Image
    V: Image


@node("ImageBatch", category="image", display_name="Batch Images")
def image_batch(*, image1: Image, image2: Image) -> Image:
    """Put two batches together; the second takes the size of the first (bilinear, cut evenly)."""
    return diffusion.join_images(image1, image2)


@node("RepeatImageBatch", category="image/batch")
def repeat_image_batch(*, image: Image, amount: Annotated[int, Range(1, 4096)] = 1) -> Image:
    """Repeat a whole batch: 0, 1, 0, 1, ..."""
    return image.repeat(amount, 1, 1, 1)


@node("ImageFromBatch", category="image/batch")
def image_from_batch(
    *,
    image: Image,
    batch_index: Annotated[int, Range(0, 4095)] = 0,
    length: Annotated[int, Range(1, 4096)] = 1,
) -> Image:
    """Take `length` pictures of a batch from number `batch_index` on, as many as there are, one at least."""
    return diffusion.images_from_batch(image, batch_index, length)


@node("RebatchImages", category="image/batch", display_name="Rebatch Images")
def rebatch_images(*, images: list[Image], batch_size: Annotated[int, Range(1, 4096)] = 1) -> list[Image]:
    """Make batches of at most `batch_size` of all pictures of a list, for what follows to run once for each.

    Pictures of another size begin a new batch.
    """
    return diffusion.rebatch_images(images, batch_size)


@node("ImageRGBToYUV", category="image/batch")
def image_rgb_to_yuv(*, image: Image) -> YUV:
    """Split pictures into lightness (Y), blueness (U) and redness (V), as JPEG does; 0.5 stands for grey."""
    return YUV(*diffusion.rgb_to_yuv(image))


@node("ImageYUVToRGB", category="image/batch")
def image_yuv_to_rgb(*, Y: Image, U: Image, V: Image) -> Image:  # noqa: N803 -- the wire's names
    """Make coloured pictures of lightness, blueness and redness; the latter two take the first's size."""
    return diffusion.yuv_to_rgb(Y, U, V)
