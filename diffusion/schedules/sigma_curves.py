"""Sigma schedules by formula, between limits given as numbers: n + 1 levels, falling, the last one 0."""

from __future__ import annotations

import math

import torch
from torch import Tensor


def karras_sigmas(steps: int, low: float, high: float, rho: float = 7.0) -> Tensor:
    """Return levels even in sigma^(1/rho); Karras et al. 2022, arXiv 2206.00364, equation 5.

    Raises ValueError for rho that is not above 0.
    """
    if not rho > 0:
        raise ValueError(f"rho must be above 0, not {rho}")
    first, last = high ** (1 / rho), low ** (1 / rho)
    return then_zero((first + torch.linspace(0, 1, steps) * (last - first)) ** rho)


def exponential_sigmas(steps: int, low: float, high: float) -> Tensor:
    """Return levels even in ln sigma.

    Raises ValueError for limits that are not above 0.
    """
    return then_zero(torch.linspace(_log(high), _log(low), steps).exp())


def polyexponential_sigmas(steps: int, low: float, high: float, rho: float = 1.0) -> Tensor:
    """Return levels whose ln sigma falls from `high` to `low` as the power `rho` of the steps left.

    Raises ValueError for limits that are not above 0.
    """
    share = torch.linspace(1, 0, steps) ** rho
    return then_zero((share * (_log(high) - _log(low)) + _log(low)).exp())


def laplace_sigmas(steps: int, low: float, high: float, mu: float = 0.0, beta: float = 0.5) -> Tensor:
    """Return levels at quantiles of a Laplace distribution of ln sigma, kept between the limits.

    Hang and Gu 2024, arXiv 2407.03297; `mu` is its middle and `beta` its width.
    """
    share = 0.5 - torch.linspace(0, 1, steps)
    log_sigma = mu - beta * share.sign() * (1 - 2 * share.abs() + 1e-5).log()
    return then_zero(log_sigma.exp().clamp(low, high))


def vp_sigmas(steps: int, slope: float = 19.9, least: float = 0.1, end: float = 1e-3) -> Tensor:
    """Return levels at even times from 1 to `end`, where noise comes in at the rate `least` + `slope` t.

    Song et al. 2020, arXiv 2011.13456, VP SDE.
    """
    time = torch.linspace(1, end, steps, dtype=torch.float64)
    return then_zero((slope * time**2 / 2 + least * time).expm1().sqrt().float())


def kl_optimal_sigmas(steps: int, low: float, high: float) -> Tensor:
    """Return levels even in atan sigma; Sabour et al. 2024, arXiv 2404.14507."""
    if steps == 1:
        return torch.tensor([high, 0.0])
    share = torch.linspace(0, 1, steps)
    return then_zero((share * math.atan(low) + (1 - share) * math.atan(high)).tan())


def then_zero(sigmas: Tensor) -> Tensor:
    """Return the levels with a 0 behind them."""
    return torch.cat([sigmas, torch.zeros(1)])


def _log(level: float) -> float:
    if not level > 0:
        raise ValueError(f"a level must be above 0 to have a logarithm, not {level}")
    return math.log(level)
