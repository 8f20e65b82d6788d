"""SA-Solver: stochastic Adams, a multistep predictor and corrector with noise in part of the run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from math import exp, expm1, inf, log

import numpy as np
from torch import Tensor

from ..noise.random_noise import Noise
from .base import Denoise, Noising, Sampler, State
from .lms import lagrange
from .snr import ratio, start_below_one, ve_coordinates

# Gauss's rule with 24 nodes: exact to rounding for an exponential times a polynomial of low degree.
NODES, SHARES = (tuple(map(float, part)) for part in np.polynomial.legendre.leggauss(24))


@dataclass(frozen=True, kw_only=True, eq=False)
class SaState(State):
    """x is predicted and not yet corrected.

    `past` are (level, estimate of x0) of the last steps, the newest first; `origin` is the corrected x that x
    was predicted from and `fresh` the noise added then, None before any step or where none was. `noisy` are
    the highest and the lowest level that are stepped to with noise. All in the sampler's own levels.
    """

    past: tuple[tuple[float, Tensor], ...] = ()
    origin: Tensor | None = None
    fresh: Tensor | None = None
    noisy: tuple[float, float] = (inf, 0.0)


def begin(
    kind: type[SaState],
    x: Tensor,
    sigmas: tuple[float, ...],
    noising: Noising,
    *,
    percents: tuple[float, float] = (0.2, 0.8),
) -> SaState:
    """Return the first state; `percents` are the shares of a full run between which noise is added."""
    high, low = (noising.percent_to_sigma(percent) for percent in percents)
    noisy = (ratio(high), ratio(low)) if noising.flow else (high, low)
    return replace(start_below_one(kind, x, sigmas, noising), noisy=noisy)


@ve_coordinates
def step(
    state: SaState,
    denoise: Denoise,
    noise: Noise,
    *,
    percents: tuple[float, ...] = (0.2, 0.8),
    eta: float = 1.0,
    s_noise: float = 1.0,
    predictor_order: int = 3,
    corrector_order: int = 4,
    use_pece: bool = False,
    simple_order_2: bool = False,
) -> SaState:
    """Correct x by the estimate made of it, and predict the next one; at the end take the estimate.

    With `use_pece` the corrected x is estimated once more.
    """
    sigma, sigma_next = state.interval
    denoised = estimate = denoise(state.x, sigma)
    x, known = state.x, ((sigma, denoised), *state.past)
    # Towards the end of the schedule, where steps grow long, the order falls to 1.
    left = sum(level > 0 for level in state.sigmas[state.index + 1 :])
    if state.origin is not None and corrector_order > 0 and (sigma_next > 0 or use_pece):
        before = state.sigmas[state.index - 1]
        tau = tau_at(state, before, sigma, eta)
        x = moved(state.origin, before, known[: min(corrector_order, left + 1)], sigma, tau, simple_order_2)
        if state.fresh is not None:
            x = x + state.fresh
        if use_pece:
            estimate = denoise(x, sigma)
            known = ((sigma, estimate), *state.past)
    if sigma_next == 0:
        return replace(state, x=estimate, index=state.index + 1, denoised=denoised)
    known = known[:1] if state.turns else known
    tau = tau_at(state, sigma, sigma_next, eta)
    ahead = moved(x, sigma, known[: min(predictor_order, left)], sigma_next, tau, simple_order_2)
    fresh, draws = None, state.draws
    if tau > 0 and s_noise > 0:
        scale = (-expm1(-2 * tau**2 * log(sigma / sigma_next))) ** 0.5
        fresh = noise(draws, sigma, sigma_next) * (sigma_next * scale * s_noise)
        ahead, draws = ahead + fresh, draws + 1
    return replace(
        state,
        x=ahead,
        index=state.index + 1,
        denoised=denoised,
        past=known[: max(predictor_order, corrector_order) - 1],
        origin=x,
        fresh=fresh,
        draws=draws,
    )


def tau_at(state: SaState, sigma: float, sigma_next: float, eta: float) -> float:
    """Return the share of noise in a step: `eta` where it goes down to a level that is to be noisy."""
    high, low = state.noisy
    return eta if sigma_next < sigma and low <= sigma_next <= high else 0.0


def moved(
    x: Tensor,
    start: float,
    points: Sequence[tuple[float, Tensor]],
    end: float,
    tau: float,
    simple_order_2: bool,
) -> Tensor:
    """Return x at level `start` brought to `end` by the polynomial through estimates, in lambda = -ln sigma.

    Equation 14 of the paper. `simple_order_2` takes the approximate weights of its appendix D for two points.
    """
    h, speed = log(start / end), 1 + tau**2
    times = [-log(level) for level, _ in points]
    if simple_order_2 and len(points) == 2:
        inner = speed * h / 2 if times[0] != -log(start) else speed * h**2 / 2 / (times[0] - times[1])
        whole = -expm1(-speed * h)
        weights = [inner, whole - inner] if times[0] != -log(start) else [whole + inner, -inner]
    else:
        end_time, middle = -log(end), (log(1 / start) + log(1 / end)) / 2
        places = [middle + node * h / 2 for node in NODES]
        growth = [share * exp(speed * (at - end_time)) for at, share in zip(places, SHARES, strict=True)]
        weights = [
            h / 2 * speed * sum(w * lagrange(times, j, at) for at, w in zip(places, growth, strict=True))
            for j in range(len(times))
        ]
    x = x * (end / start * exp(-(tau**2) * h))
    for weight, (_, estimate) in zip(weights, points, strict=True):
        x = x + estimate * weight
    return x


def sa_solver(
    percents: tuple[float, float] = (0.2, 0.8),
    eta: float = 1.0,
    s_noise: float = 1.0,
    predictor_order: int = 3,
    corrector_order: int = 4,
    *,
    use_pece: bool = False,
    simple_order_2: bool = False,
) -> Sampler[SaState]:
    """Return the solver: `eta` is the share of noise between the shares `percents` of a full run.

    `predictor_order` and `corrector_order` (0 for none) are how many estimates each looks at; `use_pece` asks
    the model again after correcting.
    """
    return Sampler(
        name="sa_solver_pece" if use_pece else "sa_solver",
        state=SaState,
        begin=partial(begin, percents=percents),
        advance=step,
        options=(
            ("percents", percents),
            ("eta", eta),
            ("s_noise", s_noise),
            ("predictor_order", predictor_order),
            ("corrector_order", corrector_order),
            ("use_pece", use_pece),
            ("simple_order_2", simple_order_2),
        ),
        calls_per_step=2 if use_pece else 1,
        stochastic=eta > 0 and s_noise > 0,
        looks_ahead=True,
        paper="Xue et al. 2023, arXiv 2309.05019, algorithm 1",
    )


SA_SOLVER = sa_solver()
SA_SOLVER_PECE = sa_solver(use_pece=True)
