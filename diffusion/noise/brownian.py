"""Noise that belongs together: increments of one Brownian path over the levels of a run.

A sampler that asks for the noise between two levels in one step or in two gets the same sum, so that its
picture settles as its steps grow finer. The paths are those of torchsde's `BrownianTree` over the lowest to
the highest level above 0, on the CPU: for item 0 with the seed as its entropy, as users of such samplers know
them; item k > 0 has a path of its own (`item_seed`). So an item of a batch gets the noise that it gets alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
import torchsde  # pyright: ignore[reportMissingTypeStubs]  # it has none
from torch import Tensor

from ..samplers.base import Sampler
from .random_noise import Noise, StepNoise, batch_indices, check_seed, item_seed

# The tree tells levels apart to so many decimals.
DECIMALS = 6


class BrownianNoise:
    """Step noise by interval; a pure function that remembers the parts of its paths drawn last."""

    def __init__(
        self,
        like: Tensor,
        seed: int,
        sigmas: Sequence[float] | Tensor,
        batch_index: Sequence[int] | None = None,
    ) -> None:
        """`like` gives the shape [B, C, h, w], the dtype and the device; `sigmas` are the levels of the run.

        Raises ValueError for a seed outside 0..2^64-1 and for a batch_index that does not fit.
        """
        check_seed(seed)
        self._device, self._dtype = like.device, like.dtype
        self._shape = (1, *like.shape[1:])
        self._indices = batch_indices(like.shape[0], batch_index)
        levels = [round(float(level), DECIMALS) for level in sigmas if level > 0]
        self._low, self._high = min(levels, default=0.0), max(levels, default=0.0)
        # Without two levels there is no path, and nobody asks for it.
        self._paths = {
            index: self._path(item_seed(seed, index)) for index in self._indices if self._low < self._high
        }

    def __call__(self, draw: int, sigma: float, sigma_next: float) -> Tensor:
        """Return the path's increment from `sigma` to `sigma_next` over the root of their distance.

        That is unit normal, but 0 between levels too close for the tree to tell apart. Levels beyond those of
        the run count as its ends.
        """
        start, end = (min(max(level, self._low), self._high) for level in (sigma, sigma_next))
        here, there = round(start, DECIMALS), round(end, DECIMALS)
        if here == there:
            return torch.zeros(len(self._indices), *self._shape[1:], device=self._device, dtype=self._dtype)
        scale = (1 if start < end else -1) / abs(end - start) ** 0.5
        items = {
            index: path(min(here, there), max(here, there)) * scale for index, path in self._paths.items()
        }
        return torch.cat([items[index] for index in self._indices]).to(self._device, self._dtype)

    def _path(self, entropy: int) -> Any:
        return torchsde.BrownianTree(self._low, torch.zeros(self._shape), self._high, entropy=entropy)


def step_noise_for(
    sampler: Sampler[Any],
    like: Tensor,
    seed: int,
    sigmas: Sequence[float] | Tensor,
    batch_index: Sequence[int] | None = None,
) -> Noise:
    """Return the noise that the steps of a run with `sampler` over `like` [B, C, h, w] and `sigmas` ask for.

    Raises ValueError for a seed outside 0..2^64-1 and for a batch_index that does not fit.
    """
    if sampler.noise == "brownian":
        return BrownianNoise(like, seed, sigmas, batch_index)
    return StepNoise(like, seed, batch_index)
