"""DPM-Solver++(2M) and (3M) as SDEs: one call a step, with the noise of one Brownian path."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import exp, expm1, log
from typing import Literal, TypeVar

from torch import Tensor

from ..noise.random_noise import Noise
from .base import Denoise, Sampler, State
from .snr import start_below_one, ve_coordinates

S = TypeVar("S", bound=State)


@ve_coordinates
def step(
    state: State,
    denoise: Denoise,
    noise: Noise,
    *,
    solver_type: Literal["midpoint", "heun"] = "midpoint",
    eta: float = 1.0,
    s_noise: float = 1.0,
) -> State:
    """Step by the last two estimates; at the end take the newest."""
    sigma, sigma_next = state.interval
    denoised = denoise(state.x, sigma)
    if sigma_next == 0:
        return replace(state, x=denoised, index=state.index + 1, denoised=denoised)
    h, eta = length(sigma, sigma_next, eta)
    stretched = h * (1 + eta)
    x = denoised + (state.x - denoised) * exp(-stretched)
    if state.denoised is not None:
        change = (denoised - state.denoised) * (h / log(state.sigmas[state.index - 1] / sigma))
        weight = -expm1(-stretched) / 2 if solver_type == "midpoint" else expm1(-stretched) / stretched + 1
        x = x + change * weight
    return replace(stirred(state, x, noise, h, eta, s_noise), index=state.index + 1, denoised=denoised)


def length(sigma: float, sigma_next: float, eta: float) -> tuple[float, float]:
    """Return the step's length in ln(1 / sigma) and its share of noise: none towards higher levels."""
    h = log(sigma / sigma_next)
    return h, eta if h > 0 else 0.0


def stirred(state: S, x: Tensor, noise: Noise, h: float, eta: float, s_noise: float) -> S:
    """Return `state` with x and the noise that has come in over a step of length `h`."""
    if eta == 0:
        return replace(state, x=x)
    sigma, sigma_next = state.interval
    fresh = noise(state.draws, sigma, sigma_next) * (sigma_next * (-expm1(-2 * h * eta)) ** 0.5 * s_noise)
    return replace(state, x=x + fresh, draws=state.draws + 1)


def dpmpp_2m_sde(
    solver_type: Literal["midpoint", "heun"] = "midpoint", eta: float = 1.0, s_noise: float = 1.0
) -> Sampler[State]:
    """Return DPM-Solver++(2M) as an SDE.

    `eta` is the share of fresh noise, `s_noise` multiplies it; `solver_type` weighs the older estimate.
    """
    return Sampler(
        name="dpmpp_2m_sde",
        state=State,
        begin=start_below_one,
        advance=step,
        options=(("solver_type", solver_type), ("eta", eta), ("s_noise", s_noise)),
        stochastic=True,
        noise="brownian",
        looks_ahead=True,
        paper="Lu et al. 2022, arXiv 2211.01095, SDE-DPM-Solver++(2M)",
    )


DPMPP_2M_SDE = dpmpp_2m_sde()
DPMPP_2M_SDE_HEUN = replace(dpmpp_2m_sde("heun"), name="dpmpp_2m_sde_heun")


@dataclass(frozen=True, kw_only=True, eq=False)
class PastState(State):
    """`past` are (sigma, estimate of x0) of the last steps, the newest first, in the sampler's own levels."""

    past: tuple[tuple[float, Tensor], ...] = ()


@ve_coordinates
def step_3m(
    state: PastState, denoise: Denoise, noise: Noise, *, eta: float = 1.0, s_noise: float = 1.0
) -> PastState:
    """Step by the last three estimates; at the end take the newest."""
    sigma, sigma_next = state.interval
    denoised = denoise(state.x, sigma)
    if sigma_next == 0:
        return replace(state, x=denoised, index=state.index + 1, denoised=denoised)
    h, eta = length(sigma, sigma_next, eta)
    stretched = h * (1 + eta)
    x = denoised + (state.x - denoised) * exp(-stretched)
    past = ((sigma, denoised), *(() if state.turns else state.past))
    phi2 = expm1(-stretched) / stretched + 1
    if len(past) > 1:
        first = log(past[1][0] / sigma) / h
        slope = (denoised - past[1][1]) / first
        if len(past) > 2:
            second = log(past[2][0] / past[1][0]) / h
            bend = (slope - (past[1][1] - past[2][1]) / second) / (first + second)
            slope = slope + bend * first
            x = x - bend * (phi2 / stretched - 0.5)
        x = x + slope * phi2
    state = stirred(state, x, noise, h, eta, s_noise)
    return replace(state, index=state.index + 1, denoised=denoised, past=past[:2])


def dpmpp_3m_sde(eta: float = 1.0, s_noise: float = 1.0) -> Sampler[PastState]:
    """Return DPM-Solver++(3M) as an SDE: `eta` is the share of fresh noise, `s_noise` multiplies it."""
    return Sampler(
        name="dpmpp_3m_sde",
        state=PastState,
        begin=start_below_one,
        advance=step_3m,
        options=(("eta", eta), ("s_noise", s_noise)),
        stochastic=True,
        noise="brownian",
        looks_ahead=True,
        paper="Lu et al. 2022, arXiv 2211.01095, as an SDE of order 3; named so in k-diffusion",
    )


DPMPP_3M_SDE = dpmpp_3m_sde()
