"""UniPC: a multistep predictor and corrector that share one call of the model a step."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import expm1, factorial, log

import numpy as np
from torch import Tensor

from ..noise.random_noise import Noise
from .base import Denoise, Noising, Sampler, State

MOST_POINTS = 3

# Stands for a last level of 0, whose log-SNR is infinite.
LAST_LEVEL = 0.001


@dataclass(frozen=True, kw_only=True, eq=False)
class UniPcState(State):
    """x is predicted and not yet corrected.

    `origin` is the corrected x it was predicted from, None before any step; `past` are (sigma, estimate
    of x0) of the last steps, the newest first.
    """

    origin: Tensor | None = None
    past: tuple[tuple[float, Tensor], ...] = ()


def begin(kind: type[UniPcState], x: Tensor, sigmas: tuple[float, ...], noising: Noising) -> UniPcState:
    """Return the first state; a last level of 0 is replaced by one just above."""
    if sigmas and sigmas[-1] == 0:
        sigmas = (*sigmas[:-1], min(LAST_LEVEL, sigmas[-2] / 2))
    return kind(x=x, sigmas=sigmas, flow=noising.flow)


def step(state: UniPcState, denoise: Denoise, noise: Noise, *, bh2: bool = False) -> UniPcState:
    """Correct x by the estimate made of it, and predict the next one from there."""
    sigma, sigma_next = state.interval
    denoised = denoise(state.x, sigma)
    x = state.x
    if state.origin is not None:
        points = order(state, state.index)
        x = moved(state.origin, state.past[:points], sigma, bh2, denoised)
    past = ((sigma, denoised), *(() if state.turns else state.past))
    ahead = moved(x, past[: order(state, state.index + 1)], sigma_next, bh2)
    return replace(
        state, x=ahead, index=state.index + 1, denoised=denoised, origin=x, past=past[:MOST_POINTS]
    )


def order(state: State, to: int) -> int:
    """Return the order of the step to sigmas[to]: low at the start and at the end, and in short runs."""
    return max(min(MOST_POINTS, state.steps - 1, to, state.steps + 1 - to), 1)


def moved(
    x: Tensor,
    past: Sequence[tuple[float, Tensor]],
    level: float,
    bh2: bool,
    denoised: Tensor | None = None,
) -> Tensor:
    """Return x at the first level of `past` brought to `level`; with an estimate there, corrected by it.

    Algorithms 5 and 6 of the paper, divided by the picture's share of x.
    """
    (sigma, newest), *older = past
    h = log(level / sigma)
    spans = [log(level_before / sigma) / h for level_before, _ in older]
    changes = [(estimate - newest) / span for span, (_, estimate) in zip(spans, older, strict=True)]
    if denoised is not None:
        spans, changes = [*spans, 1.0], [*changes, denoised - newest]
    scale = expm1(h) if bh2 else h
    x = x * (level / sigma) - newest * expm1(h)
    for weight, change in zip(weights(h, spans, scale), changes, strict=True):
        x = x - change * (scale * weight)
    return x


def weights(h: float, spans: Sequence[float], scale: float) -> list[float]:
    """Return the weights of the changes of the estimate at `spans` (1 is the step's end)."""
    if len(spans) == 1:
        return [0.5]  # the paper's choice where the equations leave one free
    phi, right = expm1(h) / h - 1, list[float]()
    for power in range(1, len(spans) + 1):
        right.append(phi * factorial(power) / scale)
        phi = phi / h - 1 / factorial(power + 1)
    left = [[span**power for span in spans] for power in range(len(spans))]
    return [float(weight) for weight in np.linalg.solve(np.array(left), np.array(right))] if spans else []


UNI_PC = Sampler(
    name="uni_pc",
    state=UniPcState,
    begin=begin,
    advance=step,
    looks_ahead=True,
    discard_penultimate=True,
    paper="Zhao et al. 2023, arXiv 2302.04867, with B1 of its section 3.1",
)

UNI_PC_BH2 = replace(
    UNI_PC,
    name="uni_pc_bh2",
    options=(("bh2", True),),
    paper="Zhao et al. 2023, arXiv 2302.04867, with B2 of its section 3.1",
)
