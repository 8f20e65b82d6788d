"""Heun's method: Euler's step, then again with the mean of both ends' slopes; and one that looks further."""

from __future__ import annotations

from dataclasses import replace

from ..noise.random_noise import Noise
from ..schedules.schedule import ABOVE_EVERY_SIGMA
from .base import Denoise, Sampler, State
from .euler import churned


def step(
    state: State,
    denoise: Denoise,
    noise: Noise,
    *,
    s_churn: float = 0.0,
    s_tmin: float = 0.0,
    s_tmax: float = ABOVE_EVERY_SIGMA,
    s_noise: float = 1.0,
) -> State:
    """Take one step of order 2; at the end (next level 0) Euler's."""
    state, sigma = churned(state, noise, s_churn, s_tmin, s_tmax, s_noise)
    _, sigma_next = state.interval
    denoised = denoise(state.x, sigma)
    x = denoised + (state.x - denoised) * (sigma_next / sigma)
    if sigma_next > 0:
        slope = (state.x - denoised) / sigma
        slope_next = (x - denoise(x, sigma_next)) / sigma_next
        x = state.x + (slope + slope_next) * ((sigma_next - sigma) / 2)
    return replace(state, x=x, index=state.index + 1, denoised=denoised)


HEUN = Sampler(
    name="heun",
    state=State,
    advance=step,
    calls_per_step=2,
    paper="Karras et al. 2022, arXiv 2206.00364, algorithm 1",
)


def heun(
    s_churn: float = 0.0,
    s_tmin: float = 0.0,
    s_tmax: float = ABOVE_EVERY_SIGMA,
    s_noise: float = 1.0,
) -> Sampler[State]:
    """Return Heun's method with noise churned in: see `churned`."""
    options = (("s_churn", s_churn), ("s_tmin", s_tmin), ("s_tmax", s_tmax), ("s_noise", s_noise))
    return replace(HEUN, options=options, stochastic=s_churn > 0, looks_ahead=s_churn > 0)


def step_plus_plus(state: State, denoise: Denoise, noise: Noise) -> State:
    """Step along the mean of three slopes, Euler's steps apart, the last two weighted by their levels.

    Where the schedule ends after the next level there are two slopes, and at the end (next level 0) one.
    """
    sigma, sigma_next = state.interval
    denoised = denoise(state.x, sigma)
    slopes = [(state.x - denoised) / sigma]
    x, at = state.x, sigma
    ahead = [level for level in state.sigmas[state.index + 1 : state.index + 3] if level > 0]
    for level in ahead:
        x = x + slopes[-1] * (level - at)
        slopes.append((x - denoise(x, level)) / level)
        at = level
    weights = [level / (len(slopes) * max(state.sigmas)) for level in ahead]
    slope = slopes[0] * (1 - sum(weights))
    for weight, other in zip(weights, slopes[1:], strict=True):
        slope = slope + other * weight
    x = state.x + slope * (sigma_next - sigma) if ahead else denoised
    return replace(state, x=x, index=state.index + 1, denoised=denoised)


HEUNPP2 = Sampler(
    name="heunpp2",
    state=State,
    advance=step_plus_plus,
    calls_per_step=3,
    looks_ahead=True,
    paper="known as Heun++; no paper",
)
