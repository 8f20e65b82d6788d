"""Latents: making them empty, scaling them, bringing one to the size of another."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from ..pictures.images import both_sides, scale
from ..values import CELL, Latent
from .latent_format import makers
from .noise_masks import pixel_mask

LEAST_SIDE = 64
"""Pixels: what a side that follows from the other one's proportion is at least."""


def empty_latent(width: int, height: int, batch_size: int, channels: int = 4) -> Latent:
    """Return latents of zeros [B,channels,height/8,width/8]; sides are in pixels.

    Raises ValueError for sides that are no multiples of 8.
    """
    if width % CELL or height % CELL:
        raise ValueError(f"{width}x{height} pixels: both sides must be multiples of {CELL}")
    return {"samples": torch.zeros(batch_size, channels, height // CELL, width // CELL)}


def moved(latent: Latent, move: Callable[[Tensor, int], Tensor]) -> Latent:
    """Change the place of a latent's cells, its noise mask along with them.

    `move(tensor, unit)` is asked for the samples [B,C,h,w] with unit 1 and for the mask [N,1,8h,8w], brought
    to the picture's size, with unit 8: all places and sizes are then `unit` times as large.
    """
    changed: Latent = {**latent, "samples": move(latent["samples"], 1)}
    mask = pixel_mask(latent)
    if mask is not None:
        changed["noise_mask"] = move(mask, CELL)
    return changed


def scale_latent(latent: Latent, method: str, width: int, height: int, crop: str) -> Latent:
    """Scale latents to `width` x `height` in *pixels*; a side of 0 follows the other one's proportion.

    A noise mask stays as it is, since it is resized to the latent wherever it is used; where `crop="center"`
    cuts the latent it is cut with it. Raises ValueError for an unknown method or crop.
    """
    return scale_cells(latent, method, *scaled_cells(latent, width, height), crop)


def scaled_cells(latent: Latent, width: int, height: int) -> tuple[int, int]:
    """Return the sides, width and height in cells, that `scale_latent` gives to a latent."""
    samples = latent["samples"]
    size = both_sides(width, height, samples.shape[3] * CELL, samples.shape[2] * CELL, least=LEAST_SIDE)
    return size[0] // CELL, size[1] // CELL


def scale_latent_by(latent: Latent, method: str, factor: float) -> Latent:
    """Scale both sides of latents by a factor, rounded to whole cells, one at least.

    Raises ValueError for an unknown method.
    """
    return scale_cells(latent, method, *scaled_cells_by(latent, factor))


def scaled_cells_by(latent: Latent, factor: float) -> tuple[int, int]:
    """Return the sides, width and height in cells, that `scale_latent_by` gives to a latent."""
    height, width = (max(1, round(side * factor)) for side in latent["samples"].shape[2:])
    return width, height


def sized_like(latent: Latent, other: Latent, method: str = "bilinear") -> Latent:
    """Bring a latent to the sides of another: cut evenly to its proportions, then scaled.

    Raises ValueError where the channels differ: such latents are of different kinds of model.
    """
    check_channels(latent, other)
    height, width = other["samples"].shape[2:]
    if latent["samples"].shape[2:] == (height, width):
        return latent
    return scale_cells(latent, method, width, height, "center")


def check_channels(latent: Latent, other: Latent) -> None:
    """Raise ValueError where two latents can't be used together."""
    given, wanted = latent["samples"].shape[1], other["samples"].shape[1]
    if given != wanted:
        kinds = (f"{channels} ({makers(channels) or 'no known kind'})" for channels in (wanted, given))
        raise ValueError(
            f"these latents have {' and '.join(kinds)} channels: "
            "they come from VAEs of different kinds of model"
        )


def scale_cells(latent: Latent, method: str, width: int, height: int, crop: str = "disabled") -> Latent:
    """Scale latents to `width` x `height` in *cells*; otherwise as `scale_latent`."""
    if crop == "disabled":
        return {**latent, "samples": scale(latent["samples"], method, width, height, crop)}

    def resized(tensor: Tensor, unit: int) -> Tensor:
        return scale(tensor, method if unit == 1 else "bilinear", width * unit, height * unit, crop)

    return moved(latent, resized)
