"""SEEDS: exponential SDE solvers of two and three stages, whose noise is that of one path."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import exp, expm1

from torch import Tensor

from ..noise.random_noise import Noise
from .base import Denoise, Sampler, State
from .dpmpp_2m_sde import length
from .snr import start_below_one, ve_coordinates


@ve_coordinates
def step_2(
    state: State, denoise: Denoise, noise: Noise, *, eta: float = 1.0, s_noise: float = 1.0, r: float = 0.5
) -> State:
    """Step with the estimate from a point at share `r` of the way; at the end take the first one."""
    sigma, sigma_next = state.interval
    denoised = denoise(state.x, sigma)
    if sigma_next == 0:
        return replace(state, x=denoised, index=state.index + 1, denoised=denoised)
    h, eta = length(sigma, sigma_next, eta)
    (between,), fresh = stages(state, noise, (r,), eta, s_noise)
    x = denoised + (state.x - denoised) * exp(-r * h * (1 + eta)) + fresh[0]
    second = denoise(x, between)
    guess = denoised + (second - denoised) / (2 * r)
    x = guess + (state.x - guess) * exp(-h * (1 + eta)) + fresh[1]
    return replace(
        state, x=x, index=state.index + 1, denoised=denoised, draws=state.draws + (2 if eta else 0)
    )


@ve_coordinates
def step_3(
    state: State,
    denoise: Denoise,
    noise: Noise,
    *,
    eta: float = 1.0,
    s_noise: float = 1.0,
    r_1: float = 1 / 3,
    r_2: float = 2 / 3,
) -> State:
    """Step with the estimates from points at shares `r_1` and `r_2` of the way; at the end take the first."""
    sigma, sigma_next = state.interval
    denoised = denoise(state.x, sigma)
    if sigma_next == 0:
        return replace(state, x=denoised, index=state.index + 1, denoised=denoised)
    h, eta = length(sigma, sigma_next, eta)
    stretched = h * (1 + eta)
    (first, second), fresh = stages(state, noise, (r_1, r_2), eta, s_noise)

    def moved(share: float) -> Tensor:
        return denoised + (state.x - denoised) * exp(-share * stretched)

    def phi2(share: float) -> float:
        return expm1(-share * stretched) / (share * stretched) + 1

    change = denoise(moved(r_1) + fresh[0], first) - denoised
    change = denoise(moved(r_2) + change * (r_2 / r_1 * phi2(r_2)) + fresh[1], second) - denoised
    x = moved(1.0) + change * (phi2(1.0) / r_2) + fresh[2]
    return replace(
        state, x=x, index=state.index + 1, denoised=denoised, draws=state.draws + (3 if eta else 0)
    )


def stages(
    state: State, noise: Noise, shares: Sequence[float], eta: float, s_noise: float
) -> tuple[list[float], list[Tensor | float]]:
    """Return the inner levels at `shares` of the way, and the noise that has come in up to each and the end.

    What came in before a level shrinks on the way to the next as x does.
    """
    sigma, sigma_next = state.interval
    h, _ = length(sigma, sigma_next, eta)
    inner = [sigma * exp(-share * h) for share in shares]
    ends, all_shares = [sigma, *inner, sigma_next], [0.0, *shares, 1.0]
    fresh: list[Tensor | float] = []
    held: Tensor | float = 0.0
    for part in range(len(all_shares) - 1):
        if eta > 0:
            span = h * (all_shares[part + 1] - all_shares[part])
            new = noise(state.draws + part, ends[part], ends[part + 1])
            # `held` is in units of the level it is at.
            held = held * exp(-span * eta) + new * (-expm1(-2 * span * eta)) ** 0.5
        fresh.append(held * (ends[part + 1] * s_noise))
    return inner, fresh


PAPER = "Gonzalez et al. 2023, arXiv 2305.14267"

SEEDS_2 = Sampler(
    name="seeds_2",
    state=State,
    begin=start_below_one,
    advance=step_2,
    calls_per_step=2,
    stochastic=True,
    paper=f"{PAPER}, SEEDS-2",
)

SEEDS_3 = Sampler(
    name="seeds_3",
    state=State,
    begin=start_below_one,
    advance=step_3,
    calls_per_step=3,
    stochastic=True,
    paper=f"{PAPER}, SEEDS-3",
)
