"""Pictures cut, turned, mirrored, padded and put side by side. IMAGE is float32 [B,H,W,C] in 0..1."""

from __future__ import annotations

import torch
from torch import Tensor

from ..latents.latent_transform import MIRRORS, QUARTERS
from ..names import row
from .image_batch import with_channels
from .images import scale_image

GREY = 0.5
"""What fills the place that is to be painted, in every channel."""

PAINTS = {
    "white": (1.0, 1.0, 1.0),
    "black": (0.0, 0.0, 0.0),
    "red": (1.0, 0.0, 0.0),
    "green": (0.0, 1.0, 0.0),
    "blue": (0.0, 0.0, 1.0),
}
"""Colours for what lies between and around pictures; opaque where these have alpha."""


def crop_image(image: Tensor, width: int, height: int, x: int, y: int) -> Tensor:
    """Cut out `width` x `height` pixels at column `x`, row `y` of [B,H,W,...], a picture or a mask.

    What lies outside is left out; a place outside is the last column or row.
    """
    y, x = min(y, image.shape[1] - 1), min(x, image.shape[2] - 1)
    return image[:, y : y + height, x : x + width].clone()


def rotate_image(image: Tensor, rotation: str) -> Tensor:
    """Turn pictures clockwise by one of `QUARTERS`. Raises UnknownNameError for another."""
    return image.rot90(row(QUARTERS, rotation, "rotation"), (2, 1))


def flip_image(image: Tensor, method: str) -> Tensor:
    """Mirror pictures by one of `MIRRORS`. Raises UnknownNameError for another."""
    return image.flip(row(MIRRORS, method, "flip method") + 3)


def pad_for_outpainting(
    image: Tensor, left: int, top: int, right: int, bottom: int, feathering: int
) -> tuple[Tensor, Tensor]:
    """Add grey edges of so many pixels, and return with it the MASK [1,H,W] of what is to be painted.

    The mask is 1 in the new edges. With `feathering` it falls inside of the picture with the square of the
    distance to a padded edge, down to 0 at that many pixels; sides without padding are left sharp, and so is
    a picture that is no larger than twice the feathering.
    """
    batch, height, width, channels = image.shape
    padded = image.new_full((batch, top + height + bottom, left + width + right, channels), GREY)
    inside = slice(top, top + height), slice(left, left + width)
    padded[:, inside[0], inside[1]] = image
    mask = torch.ones(1, *padded.shape[1:3])
    mask[0, inside[0], inside[1]] = 0
    if 0 < 2 * feathering < min(height, width):
        down = _distance(height, top, bottom, feathering)[:, None]
        across = _distance(width, left, right, feathering)
        nearness = (feathering - torch.minimum(down, across)) / feathering
        mask[0, inside[0], inside[1]] = nearness.square()
    return padded, mask


def _distance(size: int, before: int, after: int, most: int) -> Tensor:
    """Return how far each place is from the ends that are padded: 0 at the first, 1 at the last."""
    at = torch.arange(size)
    distance = torch.full((size,), most)
    if before:
        distance = torch.minimum(distance, at)
    if after:
        distance = torch.minimum(distance, size - at)
    return distance


def stitch_images(
    image: Tensor, other: Tensor, direction: str, match: bool, spacing: int, colour: str
) -> Tensor:
    """Put a second picture to the right of a first, or "left", "up", "down" of it, `spacing` pixels away.

    `match` scales the second one (Lanczos) in its proportions to the first one's height or width; otherwise
    the smaller one is centred, with the colour of the spacing (one of `PAINTS`) around it. A shorter batch
    repeats its last picture; a picture without alpha is opaque where the other one has alpha.
    Raises UnknownNameError for another direction or colour.
    """
    dim, swapped = row(DIRECTIONS, direction, "direction")
    paint = row(PAINTS, colour, "colour")
    if match:
        height, width = image.shape[1:3]
        size = (0, height) if dim == 2 else (width, 0)
        other = scale_image(other, "lanczos", *size, "disabled")
    count = max(len(image), len(other))
    channels = max(image.shape[3], other.shape[3], 3)
    first, second = (with_channels(_lengthened(part, count), channels) for part in (image, other))
    side = max(first.shape[3 - dim], second.shape[3 - dim])
    sizes = [(side, part.shape[2]) if dim == 2 else (part.shape[1], side) for part in (first, second)]
    first, second = (_centred(part, *size, paint) for part, size in zip((first, second), sizes, strict=True))
    parts = [second, first] if swapped else [first, second]
    if spacing:
        gap = (side, spacing) if dim == 2 else (spacing, side)
        parts.insert(1, _painted(first, *gap, paint))
    return torch.cat(parts, dim)


DIRECTIONS = {"right": (2, False), "down": (1, False), "left": (2, True), "up": (1, True)}
"""The dimension along which pictures are put, and whether the second one comes first."""


def resize_and_pad(image: Tensor, width: int, height: int, colour: str, method: str) -> Tensor:
    """Scale pictures in their proportions into `width` x `height` pixels and fill the rest with a colour.

    Raises UnknownNameError for a colour that is not in `PAINTS`, ValueError for an unknown method.
    """
    paint = row(PAINTS, colour, "colour")
    old_height, old_width = image.shape[1:3]
    if width * old_height <= height * old_width:
        inner = (width, max(1, old_height * width // old_width))
    else:
        inner = (max(1, old_width * height // old_height), height)
    scaled = scale_image(image, method, *inner, "disabled")
    return _centred(scaled, height, width, paint)


def _centred(image: Tensor, height: int, width: int, paint: tuple[float, ...]) -> Tensor:
    """Lay pictures onto the middle of a colour of that size."""
    if image.shape[1:3] == (height, width):
        return image
    canvas = _painted(image, height, width, paint)
    top, left = (height - image.shape[1]) // 2, (width - image.shape[2]) // 2
    canvas[:, top : top + image.shape[1], left : left + image.shape[2]] = image
    return canvas


def _painted(like: Tensor, height: int, width: int, paint: tuple[float, ...]) -> Tensor:
    """Return as many pictures of one colour as `like` has, with its channels."""
    channels = like.shape[3]
    colour = like.new_tensor([*paint, 1.0][:channels] if channels >= 3 else [sum(paint) / 3])
    return colour.expand(len(like), height, width, channels).clone()


def _lengthened(image: Tensor, count: int) -> Tensor:
    """Repeat the last picture of a batch until there are `count`."""
    return torch.cat([image, image[-1:].expand(count - len(image), -1, -1, -1)])
