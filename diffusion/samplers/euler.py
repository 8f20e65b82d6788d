"""Euler's method, which in this form is also DDIM."""

from __future__ import annotations

from dataclasses import replace

from torch import Tensor

from ..noise.random_noise import Noise
from ..schedules.schedule import ABOVE_EVERY_SIGMA
from .base import Both, Denoise, Sampler, State, both


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
    """Follow the straight line from x through the estimate of x0 to the next level."""
    state, sigma = churned(state, noise, s_churn, s_tmin, s_tmax, s_noise)
    _, sigma_next = state.interval
    denoised = denoise(state.x, sigma)
    # x + (x - D) / s * (s' - s), written so that the end (s' = 0) is D to the bit.
    x = denoised + (state.x - denoised) * (sigma_next / sigma)
    return replace(state, x=x, index=state.index + 1, denoised=denoised)


def churned(
    state: State, noise: Noise, s_churn: float, s_tmin: float, s_tmax: float, s_noise: float
) -> tuple[State, float]:
    """Return the state with fresh noise, and the level above its own that this brings it to.

    Karras et al. 2022, arXiv 2206.00364, algorithm 2: `s_churn` is how much over the whole run, in steps
    whose level lies in `s_tmin`..`s_tmax`; `s_noise` multiplies the noise.
    Raises ValueError for a flow model.
    """
    sigma, sigma_next = state.interval
    gamma = min(s_churn / state.steps, 2**0.5 - 1) if s_tmin <= sigma <= s_tmax else 0.0
    if gamma <= 0:
        return state, sigma
    if state.flow:
        raise ValueError("s_churn must be 0 for a flow model: its noise cannot be raised without its picture")
    above = sigma * (1 + gamma)
    fresh = noise(state.draws, sigma, sigma_next) * (s_noise * (above**2 - sigma**2) ** 0.5)
    return replace(state, x=state.x + fresh, draws=state.draws + 1), above


EULER = Sampler(
    name="euler",
    state=State,
    advance=step,
    paper="Karras et al. 2022, arXiv 2206.00364, algorithm 2 without churn",
)

DDIM = Sampler(
    name="ddim",
    state=State,
    advance=step,
    paper="Song et al. 2020, arXiv 2010.02502, eta 0",
    kept_noise_offset=1,
)


def euler(
    s_churn: float = 0.0,
    s_tmin: float = 0.0,
    s_tmax: float = ABOVE_EVERY_SIGMA,
    s_noise: float = 1.0,
) -> Sampler[State]:
    """Return Euler's method with noise churned in: see `churned`."""
    options = (("s_churn", s_churn), ("s_tmin", s_tmin), ("s_tmax", s_tmax), ("s_noise", s_noise))
    return replace(EULER, options=options, stochastic=s_churn > 0, looks_ahead=s_churn > 0)


def step_cfg_pp(state: State, denoise: Denoise, noise: Noise) -> State:
    """Step from the guided estimate back up along the unconditional slope."""
    sigma, sigma_next = state.interval
    estimates = both(denoise, state.x, sigma)
    x = back_up(state, estimates, sigma, sigma_next)
    return replace(state, x=x, index=state.index + 1, denoised=estimates.guided)


def back_up(state: State, estimates: Both, sigma: float, level: float) -> Tensor:
    """Return the guided picture with the noise of the unconditional slope at `level`: CFG++'s equation 8."""
    here, there = (1 - sigma, 1 - level) if state.flow else (1.0, 1.0)
    return estimates.guided * there + (state.x - estimates.uncond * here) * (level / sigma)


def step_cfg_pp_alternative(state: State, denoise: Denoise, noise: Noise) -> State:
    """Step towards the guided estimate taken as far again beyond the unconditional one."""
    sigma, sigma_next = state.interval
    guided, uncond = both(denoise, state.x, sigma)
    goal = guided * 2 - uncond
    x = goal + (state.x - goal) * (sigma_next / sigma)
    return replace(state, x=x, index=state.index + 1, denoised=guided)


EULER_CFG_PP = Sampler(
    name="euler_cfg_pp",
    state=State,
    advance=step_cfg_pp,
    needs_uncond=True,
    paper="Chung et al. 2024, arXiv 2406.08070, algorithm 2",
)


def euler_cfg_pp(*, alternative: bool = False) -> Sampler[State]:
    """Return CFG++, or a variant of it in which the guidance counts twice."""
    return EULER_CFG_PP_ALTERNATIVE if alternative else EULER_CFG_PP


EULER_CFG_PP_ALTERNATIVE = Sampler(
    name="euler_cfg_pp_alternative",
    state=State,
    advance=step_cfg_pp_alternative,
    needs_uncond=True,
    paper="no paper; a variant of Chung et al. 2024, arXiv 2406.08070",
)
