"""Noise masks: where a latent is repainted (1) and where it is kept (0).

In a `Latent` a mask is [N,1,H,W] of any size: whoever uses it resizes it to the latent.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from ..values import CELL, Latent


def set_noise_mask(latent: Latent, mask: Tensor) -> Latent:
    """Say by a MASK [N,H,W] of any size where a latent is repainted (1) and where it is kept (0)."""
    return {**latent, "noise_mask": mask.reshape(-1, 1, *mask.shape[-2:])}


def pixel_mask(latent: Latent) -> Tensor | None:
    """Return a latent's noise mask [N,1,8h,8w], resized (bilinear) to the picture's size; None without."""
    mask = latent.get("noise_mask")
    if mask is None:
        return None
    height, width = (side * CELL for side in latent["samples"].shape[2:])
    return resized_mask(mask, height, width)


def full_mask(latent: Latent) -> Tensor:
    """Return a latent's noise mask [N,1,8h,8w] at the picture's size: ones where it has none."""
    mask = pixel_mask(latent)
    if mask is not None:
        return mask
    samples = latent["samples"]
    return torch.ones(1, 1, samples.shape[2] * CELL, samples.shape[3] * CELL)


def resized_mask(mask: Tensor, height: int, width: int) -> Tensor:
    """Return a mask [N,H,W] or [N,1,H,W] as float32 [N,1,height,width], resized bilinearly."""
    mask = mask.reshape(-1, 1, *mask.shape[-2:]).float()
    if mask.shape[2:] == (height, width):
        return mask
    return F.interpolate(mask, (height, width), mode="bilinear")


def repeated_to(items: Tensor, count: int) -> Tensor:
    """Return `count` items of a batch: the first ones, and from the first again where they are too few.

    Raises ValueError for an empty batch.
    """
    if len(items) == count:
        return items
    if not len(items):
        raise ValueError(f"a batch of {count} was wanted, but there is nothing in this one")
    repeats = -(-count // len(items))
    return items.repeat(repeats, *(1,) * (items.ndim - 1))[:count]
