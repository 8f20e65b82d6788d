"""Ancestral sampling: step below the next level, then add fresh noise up to it."""

from __future__ import annotations

from dataclasses import replace

from ..noise import Noise
from .base import Denoise, Sampler, State, start


def split(sigma: float, sigma_next: float, eta: float = 1.0) -> tuple[float, float]:
    """Return (down, up): the level to step to and the noise to add there, down² + up² = sigma_next².

    At eta 1 it is DDPM's posterior, at eta 0 no noise is added; towards higher noise none is either.
    """
    fresh = max(1 - (sigma_next / sigma) ** 2, 0.0)
    up = min(sigma_next, eta * sigma_next * fresh**0.5)
    return max(sigma_next**2 - up**2, 0.0) ** 0.5, up


def euler_ancestral(eta: float = 1.0, s_noise: float = 1.0) -> Sampler[State]:
    """Return Euler's method with fresh noise: `eta` (0..1) is its share, `s_noise` multiplies it."""

    def step(state: State, denoise: Denoise, noise: Noise) -> State:
        sigma, sigma_next = state.interval
        down, up = split(sigma, sigma_next, eta)
        denoised = denoise(state.x, sigma)
        x = denoised + (state.x - denoised) * (down / sigma)
        if up > 0:
            x = x + noise(state.index, sigma, sigma_next) * (up * s_noise)
        return replace(state, x=x, index=state.index + 1, denoised=denoised)

    return Sampler(
        name="euler_ancestral",
        init=start,
        step=step,
        calls_per_step=1,
        stochastic=True,
        paper="Song et al. 2020, arXiv 2010.02502, with eta; named so in k-diffusion",
    )


EULER_ANCESTRAL = euler_ancestral()

# With x = x0 + sigma * noise, the posterior of DDPM's equations 6 and 7 has the mean x0 + (s'/s)² (x - x0)
# and the variance s'² (1 - (s'/s)²): the split at eta 1.
DDPM = replace(
    EULER_ANCESTRAL,
    name="ddpm",
    paper="Ho et al. 2020, arXiv 2006.11239, algorithm 2 with the posterior's own variance",
)
