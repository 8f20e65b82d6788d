"""Noise schedules: the levels of noise a network was trained on.

Everything here is in the variance-exploding form x = x0 + sigma * noise, where
sigma = sqrt((1 - a) / a) and a is alpha-bar, the cumulative product of 1 - beta.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import torch
from torch import Tensor

from ..names import row

# Alpha-bar at the last step of a zero-terminal-SNR schedule, in place of 0, which is an infinite sigma.
TERMINAL_ALPHA = 4.8973451890853435e-08

# Stands for "before the first step" where a share of the run is turned into a sigma.
ABOVE_EVERY_SIGMA = 999999999.9


class NoiseSchedule(Protocol):
    """What sampling asks of a training schedule, discrete or continuous."""

    @property
    def sigmas(self) -> Tensor:
        """The table, float32 [T] on the CPU, rising."""
        ...

    def timestep(self, sigma: Tensor) -> Tensor:
        """Return the time the network is told at each noise level; same shape."""
        ...

    def sigma(self, timestep: Tensor) -> Tensor:
        """Return the noise level at each (also fractional) time; float32, same shape."""
        ...

    def percent_to_sigma(self, percent: float) -> float:
        """Return the noise level when this share (0..1) of a full run is done."""
        ...


@dataclass(frozen=True, eq=False)
class DiscreteSchedule:
    """A table of T noise levels, as the Stable Diffusion family is trained on.

    `alphas_cumprod` is float64 [T], falling, each in 0..1 exclusive.
    Ho et al. 2020, arXiv 2006.11239.
    """

    alphas_cumprod: Tensor

    def __post_init__(self) -> None:
        table = self.alphas_cumprod
        if table.ndim != 1 or len(table) < 2 or table.dtype != torch.float64:
            raise ValueError(
                f"alphas_cumprod must be float64 [T] with T >= 2, not {table.dtype} {list(table.shape)}"
            )
        if not bool(((table > 0) & (table < 1)).all()) or not bool((table.diff() < 0).all()):
            raise ValueError("alphas_cumprod must fall strictly and stay between 0 and 1")

    @classmethod
    def from_betas(cls, betas: Tensor) -> DiscreteSchedule:
        """Return the schedule of the variances added at each step, float64 [T] in 0..1."""
        return cls(torch.cumprod(1 - betas, 0))

    def zero_terminal_snr(self) -> DiscreteSchedule:
        """Return this schedule stretched so that its last step is pure noise.

        Lin et al. 2023, arXiv 2305.08891, algorithm 1.
        """
        root = self.alphas_cumprod.sqrt()
        stretched = (root - root[-1]) * (root[0] / (root[0] - root[-1]))
        alphas = stretched**2
        alphas[-1] = min(TERMINAL_ALPHA, alphas[-2].item() / 4)
        return DiscreteSchedule(alphas)

    @property
    def sigmas(self) -> Tensor:
        """The noise levels, float32 [T], rising."""
        return self._sigmas

    @cached_property
    def _sigmas(self) -> Tensor:
        return self._exact_sigmas.float()

    @cached_property
    def log_sigmas(self) -> Tensor:
        """Natural logarithms of the noise levels, float32 [T]."""
        return self._exact_sigmas.log().float()

    @property
    def _exact_sigmas(self) -> Tensor:
        return ((1 - self.alphas_cumprod) / self.alphas_cumprod).sqrt()

    def timestep(self, sigma: Tensor) -> Tensor:
        """Return the index of the nearest level in ln sigma, int64, same shape.

        A whole number, since the network has seen no other.
        """
        log_sigma = sigma.detach().to("cpu", torch.float32).log()
        return (log_sigma.unsqueeze(-1) - self.log_sigmas).abs().argmin(-1)

    def sigma(self, timestep: Tensor) -> Tensor:
        """Return the level at each time, linear in ln sigma between entries; times are clamped to 0..T-1."""
        time = timestep.float().clamp(0, len(self.log_sigmas) - 1)
        below, above = self.log_sigmas[time.floor().long()], self.log_sigmas[time.ceil().long()]
        share = time.frac()
        return ((1 - share) * below + share * above).exp()

    def percent_to_sigma(self, percent: float) -> float:
        """Return the level when `percent` (0..1) of a full run is done: above all levels at 0, 0 at 1."""
        if percent <= 0.0:
            return ABOVE_EVERY_SIGMA
        if percent >= 1.0:
            return 0.0
        return self.sigma(torch.tensor((1.0 - percent) * (len(self.log_sigmas) - 1))).item()


@dataclass(frozen=True, eq=False)
class DistilledSchedule:
    """`count` levels of a schedule at even distances, the last among them: what a distilled network knows.

    Luo et al. 2023, arXiv 2310.04378, section 4.3, with 50 of 1000.
    """

    of: DiscreteSchedule
    count: int = 50

    def __post_init__(self) -> None:
        if not 2 <= self.count <= len(self.of.sigmas):
            raise ValueError(f"of {len(self.of.sigmas)} levels 2 or more can be kept, not {self.count}")

    @property
    def _stride(self) -> int:
        return len(self.of.sigmas) // self.count

    @cached_property
    def _kept(self) -> Tensor:
        # The last index of every stride, counted from the end, so that the highest level is kept.
        last = len(self.of.sigmas) - 1
        return last - torch.arange(self.count - 1, -1, -1) * self._stride

    @property
    def sigmas(self) -> Tensor:
        """The levels, float32 [count], rising."""
        return self.of.sigmas[self._kept]

    def timestep(self, sigma: Tensor) -> Tensor:
        """Return the index in the whole schedule of the nearest kept level in ln sigma, int64, same shape."""
        log_sigma = sigma.detach().to("cpu", torch.float32).log()
        nearest = (log_sigma.unsqueeze(-1) - self.of.log_sigmas[self._kept]).abs().argmin(-1)
        return self._kept[nearest]

    def sigma(self, timestep: Tensor) -> Tensor:
        """Return the level at each time, linear in ln sigma between kept levels, clamped to them; float32."""
        kept = self.of.log_sigmas[self._kept]
        place = ((timestep.float() - int(self._kept[0])) / self._stride).clamp(0, self.count - 1)
        share = place.frac()
        return ((1 - share) * kept[place.floor().long()] + share * kept[place.ceil().long()]).exp()

    def percent_to_sigma(self, percent: float) -> float:
        """Return the level when `percent` (0..1) of a full run is done: above all levels at 0, 0 at 1."""
        if percent <= 0.0:
            return ABOVE_EVERY_SIGMA
        if percent >= 1.0:
            return 0.0
        return self.sigma(torch.tensor((1.0 - percent) * (len(self.of.sigmas) - 1))).item()


def scaled_linear(start: float = 0.00085, end: float = 0.012, count: int = 1000) -> Tensor:
    """Return betas whose square roots rise evenly, float64 [count]: SD1, SD2, SDXL (arXiv 2112.10752)."""
    return torch.linspace(start**0.5, end**0.5, count, dtype=torch.float64) ** 2


def linear(start: float = 1e-4, end: float = 0.02, count: int = 1000) -> Tensor:
    """Return betas that rise evenly, float64 [count]: DDPM (arXiv 2006.11239)."""
    return torch.linspace(start, end, count, dtype=torch.float64)


BETAS: Mapping[str, Callable[..., Tensor]] = {"scaled_linear": scaled_linear, "linear": linear}


def discrete_schedule(betas: str = "scaled_linear", *, zero_terminal_snr: bool = False) -> DiscreteSchedule:
    """Return a training schedule by the name of its betas; the default is Stable Diffusion's.

    Raises UnknownNameError.
    """
    schedule = DiscreteSchedule.from_betas(row(BETAS, betas, "beta schedule")())
    return schedule.zero_terminal_snr() if zero_terminal_snr else schedule
