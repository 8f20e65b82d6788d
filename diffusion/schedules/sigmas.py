"""Sigma schedules: the noise levels that one run visits, from high to low.

n steps are n + 1 levels, float32 on the CPU, the last one 0. Two schedules may give a
different number of steps than asked for (`ddim_uniform`, `beta`), as they do elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from ..names import row
from .beta_distribution import quantile
from .schedule import NoiseSchedule
from .sigma_curves import exponential_sigmas, karras_sigmas, kl_optimal_sigmas, then_zero

# Tables of flow models begin so close to 0 that their first entry serves as the end.
ABOUT_ZERO = 1e-5

# More steps than this are a slip, not a wish: networks know about a thousand levels.
MOST_STEPS = 1_000_000


def normal(schedule: NoiseSchedule, steps: int) -> Tensor:
    """Levels at even times, the first and the last of the table among them."""
    first, last = _time_span(schedule)
    if schedule.sigma(torch.tensor(last)).item() < ABOUT_ZERO:
        return schedule.sigma(torch.linspace(first, last, steps + 1))
    return then_zero(schedule.sigma(torch.linspace(first, last, steps)))


def sgm_uniform(schedule: NoiseSchedule, steps: int) -> Tensor:
    """Levels at even times from the largest level, one step short of the smallest."""
    first, last = _time_span(schedule)
    return then_zero(schedule.sigma(torch.linspace(first, last, steps + 1)[:-1]))


def simple(schedule: NoiseSchedule, steps: int) -> Tensor:
    """Entries of the table at even distances, counted from its end."""
    stride = len(schedule.sigmas) / steps
    return then_zero(schedule.sigmas[[-1 - int(i * stride) for i in range(steps)]])


def ddim_uniform(schedule: NoiseSchedule, steps: int) -> Tensor:
    """Every k-th entry of the table from its second on; Song et al. 2020, arXiv 2010.02502."""
    table = schedule.sigmas
    if table[1].item() < ABOUT_ZERO:
        return table[1 :: max(len(table) // (steps + 1), 1)].flip(0)
    return then_zero(table[1 :: max(len(table) // steps, 1)].flip(0))


def karras(schedule: NoiseSchedule, steps: int) -> Tensor:
    """Levels even in sigma^(1/7) over the table: `karras_sigmas`."""
    return karras_sigmas(steps, *_bounds(schedule))


def exponential(schedule: NoiseSchedule, steps: int) -> Tensor:
    """Levels even in ln sigma over the table: `exponential_sigmas`."""
    return exponential_sigmas(steps, *_bounds(schedule))


def beta(schedule: NoiseSchedule, steps: int) -> Tensor:
    """Entries of the table at quantiles of the beta distribution of 0.6 and 0.6: `beta_sigmas`."""
    return beta_sigmas(schedule, steps, 0.6, 0.6)


def beta_sigmas(schedule: NoiseSchedule, steps: int, alpha: float, beta: float) -> Tensor:
    """Return entries of the table at quantiles of a beta distribution, equal ones once, then 0.

    Lee et al. 2024, arXiv 2407.12173. Raises ValueError unless alpha and beta are above 0.
    """
    last = len(schedule.sigmas) - 1
    entries = [round(quantile(1 - i / steps, alpha, beta) * last) for i in range(steps)]
    return then_zero(schedule.sigmas[list(dict.fromkeys(entries))])


def linear_quadratic(schedule: NoiseSchedule, steps: int, threshold: float = 0.025) -> Tensor:
    """Fall evenly by `threshold` of the largest level in half of the steps, then along a parabola; Mochi 1.

    The parabola goes on from the line without a kink and reaches 0 at the end.
    """
    high = schedule.sigmas[-1]
    if steps == 1:
        return torch.stack([high, torch.zeros(())])
    half = steps // 2
    rest = steps - half
    slope = threshold / half
    # fallen(i) = a i² + b i + c: value and slope agree with the line at i = half; a makes it 1 at i = steps
    bend = (half - threshold * steps) / (half * rest**2)
    tilt = slope - 2 * half * bend
    i = torch.arange(steps + 1, dtype=torch.float64)
    fallen = torch.where(i < half, i * slope, bend * i**2 + tilt * i + bend * half**2)
    fallen[-1] = 1
    return (1 - fallen).float() * high


def kl_optimal(schedule: NoiseSchedule, steps: int) -> Tensor:
    """Levels even in atan sigma over the table: `kl_optimal_sigmas`."""
    return kl_optimal_sigmas(steps, *_bounds(schedule))


SCHEDULES: Mapping[str, Callable[[NoiseSchedule, int], Tensor]] = {
    function.__name__: function
    for function in (
        simple,
        sgm_uniform,
        karras,
        exponential,
        ddim_uniform,
        beta,
        normal,
        linear_quadratic,
        kl_optimal,
    )
}


def sigmas_for(
    schedule: NoiseSchedule,
    name: str,
    steps: int,
    denoise: float = 1.0,
    *,
    discard_penultimate: bool = False,
) -> Tensor:
    """Return the levels of a run of `steps` steps, float32 [steps + 1], the last one 0.

    `denoise` below 1 keeps the last `steps` steps of a run of steps / denoise; 0 gives no
    levels at all. `discard_penultimate` leaves out the smallest level above 0.
    Raises UnknownNameError for a name that is not in `SCHEDULES`, ValueError for steps below 1
    and denoise outside 0..1.
    """
    function = row(SCHEDULES, name, "scheduler")
    if steps < 1:
        raise ValueError(f"steps must be at least 1, not {steps}")
    if not 0.0 <= denoise <= 1.0:
        raise ValueError(f"denoise must lie in 0..1, not {denoise}")
    if denoise == 0.0:
        return torch.empty(0)
    of_run = steps if denoise >= 0.9999 else int(steps / denoise)
    if of_run > MOST_STEPS:
        raise ValueError(
            f"{steps} steps at denoise {denoise} are the end of a run of {of_run} steps: too many"
        )
    if discard_penultimate:
        sigmas = function(schedule, of_run + 1)
        sigmas = torch.cat([sigmas[:-2], sigmas[-1:]])
    else:
        sigmas = function(schedule, of_run)
    return sigmas if of_run == steps else sigmas[-(steps + 1) :]


def part_of(sigmas: Tensor, start: int, end: int, *, force_full_denoise: bool = False) -> Tensor:
    """Return the levels from step `start` up to step `end` of a run; none when no step is left.

    `force_full_denoise` ends the part at 0 where it would end sooner.
    Raises ValueError for negative steps.
    """
    if start < 0 or end < 0:
        raise ValueError(f"steps are counted from 0, not {min(start, end)}")
    part = sigmas[: end + 1].clone()
    if force_full_denoise and len(part):
        part[-1] = 0
    part = part[start:]
    return part if len(part) > 1 else part[:0]


def _bounds(schedule: NoiseSchedule) -> tuple[float, float]:
    return schedule.sigmas[0].item(), schedule.sigmas[-1].item()


def _time_span(schedule: NoiseSchedule) -> tuple[float, float]:
    low, high = schedule.timestep(schedule.sigmas[[0, -1]])
    return float(high), float(low)
