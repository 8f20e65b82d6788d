"""Levels of a run cut, turned round and refined. Sigmas here are 1-D, one more than the run has steps."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import NamedTuple

import torch
from torch import Tensor

from ..names import row
from .schedule import NoiseSchedule

# Where a run that rises begins: at 0 the noise in x has no direction.
JUST_ABOVE_ZERO = 1e-4


class Halves(NamedTuple):
    """Two parts of a run; the last level of the first is the first of the second."""

    high: Tensor
    low: Tensor


def split_at(sigmas: Tensor, step: int) -> Halves:
    """Return the levels up to step `step` (from 0) and those from there on.

    Raises ValueError for a negative step.
    """
    if step < 0:
        raise ValueError(f"steps are counted from 0, not {step}")
    return Halves(sigmas[: step + 1], sigmas[step:])


def split_denoise(sigmas: Tensor, denoise: float) -> Halves:
    """Return the levels in two parts, of which the second has the share `denoise` (0..1) of the steps.

    Raises ValueError for a share outside 0..1.
    """
    if not 0.0 <= denoise <= 1.0:
        raise ValueError(f"denoise must lie in 0..1, not {denoise}")
    steps = max(len(sigmas) - 1, 0)
    return split_at(sigmas, steps - round(steps * denoise))


def flipped(sigmas: Tensor) -> Tensor:
    """Return the levels from low to high: a run that brings a picture back to its noise.

    A 0 at its start becomes 0.0001, since a slope in sigma needs some noise.
    """
    rising = sigmas.flip(0)
    if len(rising) and rising[0] == 0:
        rising[0] = JUST_ABOVE_ZERO
    return rising


def with_first(sigmas: Tensor, sigma: float) -> Tensor:
    """Return the levels with another first one."""
    changed = sigmas.clone()
    changed[:1] = sigma
    return changed


SPACINGS: Mapping[str, Callable[[Tensor], Tensor]] = {
    "linear": lambda share: share,
    "cosine": lambda share: (share * (math.pi / 2)).sin(),
    "sine": lambda share: 1 - (share * (math.pi / 2)).cos(),
}


def extended(
    sigmas: Tensor, steps: int, start: float = math.inf, end: float = 0.0, spacing: str = "linear"
) -> Tensor:
    """Return the levels with every step that begins between `end` and `start` divided into `steps`.

    "cosine" puts the new levels closer to a step's end, "sine" closer to its start.
    Raises UnknownNameError, ValueError for steps below 1.
    """
    if steps < 1:
        raise ValueError(f"steps must be at least 1, not {steps}")
    shares = row(SPACINGS, spacing, "spacing")(torch.linspace(0, 1, steps + 1)[:-1])
    parts: list[Tensor] = []
    for here, there in pairwise(sigmas):
        inside = end <= here.item() <= start
        parts.append(here + shares * (there - here) if inside else here[None])
    return torch.cat([*parts, sigmas[-1:]])


def percent_to_sigma(schedule: NoiseSchedule, percent: float, *, actual: bool = False) -> float:
    """Return the level when `percent` (0..1) of a full run is done.

    At 0 and 1 these are bounds outside of all levels, so that ranges include them; `actual` gives the highest
    and the lowest level there.
    """
    if actual and percent <= 0.0:
        return schedule.sigmas[-1].item()
    if actual and percent >= 1.0:
        return schedule.sigmas[0].item()
    return schedule.percent_to_sigma(percent)
