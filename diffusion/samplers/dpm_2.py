"""DPM-Solver-2: the slope at the geometric mean of both levels."""

from __future__ import annotations

from dataclasses import replace

from torch import Tensor

from ..noise.random_noise import Noise
from ..schedules.schedule import ABOVE_EVERY_SIGMA
from .ancestral import refreshed, split
from .base import Denoise, Sampler, State
from .euler import churned


def to_level(x: Tensor, denoised: Tensor, denoise: Denoise, sigma: float, level: float) -> Tensor:
    """Return x brought from `sigma` to `level` by the slope between them; by Euler's step to level 0."""
    if level == 0:
        return denoised
    between = (sigma * level) ** 0.5
    x_between = denoised + (x - denoised) * (between / sigma)
    return x + (x_between - denoise(x_between, between)) * ((level - sigma) / between)


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
    """Take one step of order 2."""
    state, sigma = churned(state, noise, s_churn, s_tmin, s_tmax, s_noise)
    denoised = denoise(state.x, sigma)
    x = to_level(state.x, denoised, denoise, sigma, state.interval[1])
    return replace(state, x=x, index=state.index + 1, denoised=denoised)


DPM_2 = Sampler(
    name="dpm_2",
    state=State,
    advance=step,
    calls_per_step=2,
    discard_penultimate=True,
    paper="Lu et al. 2022, arXiv 2206.00927, DPM-Solver-2",
)


def dpm_2(
    s_churn: float = 0.0,
    s_tmin: float = 0.0,
    s_tmax: float = ABOVE_EVERY_SIGMA,
    s_noise: float = 1.0,
) -> Sampler[State]:
    """Return DPM-Solver-2 with noise churned in: see `churned`."""
    options = (("s_churn", s_churn), ("s_tmin", s_tmin), ("s_tmax", s_tmax), ("s_noise", s_noise))
    return replace(DPM_2, options=options, stochastic=s_churn > 0, looks_ahead=s_churn > 0)


def step_ancestral(
    state: State, denoise: Denoise, noise: Noise, *, eta: float = 1.0, s_noise: float = 1.0
) -> State:
    """Take a step of order 2 to below the next level and add noise."""
    sigma, sigma_next = state.interval
    parts = split(sigma, sigma_next, eta, flow=state.flow)
    denoised = denoise(state.x, sigma)
    x = to_level(state.x, denoised, denoise, sigma, parts.down)
    state = refreshed(state, x, noise, parts, s_noise)
    return replace(state, index=state.index + 1, denoised=denoised)


def dpm_2_ancestral(eta: float = 1.0, s_noise: float = 1.0) -> Sampler[State]:
    """Return DPM-Solver-2 with fresh noise: `eta` (0..1) is its share, `s_noise` multiplies it."""
    return Sampler(
        name="dpm_2_ancestral",
        state=State,
        advance=step_ancestral,
        options=(("eta", eta), ("s_noise", s_noise)),
        calls_per_step=2,
        stochastic=True,
        discard_penultimate=True,
        paper="Lu et al. 2022, arXiv 2206.00927, DPM-Solver-2, with the noise of euler_ancestral",
    )


DPM_2_ANCESTRAL = dpm_2_ancestral()
