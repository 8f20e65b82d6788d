"""Pictures with few colours, dithered or not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
from PIL import Image as PilImage

from ..names import row
from .images import image_to_pixels, pixels_to_image

if TYPE_CHECKING:
    from torch import Tensor

    from .images import Pixels

DITHERS = {"none": 0, "floyd-steinberg": 0, "bayer-2": 2, "bayer-4": 4, "bayer-8": 8, "bayer-16": 16}
"""The ways to spread what is lost; the side of the threshold matrix for the ordered ones."""


def quantise_image(image: Tensor, colours: int, dither: str) -> Tensor:
    """Reduce each picture [B,H,W,3 or 4] to a few colours chosen for it (median cut); alpha stays.

    Raises UnknownNameError for another dither than `DITHERS`, ValueError for pictures without colours.
    """
    side = row(DITHERS, dither, "dither")
    if image.shape[3] < 3:
        raise ValueError(f"a picture with {image.shape[3]} channels has no colours to choose from")
    chosen = [_quantised(pixels, colours, dither, side) for pixels in image_to_pixels(image[..., :3])]
    quantised = pixels_to_image(np.stack(chosen)).to(image) if chosen else image[..., :3]
    return torch.cat([quantised, image[..., 3:]], -1)


def _quantised(pixels: Pixels, colours: int, dither: str, side: int) -> Pixels:
    picture = PilImage.fromarray(pixels)
    palette = picture.quantize(colours)
    if side:
        found = len(palette.getpalette() or ()) // 3
        picture = PilImage.fromarray(_thresholded(pixels, side, 2 * 256 / max(found, 1)))
    method = PilImage.Dither.FLOYDSTEINBERG if dither == "floyd-steinberg" else PilImage.Dither.NONE
    return np.asarray(picture.quantize(palette=palette, dither=method).convert("RGB"))


def _thresholded(pixels: Pixels, side: int, spread: float) -> Pixels:
    """Shift pixels [H,W,3] by a pattern of `side` x `side` thresholds, `spread` levels from end to end."""
    height, width = pixels.shape[:2]
    pattern = np.tile(bayer_matrix(side), (-(-height // side), -(-width // side)))[:height, :width, None]
    # The half makes the truncation to whole levels a rounding.
    return (pixels + spread * pattern + 0.5).clip(0, 255).astype(np.uint8)


def bayer_matrix(side: int) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Return the thresholds [side,side] of ordered dithering, evenly spread in -0.5..0.5.

    `side` is a power of 2.

    Bayer 1973, "An optimum method for two-level rendition of continuous-tone pictures".
    """
    ranks = np.zeros((1, 1))
    while len(ranks) < side:
        ranks = np.block([[4 * ranks, 4 * ranks + 2], [4 * ranks + 3, 4 * ranks + 1]])
    return (ranks + 0.5) / ranks.size - 0.5
