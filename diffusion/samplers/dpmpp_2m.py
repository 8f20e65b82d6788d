"""DPM-Solver++(2M): an exponential multistep method of order 2."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import log

from torch import Tensor

from ..noise.random_noise import Noise
from .base import Denoise, Sampler, State, both


def step(state: State, denoise: Denoise, noise: Noise) -> State:
    """Step with x0 extrapolated from the last two estimates; the first and last step use the newest alone."""
    sigma, sigma_next = state.interval
    denoised = denoise(state.x, sigma)
    guess = denoised
    if state.denoised is not None and sigma_next > 0:
        guess = denoised + (denoised - state.denoised) * (_ratio(state) / 2)
    x = guess + (state.x - guess) * (sigma_next / sigma)
    return replace(state, x=x, index=state.index + 1, denoised=denoised)


def _ratio(state: State) -> float:
    # This step's length in ln sigma by the last one's.
    sigma, sigma_next = state.interval
    return log(sigma / sigma_next) / log(state.sigmas[state.index - 1] / sigma)


DPMPP_2M = Sampler(
    name="dpmpp_2m",
    state=State,
    advance=step,
    paper="Lu et al. 2022, arXiv 2211.01095, algorithm 2",
)


@dataclass(frozen=True, kw_only=True, eq=False)
class CfgPpState(State):
    """`uncond` is the last step's unconditional estimate of x0, None before any step."""

    uncond: Tensor | None = None


def step_cfg_pp(state: CfgPpState, denoise: Denoise, noise: Noise) -> CfgPpState:
    """Step from the guided estimate up the unconditional slope, corrected by how the estimates changed."""
    sigma, sigma_next = state.interval
    guided, uncond = both(denoise, state.x, sigma)
    x = guided + (state.x - uncond) * (sigma_next / sigma)
    if state.uncond is not None and sigma_next > 0:
        x = x + (guided - state.uncond) * ((1 - sigma_next / sigma) * _ratio(state) / 2)
    return replace(state, x=x, index=state.index + 1, denoised=guided, uncond=uncond)


DPMPP_2M_CFG_PP = Sampler(
    name="dpmpp_2m_cfg_pp",
    state=CfgPpState,
    advance=step_cfg_pp,
    needs_uncond=True,
    paper="Chung et al. 2024, arXiv 2406.08070, on arXiv 2211.01095, algorithm 2",
)
