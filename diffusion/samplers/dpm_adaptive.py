"""DPM-Solver with steps as long as its error allows; a step is one attempt, taken or not."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import partial
from math import atan, ceil, exp, isfinite, log

import torch
from torch import Tensor

from ..noise.random_noise import Noise
from .ancestral import split
from .base import Denoise, Noising, Sampler, State
from .dpm_solver import Path, first_order, second_order, third_order

# Closer than this in ln sigma is there; a step shorter than the other leads nowhere.
THERE, SHORTEST = 1e-5, 1e-7


@dataclass(frozen=True, kw_only=True, eq=False)
class AdaptiveState(State):
    """`here` is the level of x, `end` the one to reach, `h` the length of the next attempt in t = -ln sigma.

    `errors` are one over the errors of the last three steps, the newest first; `low` is x as a lower order
    would have it.
    """

    here: float = 0.0
    end: float = 0.0
    h: float = 0.0
    errors: tuple[float, ...] = ()
    low: Tensor

    @property
    def level(self) -> float:
        """The noise level that x is at."""
        return self.here

    @property
    def left(self) -> float:
        """The way to the end in ln sigma."""
        return abs(log(self.here / self.end)) if self.end > 0 else 0.0

    @property
    def done(self) -> bool:
        """Whether the end is reached."""
        return len(self.sigmas) < 2 or (self.left <= THERE and not self._one_level)

    @property
    def _one_level(self) -> bool:
        # [s, 0] has no way to go in ln sigma: it is one step to the estimate.
        return self.index == 0 and self.sigmas[1] == 0

    @property
    def steps(self) -> int:
        """How many attempts the run has, were all that are left as long as the next."""
        if self.done:
            return self.index
        return self.index + (1 if self._one_level else max(ceil(self.left / abs(self.h)), 1))

    @property
    def interval(self) -> tuple[float, float]:
        """The noise levels at the start and the end of the next attempt.

        Raises ValueError when the run is done.
        """
        if self.done:
            raise ValueError(f"the run is done after {self.index} steps; there is no next one")
        if self._one_level:
            return self.sigmas[0], 0.0
        return self.here, self.end if self.left <= abs(self.h) else self.here * exp(-self.h)


def begin(
    kind: type[AdaptiveState],
    x: Tensor,
    sigmas: tuple[float, ...],
    noising: Noising,
    *,
    h_init: float = 0.05,
) -> AdaptiveState:
    """Return the first state; of the schedule only the first and the last level above 0 count."""
    ends = [level for level in sigmas if level > 0] or [0.0]
    h = h_init if ends[-1] <= ends[0] else -h_init
    return kind(x=x, sigmas=sigmas, flow=noising.flow, here=ends[0], end=ends[-1], h=h, low=x)


def step(
    state: AdaptiveState,
    denoise: Denoise,
    noise: Noise,
    *,
    order: int = 3,
    rtol: float = 0.05,
    atol: float = 0.0078,
    h_init: float = 0.05,
    pcoeff: float = 0.0,
    icoeff: float = 1.0,
    dcoeff: float = 0.0,
    accept_safety: float = 0.81,
    eta: float = 0.0,
    s_noise: float = 1.0,
) -> AdaptiveState:
    """Attempt a step of both orders; take it if they agree, and choose the next length by how well.

    Raises ValueError where no step is short enough.
    """
    sigma, sigma_next = state.interval
    denoised = denoise(state.x, sigma)
    if sigma_next == 0:
        return replace(state, x=denoised, index=state.index + 1, denoised=denoised, here=0.0, end=0.0)
    down = max(split(sigma, sigma_next, eta).down, min(state.end, sigma_next))
    path, span = Path(state.x, -log(sigma), (state.x - denoised) / sigma, denoise), log(sigma / down)
    share = 1 / 2 if order == 2 else 1 / 3
    slope = path.slope_at(path.at(span * share), span * share)
    if order == 2:
        low, high = first_order(path, span), second_order(path, span, slope, share)
    else:
        low, high = second_order(path, span, slope, share), third_order(path, span, slope)
    error = distance(low, high, state.low, rtol, atol)
    newest = 1 / (error + 1e-8)
    errors = (newest, *(state.errors or (newest,) * 3)[1:])
    # A controller with proportional, integral and differential parts of the error's logarithm.
    powers = (pcoeff + icoeff + dcoeff, -(pcoeff + 2 * dcoeff), dcoeff)
    factor = 1.0
    for past, power in zip(errors, powers, strict=True):
        factor *= past ** (power / (order if eta == 0 else 1.5))
    factor = 1 + atan(factor - 1)
    h = state.h * factor
    if not isfinite(h) or abs(h) < SHORTEST:
        raise ValueError(
            f"at sigma {sigma:.4g} no step is short enough for dpm_adaptive: orders differ by {error:.3g} "
            f"times what rtol {rtol} and atol {atol} allow"
        )
    attempt = replace(state, index=state.index + 1, denoised=denoised, h=h)
    if factor < accept_safety:
        return replace(attempt, errors=errors)
    draws, up = state.draws, max(sigma_next**2 - down**2, 0.0) ** 0.5
    if up > 0:
        high = high + noise(draws, sigma, sigma_next) * (up * s_noise)
        draws += 1
    return replace(attempt, x=high, low=low, here=sigma_next, errors=(newest, *errors[:2]), draws=draws)


def distance(low: Tensor, high: Tensor, before: Tensor, rtol: float, atol: float) -> float:
    """Return the root of the mean squared difference, in units of what the tolerances allow at each place.

    Over the whole batch: its items go on together.
    """
    allowed = (torch.maximum(low.float().abs(), before.float().abs()) * rtol).clamp(min=max(atol, 1e-12))
    return ((low.float() - high.float()) / allowed).square().mean().sqrt().item()


def dpm_adaptive(
    order: int = 3,
    rtol: float = 0.05,
    atol: float = 0.0078,
    h_init: float = 0.05,
    pcoeff: float = 0.0,
    icoeff: float = 1.0,
    dcoeff: float = 0.0,
    accept_safety: float = 0.81,
    eta: float = 0.0,
    s_noise: float = 1.0,
) -> Sampler[AdaptiveState]:
    """Return the solver of `order` 2 or 3, which compares itself with one of an order less.

    `rtol` and `atol` are the error allowed, relative and absolute, `h_init` the first step in ln sigma;
    `pcoeff`, `icoeff`, `dcoeff` steer the length of steps, and one is taken if the next need not be shorter
    than `accept_safety` times as long. `eta` is the share of fresh noise, `s_noise` multiplies it.
    Raises ValueError for another order or a first step that is none.
    """
    if order not in (2, 3):
        raise ValueError(f"the order must be 2 or 3, not {order}")
    if rtol <= 0 and atol <= 0:
        raise ValueError("rtol and atol are both 0: no step is ever that exact; raise one of them")
    if h_init <= 0:
        raise ValueError(f"h_init, the length of the first step, must be above 0, not {h_init}")
    return Sampler(
        name="dpm_adaptive",
        state=AdaptiveState,
        begin=partial(begin, h_init=h_init),
        advance=step,
        options=(
            ("order", order),
            ("rtol", rtol),
            ("atol", atol),
            ("h_init", h_init),
            ("pcoeff", pcoeff),
            ("icoeff", icoeff),
            ("dcoeff", dcoeff),
            ("accept_safety", accept_safety),
            ("eta", eta),
            ("s_noise", s_noise),
        ),
        calls_per_step=order,
        stochastic=eta > 0,
        looks_ahead=True,
        paper="Lu et al. 2022, arXiv 2206.00927, appendix C",
    )


DPM_ADAPTIVE = dpm_adaptive()
