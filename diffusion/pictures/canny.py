"""Edges: Canny 1986, "A Computational Approach to Edge Detection"."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor

from .colours import luma
from .filters import blurred

SIGMA, RADIUS = 1.0, 2
"""The Gaussian that takes off noise first, in pixels."""

SOBEL = ((-1.0, 0.0, 1.0), (-2.0, 0.0, 2.0), (-1.0, 0.0, 1.0))

ALIKE = 1e-5
"""Differences of steepness that rounding can make: such neighbours are equally steep."""

AHEAD = ((0, 1), (1, 1), (1, 0), (1, -1))
"""Row and column of the neighbour that a gradient of 0, 45, 90 and 135 degrees points to."""


def canny_edges(image: Tensor, low: float, high: float) -> Tensor:
    """Return the edges of pictures [B,H,W,C] as white lines, one pixel wide, on black [B,H,W,3].

    A line holds together what is steeper than `low` and has a point steeper than `high`; steepness is the
    length of the Sobel gradient, which would be 4 between black and white but for the blur before.
    Raises ValueError for low > high.
    """
    if low > high:
        raise ValueError(f"low_threshold {low} is above high_threshold {high}; it must not be")
    steepness, direction = _gradient(blurred(luma(image)[:, None], SIGMA, RADIUS))
    ridge = _ridge(steepness, direction)
    strong = torch.where(ridge, steepness, 0)
    edges = connected(strong > high, strong > low)
    return edges.to(image)[..., None].expand(-1, -1, -1, 3).clone()


def _gradient(grey: Tensor) -> tuple[Tensor, Tensor]:
    """Return length [B,H,W] and direction (0..3, multiples of 45 degrees) of the gradient of [B,1,H,W]."""
    across = torch.tensor(SOBEL).to(grey)
    kernels = torch.stack([across, across.T])[:, None]
    dx, dy = F.conv2d(F.pad(grey, (1, 1, 1, 1), mode="replicate"), kernels).unbind(1)
    direction = (torch.atan2(dy, dx) * (4 / math.pi)).round().long().remainder(4)
    return torch.hypot(dx, dy), direction


def _ridge(steepness: Tensor, direction: Tensor) -> Tensor:
    """Tell where [B,H,W] no neighbour along the gradient is steeper; of two equal ones the later counts."""
    height, width = steepness.shape[1:]
    padded = F.pad(steepness, (1, 1, 1, 1))

    def neighbour(down: int, right: int) -> Tensor:
        return padded[:, 1 + down : 1 + down + height, 1 + right : 1 + right + width]

    ridge = torch.zeros_like(steepness, dtype=torch.bool)
    for number, (down, right) in enumerate(AHEAD):
        highest = steepness > neighbour(down, right) + ALIKE
        highest &= steepness >= neighbour(-down, -right) - ALIKE
        ridge |= highest & (direction == number)
    return ridge


def connected(seeds: Tensor, area: Tensor) -> Tensor:
    """Return the part of `area` [B,H,W] that hangs together, also by corners, with `seeds`.

    A flood: only the cells that were reached in the turn before are looked at.
    """
    batch, height, width = seeds.shape
    dry = F.pad(area & ~seeds, (1, 1, 1, 1)).flatten()
    row = width + 2
    around = torch.tensor([-row - 1, -row, -row + 1, -1, 1, row - 1, row, row + 1], device=seeds.device)
    first_by = torch.zeros(dry.shape, dtype=torch.long, device=seeds.device)
    front = F.pad(seeds, (1, 1, 1, 1)).flatten().nonzero()[:, 0]
    while len(front):
        reached = (front[:, None] + around).flatten()
        reached = reached[dry[reached]]
        dry[reached] = False
        # A cell that was reached from several sides goes on once.
        turn = torch.arange(len(reached), device=seeds.device)
        first_by[reached] = turn
        front = reached[first_by[reached] == turn]
    return seeds | area & ~dry.reshape(batch, height + 2, width + 2)[:, 1:-1, 1:-1]
