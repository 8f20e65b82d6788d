"""Latents cut, turned, mirrored and joined. Noise masks follow."""

from __future__ import annotations

import torch
from torch import Tensor

from ..names import row
from ..values import CELL, Latent
from .noise_masks import full_mask, repeated_to
from .sizes import check_channels, moved, scale_cells

LEAST_CUT = 8
"""Cells: a crop is moved back inside until it has as many, where the latent has them."""

QUARTERS = {"none": 0, "90 degrees": 1, "180 degrees": 2, "270 degrees": 3}
"""Quarter turns, clockwise."""

MIRRORS = {"x-axis: vertically": -2, "y-axis: horizontally": -1}
"""The dimension that is turned round."""

AXES = {"x": -1, "y": -2}


def crop_latent(latent: Latent, width: int, height: int, x: int, y: int) -> Latent:
    """Cut out `width` x `height` from the place (x, y); all four in *pixels*, rounded down to whole cells.

    What lies outside of the latent is left out. A place too near to the end is moved back so that 64 pixels
    are left, where the latent has them.
    """
    rows, columns = latent["samples"].shape[2:]
    top = min(y // CELL, max(rows - LEAST_CUT, 0))
    left = min(x // CELL, max(columns - LEAST_CUT, 0))
    down, across = height // CELL, width // CELL

    def cropped(tensor: Tensor, unit: int) -> Tensor:
        return tensor[..., top * unit : (top + down) * unit, left * unit : (left + across) * unit].clone()

    return moved(latent, cropped)


def cut_latent(latent: Latent, axis: str, index: int, amount: int) -> Latent:
    """Cut `amount` cells from place `index` on out of a latent, along "x" or "y"; both count cells.

    A negative index counts from the end. What lies outside is left out; one cell is left at least.
    Raises UnknownNameError for another axis.
    """
    dim = row(AXES, axis, "axis")
    size = latent["samples"].shape[dim]
    start = min(index, size - 1) if index >= 0 else max(size + index, 0)
    length = min(amount, size - start)
    return moved(latent, lambda tensor, unit: tensor.narrow(dim, start * unit, length * unit).clone())


def rotate_latent(latent: Latent, rotation: str) -> Latent:
    """Turn a latent clockwise by one of `QUARTERS`. Raises UnknownNameError for another."""
    turns = row(QUARTERS, rotation, "rotation")
    return moved(latent, lambda tensor, _: tensor.rot90(turns, (-1, -2)))


def flip_latent(latent: Latent, method: str) -> Latent:
    """Mirror a latent by one of `MIRRORS`. Raises UnknownNameError for another."""
    dim = row(MIRRORS, method, "flip method")
    return moved(latent, lambda tensor, _: tensor.flip(dim))


def join_latents(first: Latent, second: Latent, axis: str) -> Latent:
    """Put a second latent behind a first along "x" or "y", before it along "-x" or "-y".

    The second is scaled (bilinear) in its own proportions until it is as wide as the first is, or as high,
    and repeated to the first's batch. Where one has a noise mask, all of the other is repainted; everything
    else is the first's. Raises UnknownNameError for another axis, ValueError where the channels differ.
    """
    dim = row(AXES, axis.removeprefix("-"), "axis")
    second = _as_long(second, first, -3 - dim)
    count = len(first["samples"])
    parts = (second, first) if axis.startswith("-") else (first, second)
    samples = [repeated_to(part["samples"], count) for part in parts]
    joined: Latent = {**first, "samples": torch.cat(samples, dim)}
    if any("noise_mask" in part for part in parts):
        masks = [repeated_to(full_mask(part), count) for part in parts]
        joined["noise_mask"] = torch.cat(masks, dim)
    return joined


def _as_long(latent: Latent, other: Latent, dim: int) -> Latent:
    """Scale a latent in its proportions until its side `dim` (-1 or -2) is as long as the other's."""
    check_channels(latent, other)
    height, width = latent["samples"].shape[2:]
    wanted = other["samples"].shape[dim]
    if dim == -1:
        return scale_cells(latent, "bilinear", wanted, max(1, round(height * wanted / width)))
    return scale_cells(latent, "bilinear", max(1, round(width * wanted / height)), wanted)
