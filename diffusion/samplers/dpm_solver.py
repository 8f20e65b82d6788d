"""DPM-Solver in t = -ln sigma: steps of order 1 to 3, and the method that spends a given number of calls."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import exp, expm1, log

from torch import Tensor

from ..noise.random_noise import Noise
from .base import Denoise, Noising, Sampler, State


@dataclass
class Path:
    """Points on the way of one step from x [B, C, h, w] at time t = -ln sigma, with the slope there.

    `slope` is (x - x0) / sigma: the noise in x.
    """

    x: Tensor
    time: float
    slope: Tensor
    denoise: Denoise

    def at(self, span: float) -> Tensor:
        """Return x at time t + span on the straight line."""
        return self.x - self.slope * (exp(-(self.time + span)) * expm1(span))

    def slope_at(self, x: Tensor, span: float) -> Tensor:
        """Ask the model for the slope in x at time t + span."""
        sigma = exp(-(self.time + span))
        return (x - self.denoise(x, sigma)) / sigma


def first_order(path: Path, span: float) -> Tensor:
    """Return x at time t + span by DPM-Solver-1: no further call."""
    return path.at(span)


def second_order(path: Path, span: float, slope: Tensor, share: float) -> Tensor:
    """Return x at time t + span by DPM-Solver-2, with the slope at t + share * span."""
    bend = exp(-(path.time + span)) * expm1(span) / (2 * share)
    return path.at(span) - (slope - path.slope) * bend


def third_order(path: Path, span: float, slope: Tensor) -> Tensor:
    """Return x at time t + span by DPM-Solver-3, with points at 1/3, whose slope is given, and 2/3."""
    two_thirds = span * 2 / 3
    bend = exp(-(path.time + two_thirds)) * 2 * (expm1(two_thirds) / two_thirds - 1)
    second = path.slope_at(path.at(two_thirds) - (slope - path.slope) * bend, two_thirds)
    bend = exp(-(path.time + span)) * 1.5 * (expm1(span) / span - 1)
    return path.at(span) - (second - path.slope) * bend


@dataclass(frozen=True, kw_only=True, eq=False)
class FastState(State):
    """`orders` are those of all steps; `sigmas` are the sampler's own levels."""

    orders: tuple[int, ...] = ()


def begin(kind: type[FastState], x: Tensor, sigmas: tuple[float, ...], noising: Noising) -> FastState:
    """Return the first state: as many calls as the schedule has steps, at levels even in ln sigma.

    Of the schedule only the first and the least level above 0 count. A schedule with one level above 0 has
    no way between two; it is one step to the estimate of x0.
    """
    span = [level for level in sigmas if level > 0]
    calls = max(len(sigmas) - 1, 0)
    if len(span) < 2:
        return kind(x=x, sigmas=sigmas, flow=noising.flow, orders=(0,) * calls)
    count, rest = calls // 3 + 1, calls % 3
    orders = (3,) * (count - 1) + (rest,) if rest else (3,) * (count - 2) + (2, 1)
    first, last = log(span[0]), log(span[-1])
    inner = tuple(exp(first + (last - first) * step / count) for step in range(1, count))
    return kind(x=x, sigmas=(span[0], *inner, span[-1]), flow=noising.flow, orders=orders)


def step_fast(state: FastState, denoise: Denoise, noise: Noise) -> FastState:
    """Take a step of the order that is planned for it."""
    sigma, sigma_next = state.interval
    order = state.orders[state.index]
    denoised = denoise(state.x, sigma)
    x = denoised
    if order > 0:
        path, span = (
            Path(state.x, -log(sigma), (state.x - denoised) / sigma, denoise),
            log(sigma / sigma_next),
        )
        share = {1: 0.0, 2: 1 / 2, 3: 1 / 3}[order]
        if order == 1:
            x = first_order(path, span)
        else:
            slope = path.slope_at(path.at(share * span), share * span)
            x = second_order(path, span, slope, share) if order == 2 else third_order(path, span, slope)
    return replace(state, x=x, index=state.index + 1, denoised=denoised)


DPM_FAST = Sampler(
    name="dpm_fast",
    state=FastState,
    begin=begin,
    advance=step_fast,
    calls_per_step=3,
    looks_ahead=True,
    paper="Lu et al. 2022, arXiv 2206.00927, DPM-Solver-fast",
)
