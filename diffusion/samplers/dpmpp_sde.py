"""DPM-Solver++(SDE): an exponential method of two calls a step, with the noise of one Brownian path."""

from __future__ import annotations

from dataclasses import replace

from torch import Tensor

from ..noise.random_noise import Noise
from .ancestral import split
from .base import Denoise, Sampler, State
from .snr import start_below_one, ve_coordinates


@ve_coordinates
def step(
    state: State,
    denoise: Denoise,
    noise: Noise,
    *,
    eta: float = 1.0,
    s_noise: float = 1.0,
    r: float = 0.5,
) -> State:
    """Step with the estimate from a point at share `r` of the way in ln sigma; at the end take the first."""
    sigma, sigma_next = state.interval
    denoised = denoise(state.x, sigma)
    if sigma_next == 0:
        return replace(state, x=denoised, index=state.index + 1, denoised=denoised)

    def part(draw: int, guess: Tensor, level: float) -> Tensor:
        down, up, _ = split(sigma, level, eta)
        x = guess + (state.x - guess) * (down / sigma)
        return x + noise(state.draws + draw, sigma, level) * (up * s_noise) if up > 0 else x

    between = sigma * (sigma_next / sigma) ** r
    second = denoise(part(0, denoised, between), between)
    x = part(1, denoised + (second - denoised) / (2 * r), sigma_next)
    return replace(state, x=x, index=state.index + 1, denoised=denoised, draws=state.draws + 2)


def dpmpp_sde(eta: float = 1.0, s_noise: float = 1.0, r: float = 0.5) -> Sampler[State]:
    """Return DPM-Solver++(SDE).

    `eta` is the share of fresh noise, `s_noise` multiplies it, `r` places the inner point.
    Raises ValueError for r that is not above 0.
    """
    if r <= 0:
        raise ValueError(f"r must be above 0 (1/2 is half way), not {r}")
    return Sampler(
        name="dpmpp_sde",
        state=State,
        begin=start_below_one,
        advance=step,
        options=(("eta", eta), ("s_noise", s_noise), ("r", r)),
        calls_per_step=2,
        stochastic=True,
        noise="brownian",
        looks_ahead=True,
        paper="Lu et al. 2022, arXiv 2211.01095, algorithm 1 as an SDE; named so in k-diffusion",
    )


DPMPP_SDE = dpmpp_sde()
