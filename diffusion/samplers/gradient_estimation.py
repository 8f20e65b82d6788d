"""Gradient estimation: Euler's method with the slope taken beyond the last one."""

from __future__ import annotations

from dataclasses import dataclass, replace

from torch import Tensor

from ..noise.random_noise import Noise
from .base import Denoise, Sampler, State, both


@dataclass(frozen=True, kw_only=True, eq=False)
class SlopeState(State):
    """`slope` is dx/dsigma of the last step, None before any."""

    slope: Tensor | None = None


def step(
    state: SlopeState, denoise: Denoise, noise: Noise, *, gamma: float = 2.0, cfg_pp: bool = False
) -> SlopeState:
    """Step with `gamma` times the new slope less gamma - 1 times the last; at the end take the estimate.

    With `cfg_pp` the slopes are the unconditional estimate's.
    """
    sigma, sigma_next = state.interval
    guided, leading = both(denoise, state.x, sigma) if cfg_pp else (denoise(state.x, sigma),) * 2
    slope = (state.x - leading) / sigma
    if sigma_next == 0:
        x = guided
    else:
        x = guided + slope * sigma_next
        if state.slope is not None:
            x = x + (slope - state.slope) * ((gamma - 1) * (sigma_next - sigma))
    return replace(state, x=x, index=state.index + 1, denoised=guided, slope=slope)


PAPER = "Permenter and Yuan 2023, arXiv 2306.04848, section 5 (second order sampling)"

GRADIENT_ESTIMATION = Sampler(name="gradient_estimation", state=SlopeState, advance=step, paper=PAPER)

GRADIENT_ESTIMATION_CFG_PP = Sampler(
    name="gradient_estimation_cfg_pp",
    state=SlopeState,
    advance=step,
    options=(("cfg_pp", True),),
    needs_uncond=True,
    paper=f"{PAPER}, with CFG++ of arXiv 2406.08070",
)
