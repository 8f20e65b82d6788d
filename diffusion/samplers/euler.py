"""Euler's method, which in this form is also DDIM."""

from __future__ import annotations

from dataclasses import replace

from ..noise import Noise
from .base import Denoise, Sampler, State, start


def step(state: State, denoise: Denoise, noise: Noise) -> State:
    """Follow the straight line from x through the estimate of x0 to the next level."""
    sigma, sigma_next = state.interval
    denoised = denoise(state.x, sigma)
    # x + (x - D) / s * (s' - s), written so that the end (s' = 0) is D to the bit.
    x = denoised + (state.x - denoised) * (sigma_next / sigma)
    return replace(state, x=x, index=state.index + 1, denoised=denoised)


EULER = Sampler(
    name="euler",
    init=start,
    step=step,
    calls_per_step=1,
    stochastic=False,
    paper="Karras et al. 2022, arXiv 2206.00364, algorithm 2 without churn",
)

DDIM = Sampler(
    name="ddim",
    init=start,
    step=step,
    calls_per_step=1,
    stochastic=False,
    paper="Song et al. 2020, arXiv 2010.02502, eta 0",
    kept_noise_offset=1,
)
