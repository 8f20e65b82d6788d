"""Mixing two pictures colour by colour: the blend modes of image editors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from ..latents.noise_masks import repeated_to
from ..names import row
from .image_batch import with_channels
from .images import scale_image

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor


def blend_images(lower: Tensor, upper: Tensor, factor: float, mode: str) -> Tensor:
    """Mix `factor` of the blend of two pictures [B,H,W,C] into the lower one; clipped to 0..1.

    The upper one is brought to the lower one's size (bicubic, cut evenly), channels and batch (repeated or
    cut). Raises UnknownNameError for a mode that is not in `BLEND_MODES`.
    """
    blend = row(BLEND_MODES, mode, "blend mode")
    upper = scale_image(upper, "bicubic", lower.shape[2], lower.shape[1], "center")
    upper = repeated_to(with_channels(upper, lower.shape[3]), len(lower))
    return torch.lerp(lower, blend(lower, upper), factor).clamp(0, 1)


def _overlay(lower: Tensor, upper: Tensor) -> Tensor:
    return torch.where(lower <= 0.5, 2 * lower * upper, 1 - 2 * (1 - lower) * (1 - upper))


def _soft_light(lower: Tensor, upper: Tensor) -> Tensor:
    """W3C, Compositing and Blending Level 1, "soft-light"."""
    darker = lower - (1 - 2 * upper) * lower * (1 - lower)
    curve = torch.where(lower <= 0.25, ((16 * lower - 12) * lower + 4) * lower, lower.clamp(min=0).sqrt())
    return torch.where(upper <= 0.5, darker, lower + (2 * upper - 1) * (curve - lower))


BLEND_MODES: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "normal": lambda lower, upper: upper,
    "multiply": lambda lower, upper: lower * upper,
    "screen": lambda lower, upper: 1 - (1 - lower) * (1 - upper),
    "overlay": _overlay,
    "soft_light": _soft_light,
    "difference": lambda lower, upper: (lower - upper).abs(),
}
"""What becomes of a lower and an upper colour in 0..1 (W3C, Compositing and Blending Level 1)."""
