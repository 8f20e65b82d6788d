"""Heun's method: Euler's step, then again with the mean of the slopes at both ends."""

from __future__ import annotations

from dataclasses import replace

from ..noise import Noise
from .base import Denoise, Sampler, State, start


def step(state: State, denoise: Denoise, noise: Noise) -> State:
    """Take one step of order 2; at the end (next level 0) Euler's."""
    sigma, sigma_next = state.interval
    denoised = denoise(state.x, sigma)
    x = denoised + (state.x - denoised) * (sigma_next / sigma)
    if sigma_next > 0:
        slope = (state.x - denoised) / sigma
        slope_next = (x - denoise(x, sigma_next)) / sigma_next
        x = state.x + (slope + slope_next) * ((sigma_next - sigma) / 2)
    return replace(state, x=x, index=state.index + 1, denoised=denoised)


HEUN = Sampler(
    name="heun",
    init=start,
    step=step,
    calls_per_step=2,
    stochastic=False,
    paper="Karras et al. 2022, arXiv 2206.00364, algorithm 1",
)
