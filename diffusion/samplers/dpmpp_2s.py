"""DPM-Solver++(2S) with fresh noise: an exponential method that asks the model twice a step."""

from __future__ import annotations

from dataclasses import replace
from math import exp, log

from ..noise.random_noise import Noise
from .ancestral import refreshed, split
from .base import Denoise, Sampler, State, both

# Stands for level 1 of a flow model, where no picture is left: half log-SNR is minus infinity there.
BELOW_ONE = 0.9999


def step(state: State, denoise: Denoise, noise: Noise, *, eta: float = 1.0, s_noise: float = 1.0) -> State:
    """Take a step of order 2 to below the next level and add noise."""
    sigma, sigma_next = state.interval
    parts = split(sigma, sigma_next, eta, flow=state.flow)
    denoised = denoise(state.x, sigma)
    x = denoised
    if parts.down > 0:
        between = halfway(sigma, parts.down, state.flow)
        x = denoised + (state.x - denoised) * (between / sigma)
        second = denoise(x, between)
        x = second + (state.x - second) * (parts.down / sigma)
    state = refreshed(state, x, noise, parts, s_noise)
    return replace(state, index=state.index + 1, denoised=denoised)


def halfway(sigma: float, level: float, flow: bool) -> float:
    """Return the level half way between two in log-SNR."""
    if not flow:
        return (sigma * level) ** 0.5
    if sigma >= 1:
        return BELOW_ONE
    middle = (log(sigma / (1 - sigma)) + log(level / (1 - level))) / 2
    return 1 / (1 + exp(-middle))


def dpmpp_2s_ancestral(eta: float = 1.0, s_noise: float = 1.0) -> Sampler[State]:
    """Return DPM-Solver++(2S) with fresh noise: `eta` (0..1) is its share, `s_noise` multiplies it."""
    return Sampler(
        name="dpmpp_2s_ancestral",
        state=State,
        advance=step,
        options=(("eta", eta), ("s_noise", s_noise)),
        calls_per_step=2,
        stochastic=True,
        paper="Lu et al. 2022, arXiv 2211.01095, algorithm 1, with the noise of euler_ancestral",
    )


DPMPP_2S_ANCESTRAL = dpmpp_2s_ancestral()


def step_cfg_pp(
    state: State, denoise: Denoise, noise: Noise, *, eta: float = 1.0, s_noise: float = 1.0
) -> State:
    """Take a step of order 2 along unconditional slopes to below the next level, and add noise."""
    sigma, sigma_next = state.interval
    parts = split(sigma, sigma_next, eta)
    guided, uncond = both(denoise, state.x, sigma)
    x = guided
    if parts.down > 0:
        between = (sigma * parts.down) ** 0.5
        x = guided + (state.x - uncond) * (between / sigma)
        second, uncond = both(denoise, x, between)
        x = second + (state.x + (guided - uncond) - second) * (parts.down / sigma)
    state = refreshed(state, x, noise, parts, s_noise)
    return replace(state, index=state.index + 1, denoised=guided)


DPMPP_2S_ANCESTRAL_CFG_PP = Sampler(
    name="dpmpp_2s_ancestral_cfg_pp",
    state=State,
    advance=step_cfg_pp,
    options=(("eta", 1.0), ("s_noise", 1.0)),
    calls_per_step=2,
    stochastic=True,
    needs_uncond=True,
    paper="Chung et al. 2024, arXiv 2406.08070, on arXiv 2211.01095, algorithm 1",
)
