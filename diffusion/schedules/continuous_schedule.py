"""Noise schedules of networks that know every level, and those of flow models."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

from .schedule import ABOVE_EVERY_SIGMA

# How many levels stand for a continuous schedule where a table is asked for.
TABLE = 1000


@dataclass(frozen=True)
class ContinuousSchedule:
    """All levels from `low` to `high`, even in ln sigma; the network is told a function of the level.

    `tangent` False: ln(sigma) / 4 (Karras et al. 2022, arXiv 2206.00364, table 1, EDM); True: the angle
    2 / pi atan(sigma), 0..1, of velocity networks trained on angles (Salimans and Ho 2022, arXiv 2202.00512).
    Raises ValueError unless 0 < low < high.
    """

    low: float = 0.002
    high: float = 120.0
    tangent: bool = False

    def __post_init__(self) -> None:
        if not 0 < self.low < self.high:
            raise ValueError(f"levels must go from above 0 to more, not from {self.low} to {self.high}")

    @property
    def sigmas(self) -> Tensor:
        """A table of levels, float32 [1000], rising."""
        return self._table

    @cached_property
    def _table(self) -> Tensor:
        return torch.linspace(math.log(self.low), math.log(self.high), TABLE).exp()

    def timestep(self, sigma: Tensor) -> Tensor:
        """Return the time the network is told at each noise level; same shape."""
        return sigma.atan() * (2 / math.pi) if self.tangent else sigma.log() * 0.25

    def sigma(self, timestep: Tensor) -> Tensor:
        """Return the noise level at each time; float32, same shape."""
        time = timestep.float()
        return (time * (math.pi / 2)).tan() if self.tangent else (time * 4).exp()

    def percent_to_sigma(self, percent: float) -> float:
        """Return the level when `percent` (0..1) of a full run is done: above all levels at 0, 0 at 1."""
        if percent <= 0.0:
            return ABOVE_EVERY_SIGMA
        if percent >= 1.0:
            return 0.0
        low, high = math.log(self.low), math.log(self.high)
        return math.exp(low + (high - low) * (1.0 - percent))


@dataclass(frozen=True)
class FlowSchedule:
    """The levels of flow models, 0..1: at time t they are m t / (1 + (m - 1) t), with `shift` as m.

    The network is told the level times `scale`. `count` is the length of the table: of SD3 1000 with shift 3,
    scale 1000 (Esser et al. 2024, arXiv 2403.03206); of Flux 10,000 with shift e^1.15, scale 1.
    Raises ValueError for a shift that is not above 0.
    """

    shift: float = 3.0
    scale: float = 1000.0
    count: int = 1000

    def __post_init__(self) -> None:
        if not self.shift > 0:
            raise ValueError(f"the shift must be above 0, not {self.shift}")

    @property
    def sigmas(self) -> Tensor:
        """The table, float32 [count], rising to 1."""
        return self._table

    @cached_property
    def _table(self) -> Tensor:
        return self._shifted(torch.arange(1, self.count + 1) / self.count)

    def timestep(self, sigma: Tensor) -> Tensor:
        """Return the time the network is told at each noise level; same shape."""
        return sigma * self.scale

    def sigma(self, timestep: Tensor) -> Tensor:
        """Return the noise level at each time 0..scale; float32, same shape.

        Time is what a level was before the shift, and not what `timestep` tells the network.
        """
        return self._shifted(timestep.float() / self.scale)

    def percent_to_sigma(self, percent: float) -> float:
        """Return the level when `percent` (0..1) of a full run is done."""
        share = 1.0 - min(max(percent, 0.0), 1.0)
        return self.shift * share / (1 + (self.shift - 1) * share)

    def _shifted(self, time: Tensor) -> Tensor:
        return time * self.shift / (1 + (self.shift - 1) * time)
