"""Latents: making them empty, scaling them, taking items of a batch."""

from __future__ import annotations

import torch

from .images import both_sides, scale
from .values import Latent

CELL = 8
"""Pixels on a side for one cell of a latent."""


def empty_latent(width: int, height: int, batch_size: int, channels: int = 4) -> Latent:
    """Return latents of zeros [B,channels,height/8,width/8]; sides are in pixels.

    Raises ValueError for sides that are no multiples of 8.
    """
    if width % CELL or height % CELL:
        raise ValueError(f"{width}x{height} pixels: both sides must be multiples of {CELL}")
    return {"samples": torch.zeros(batch_size, channels, height // CELL, width // CELL)}


def scale_latent(latent: Latent, method: str, width: int, height: int, crop: str) -> Latent:
    """Scale latents to `width` x `height` in *pixels*; a side of 0 follows the other one's proportion.

    Raises ValueError for an unknown method or crop.
    """
    samples = latent["samples"]
    size = both_sides(width, height, samples.shape[3] * CELL, samples.shape[2] * CELL, least=64)
    scaled = scale(samples, method, size[0] // CELL, size[1] // CELL, crop)
    return {**latent, "samples": scaled}


def latent_from_batch(latent: Latent, first: int, length: int) -> Latent:
    """Return `length` items of a batch from item `first` on, as many as there are.

    They keep the batch index that their noise is drawn by, so that sampled alone they give the same pictures.
    """
    count = len(latent["samples"])
    first = min(first, count - 1)
    items = slice(first, first + length)
    index = latent.get("batch_index") or list(range(count))
    taken: Latent = {**latent, "samples": latent["samples"][items].clone(), "batch_index": index[items]}
    if "batch_index" not in latent:
        taken["batch_size"] = count
    mask = latent.get("noise_mask")
    if mask is not None and len(mask) > 1:
        repeats = -(-count // len(mask))
        taken["noise_mask"] = mask.repeat(repeats, *(1,) * (mask.ndim - 1))[:count][items].clone()
    return taken
