"""One latent laid over another."""

from __future__ import annotations

import torch
from torch import Tensor

from ..values import CELL, Latent
from .noise_masks import repeated_to, resized_mask
from .sizes import check_channels, scale_cells


def composite_latents(below: Latent, above: Latent, x: int, y: int, feather: int) -> Latent:
    """Lay `above` over `below` at the place (x, y), its edges blended over `feather`; all in *pixels*.

    They are rounded down to whole cells. What hangs over is cut off, and an edge that meets one of `below`
    is not blended. Batch and noise mask are those of `below`. Raises ValueError where the channels differ.
    """
    check_channels(above, below)
    left, top, cells = x // CELL, y // CELL, feather // CELL
    rows, columns = below["samples"].shape[2:]
    cut = above["samples"][..., : max(rows - top, 0), : max(columns - left, 0)]
    height, width = cut.shape[2:]
    down = _feathered(height, cells, start=top > 0, end=top + height < rows)
    across = _feathered(width, cells, start=left > 0, end=left + width < columns)
    return {**below, "samples": paste(below["samples"], cut, left, top, down[:, None] * across)}


def composite_latents_masked(
    below: Latent, above: Latent, x: int, y: int, mask: Tensor | None, *, resize: bool
) -> Latent:
    """Lay `above` over `below` at the place (x, y) in *pixels* where a MASK [N,H,W] is 1, everywhere without.

    With `resize` it is first scaled to the size of `below` (bilinear). The mask is resized to it and repeated
    to its batch. Batch and noise mask are those of `below`. Raises ValueError where the channels differ.
    """
    check_channels(above, below)
    if resize:
        rows, columns = below["samples"].shape[2:]
        above = scale_cells(above, "bilinear", columns, rows)
    samples = above["samples"]
    shown = torch.ones(1) if mask is None else resized_mask(mask, *samples.shape[2:])
    return {**below, "samples": paste(below["samples"], samples, x // CELL, y // CELL, shown)}


def paste(below: Tensor, above: Tensor, left: int, top: int, mask: Tensor) -> Tensor:
    """Return `below` [B,C,H,W] with `above` [N,C,h,w] laid over it at (left, top), as much as `mask` says.

    `mask` in 0..1 is [N,1,h,w] or broadcasts to it. What hangs over is cut off; `above` and `mask` are
    repeated to B items.
    """
    count, (rows, columns) = len(below), below.shape[2:]
    height, width = above.shape[2:]
    first, last = max(top, 0), min(top + height, rows)
    start, stop = max(left, 0), min(left + width, columns)
    pasted = below.clone()
    if first >= last or start >= stop:
        return pasted
    mask = mask.to(below).expand(*(mask.shape[:-2] or (1, 1)), height, width).reshape(-1, 1, height, width)
    part = (..., slice(first - top, last - top), slice(start - left, stop - left))
    place = (..., slice(first, last), slice(start, stop))
    over = repeated_to(above[part], count).to(below)
    pasted[place] = torch.lerp(pasted[place], over, repeated_to(mask[part], count))
    return pasted


def _feathered(size: int, feather: int, *, start: bool, end: bool) -> Tensor:
    """Return weights [size] that rise to 1 over `feather` cells from the start, and fall at the end."""
    rise = ((torch.arange(size) + 1) / max(feather, 1)).clamp(max=1)
    weights = torch.ones(size)
    if start:
        weights = weights * rise
    if end:
        weights = weights * rise.flip(0)
    return weights
