"""ER-SDE: extended reverse-time SDEs, solved by Taylor's method of up to order 3."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from math import exp
from typing import Literal, TypeAlias

from torch import Tensor

from ..noise.random_noise import Noise
from .base import Denoise, Sampler, State
from .snr import start_below_one, ve_coordinates

# Points of the sums that stand for the paper's integrals, as in the program published with it.
POINTS = 200

SolverType: TypeAlias = Literal["ER-SDE", "Reverse-time SDE", "ODE"]


@dataclass(frozen=True, kw_only=True, eq=False)
class ErSdeState(State):
    """`slope` is the last divided difference of the estimates, None before the second step."""

    slope: Tensor | None = None


@ve_coordinates
def step(
    state: ErSdeState,
    denoise: Denoise,
    noise: Noise,
    *,
    solver_type: SolverType = "ER-SDE",
    max_stage: int = 3,
    eta: float = 1.0,
    s_noise: float = 1.0,
) -> ErSdeState:
    """Step by the last `max_stage` estimates; at the end take the newest."""
    sigma, sigma_next = state.interval
    denoised = denoise(state.x, sigma)
    if sigma_next == 0:
        return replace(state, x=denoised, index=state.index + 1, denoised=denoised)
    scale = scaler(solver_type if sigma_next < sigma else "ODE", eta)
    ratio = scale(sigma_next) / scale(sigma)
    x = denoised + (state.x - denoised) * ratio
    before = None if state.turns else state.denoised
    slope: Tensor | None = None
    if max_stage > 1 and before is not None:
        distance = sigma_next - sigma
        width = -distance / POINTS
        places = [sigma_next + point * width for point in range(POINTS)]
        once = sum(1 / scale(place) for place in places) * width
        slope = (denoised - before) / (sigma - state.sigmas[state.index - 1])
        x = x + slope * (distance + once * scale(sigma_next))
        if max_stage > 2 and state.slope is not None:
            twice = sum((place - sigma) / scale(place) for place in places) * width
            bend = (slope - state.slope) / ((sigma - state.sigmas[state.index - 2]) / 2)
            x = x + bend * (distance**2 / 2 + twice * scale(sigma_next))
    variance = max(sigma_next**2 - (sigma * ratio) ** 2, 0.0)
    draws = state.draws
    if variance > 0 and s_noise > 0 and not (solver_type == "ODE" or sigma_next > sigma):
        x = x + noise(draws, sigma, sigma_next) * (variance**0.5 * s_noise)
        draws += 1
    return replace(state, x=x, index=state.index + 1, denoised=denoised, slope=slope, draws=draws)


def scaler(solver_type: SolverType, eta: float) -> Callable[[float], float]:
    """Return the function of the level that says how x shrinks, and by it how much noise comes in."""
    if solver_type == "ER-SDE":
        return lambda level: level * (exp(level**0.3) + 10)
    power = 1 + eta if solver_type == "Reverse-time SDE" else 1
    return lambda level: level**power


def er_sde(
    solver_type: SolverType = "ER-SDE", max_stage: int = 3, eta: float = 1.0, s_noise: float = 1.0
) -> Sampler[ErSdeState]:
    """Return the solver of order `max_stage` (1 to 3); `s_noise` multiplies the fresh noise.

    "ER-SDE" is the paper's own equation, "ODE" the one without noise, "Reverse-time SDE" the usual one with
    `eta` as the share of noise, which the others do not look at. Raises ValueError for another order.
    """
    if not 1 <= max_stage <= 3:
        raise ValueError(f"max_stage must be 1, 2 or 3, not {max_stage}")
    still = solver_type == "ODE" or (solver_type == "Reverse-time SDE" and eta == 0)
    return Sampler(
        name="er_sde",
        state=ErSdeState,
        begin=start_below_one,
        advance=step,
        options=(
            ("solver_type", "ODE" if still else solver_type),
            ("max_stage", max_stage),
            ("eta", eta),
            ("s_noise", s_noise),
        ),
        stochastic=not still,
        paper="Cui et al. 2023, arXiv 2309.06169, VP ER-SDE-Solver-3",
    )


ER_SDE = er_sde()
