"""How light and of which colour: ITU-R BT.601 as JPEG uses it. Pictures are float32 [B,H,W,C] in 0..1."""

from __future__ import annotations

import torch
from torch import Tensor

from ..latents.noise_masks import repeated_to
from .image_batch import with_channels
from .images import scale_image

RED, GREEN, BLUE = 0.299, 0.587, 0.114
"""How much the colours add to lightness (ITU-R BT.601)."""


def luma(image: Tensor) -> Tensor:
    """Return how light pictures [B,H,W,C] are, [B,H,W]; those of one channel are that already."""
    if image.shape[3] < 3:
        return image[..., 0]
    red, green, blue = image[..., :3].unbind(-1)
    return RED * red + GREEN * green + BLUE * blue


def rgb_to_yuv(image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Split pictures [B,H,W,C] into lightness, blueness and redness, three grey pictures [B,H,W,3] in 0..1.

    Blueness and redness of a grey are 0.5 (JFIF 1.02: Y, Cb, Cr). An alpha channel is left out.
    """
    colours = with_channels(image, 3)
    y = luma(colours)
    u = (colours[..., 2] - y) / (2 * (1 - BLUE)) + 0.5
    v = (colours[..., 0] - y) / (2 * (1 - RED)) + 0.5
    return _grey(y), _grey(u), _grey(v)


def yuv_to_rgb(y: Tensor, u: Tensor, v: Tensor) -> Tensor:
    """Put together what `rgb_to_yuv` took apart: [B,H,W,3], clipped to 0..1.

    Of each picture the mean of its colours is read. Blueness and redness are brought to the size (bilinear)
    and number of the lightness, so they may be coarser.
    """
    height, width = y.shape[1:3]
    blueness, redness = (
        repeated_to(_mean(scale_image(part, "bilinear", width, height, "disabled")), len(y)) - 0.5
        for part in (u, v)
    )
    lightness = _mean(y)
    red = lightness + 2 * (1 - RED) * redness
    blue = lightness + 2 * (1 - BLUE) * blueness
    green = (lightness - RED * red - BLUE * blue) / GREEN
    return torch.stack([red, green, blue], -1).clamp(0, 1)


def _mean(image: Tensor) -> Tensor:
    return image[..., :3].mean(-1)


def _grey(plane: Tensor) -> Tensor:
    return plane[..., None].expand(*plane.shape, 3).clone()
