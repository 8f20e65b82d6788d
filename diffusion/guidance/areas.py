"""Where in a picture a conditioning holds, and how strongly: boxes and weights, in cells of the latent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

FEATHER = 8
"""Cells over which the weight of an area rises from its edge, at most a quarter of its side."""
LEAST_SIDE = 8
"""Cells on a side of the box around a mask, at least, for a network sees little in less."""


class Box(NamedTuple):
    """A rectangle of cells."""

    height: int
    width: int
    top: int
    left: int

    def cut(self, x: Tensor) -> Tensor:
        """Return the box's part of x [..., h, w], a view."""
        return x[..., self.top : self.top + self.height, self.left : self.left + self.width]


def area_box(area: Sequence[Any], height: int, width: int) -> Box:
    """Return the box of an `area` in a latent of height x width cells, cut off where it sticks out.

    An area is (height, width, y, x) in cells, or ("percentage", height, width, y, x) in shares of the
    latent (0..1), rounded to cells. Raises ValueError for one that begins outside of the latent.
    """
    if len(area) == 5 and area[0] == "percentage":
        tall, wide, y, x = (float(share) for share in area[1:])
        box = Box(
            max(1, round(tall * height)), max(1, round(wide * width)), round(y * height), round(x * width)
        )
    elif len(area) == 4:
        box = Box(*(int(side) for side in area))
    else:
        raise ValueError(
            f"an area is (height, width, y, x) or ('percentage', height, width, y, x), not {tuple(area)}"
        )
    if not (0 <= box.top < height and 0 <= box.left < width) or box.height < 1 or box.width < 1:
        raise ValueError(
            f"an area of {box.height} by {box.width} cells at y {box.top}, x {box.left} (8 pixels each) "
            f"has no part in a latent of {height} by {width} cells"
        )
    return Box(min(box.height, height - box.top), min(box.width, width - box.left), box.top, box.left)


def mask_box(mask: Tensor) -> Box | None:
    """Return the box around what is above 0 in any item of a mask [B,1,h,w], None where nothing is.

    It is at least `LEAST_SIDE` cells on a side (or as many as there are) and moved inside of the latent.
    """
    anywhere = (mask > 0).flatten(0, 1).any(0)
    rows, columns = anywhere.any(1).nonzero(), anywhere.any(0).nonzero()
    if not len(rows):
        return None
    (top, height), (left, width) = (
        _side(int(found[0]), int(found[-1]), whole)
        for found, whole in zip((rows, columns), anywhere.shape, strict=True)
    )
    return Box(height, width, top, left)


def _side(first: int, last: int, whole: int) -> tuple[int, int]:
    length = min(max(last - first + 1, LEAST_SIDE), whole)
    return min(first, whole - length), length


def feathered(box: Box, height: int, width: int) -> Tensor:
    """Return the weights [h,w] of a box: 1, but rising linearly from the edges inside of the picture.

    The k-th cell from such an edge weighs (k + 1) / n, where n is `FEATHER` or a quarter of the side.
    """
    rows = _ramp(box.height, box.top > 0, box.top + box.height < height)
    columns = _ramp(box.width, box.left > 0, box.left + box.width < width)
    return rows[:, None] * columns


def _ramp(length: int, before: bool, after: bool) -> Tensor:
    weights = torch.ones(length)
    cells = min(FEATHER, length // 4)
    rising = torch.arange(1, cells + 1) / max(cells, 1)
    if before:
        weights[:cells] *= rising
    if after:
        weights[length - cells :] *= rising.flip(0)
    return weights
