"""DPM-Solver++(2M): an exponential multistep method of order 2."""

from __future__ import annotations

from dataclasses import replace
from math import log

from ..noise import Noise
from .base import Denoise, Sampler, State, start


def step(state: State, denoise: Denoise, noise: Noise) -> State:
    """Step with x0 extrapolated from the last two estimates; the first and last step use the newest alone."""
    sigma, sigma_next = state.interval
    denoised = denoise(state.x, sigma)
    sigma_before = state.sigmas[max(state.index - 1, 0)]
    guess = denoised
    if state.denoised is not None and sigma_before != sigma and sigma_next > 0:
        ratio = log(sigma / sigma_next) / log(sigma_before / sigma)
        guess = denoised + (denoised - state.denoised) * (ratio / 2)
    x = guess + (state.x - guess) * (sigma_next / sigma)
    return replace(state, x=x, index=state.index + 1, denoised=denoised)


DPMPP_2M = Sampler(
    name="dpmpp_2m",
    init=start,
    step=step,
    calls_per_step=1,
    stochastic=False,
    paper="Lu et al. 2022, arXiv 2211.01095, algorithm 2",
)
