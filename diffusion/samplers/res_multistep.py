"""RES: a refined exponential solver of order 2, multistep; also with fresh noise and with CFG++."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import exp, expm1, log

from torch import Tensor

from ..noise.random_noise import Noise
from .ancestral import refreshed, split
from .base import Denoise, Sampler, State, both


@dataclass(frozen=True, kw_only=True, eq=False)
class ResState(State):
    """What the last step leaves: `before` is the estimate that led it, `down` the level it went to."""

    before: Tensor | None = None
    down: float = 0.0


def step(
    state: ResState,
    denoise: Denoise,
    noise: Noise,
    *,
    eta: float = 0.0,
    s_noise: float = 1.0,
    cfg_pp: bool = False,
) -> ResState:
    """Step by the last two estimates; the first and the last step are Euler's.

    With `cfg_pp` x is moved by the guidance, and then the unconditional estimates lead.
    """
    sigma, sigma_next = state.interval
    parts = split(sigma, sigma_next, eta)
    guided, leading = both(denoise, state.x, sigma) if cfg_pp else (denoise(state.x, sigma),) * 2
    if parts.down == 0:
        x = guided
    elif state.before is None:
        x = guided + (state.x - leading) * (parts.down / sigma)
    else:
        h = log(sigma / parts.down)
        # How far back the estimate before lies, in steps of this length. That is told by where the last step
        # went before its noise was added, as it is elsewhere.
        back = log(state.sigmas[state.index - 1] / state.down) / h
        phi1 = expm1(-h) / -h
        phi2 = (phi1 - 1) / -h
        moved = state.x + (guided - leading)
        x = moved * exp(-h) + leading * (h * (phi1 + phi2 / back)) - state.before * (h * phi2 / back)
    state = refreshed(state, x, noise, parts, s_noise)
    return replace(state, index=state.index + 1, denoised=guided, before=leading, down=parts.down)


PAPER = "Zhang et al. 2023, arXiv 2308.02157"

RES_MULTISTEP = Sampler(name="res_multistep", state=ResState, advance=step, paper=PAPER)

RES_MULTISTEP_CFG_PP = Sampler(
    name="res_multistep_cfg_pp",
    state=ResState,
    advance=step,
    options=(("cfg_pp", True),),
    needs_uncond=True,
    paper=f"{PAPER}, with CFG++ of arXiv 2406.08070",
)

RES_MULTISTEP_ANCESTRAL = Sampler(
    name="res_multistep_ancestral",
    state=ResState,
    advance=step,
    options=(("eta", 1.0),),
    stochastic=True,
    paper=f"{PAPER}, with the noise of euler_ancestral",
)

RES_MULTISTEP_ANCESTRAL_CFG_PP = Sampler(
    name="res_multistep_ancestral_cfg_pp",
    state=ResState,
    advance=step,
    options=(("cfg_pp", True), ("eta", 1.0)),
    stochastic=True,
    needs_uncond=True,
    paper=f"{PAPER}, with the noise of euler_ancestral and CFG++ of arXiv 2406.08070",
)
