"""Linear multistep (Adams-Bashforth) over the slopes of the last four steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod, sqrt

from torch import Tensor

from ..noise import Noise
from .base import Denoise, Sampler, State, levels

ORDER = 4


@dataclass(frozen=True, kw_only=True, eq=False)
class LmsState(State):
    """`slopes` are (sigma, dx/dsigma) of the last steps, the newest first, at most three."""

    slopes: tuple[tuple[float, Tensor], ...] = ()


def init(x: Tensor, sigmas: Tensor) -> LmsState:
    """Return the first state; there are no slopes yet."""
    return LmsState(x=x, sigmas=levels(sigmas))


def step(state: LmsState, denoise: Denoise, noise: Noise) -> LmsState:
    """Integrate the polynomial through the last slopes; at the end (next level 0) take the estimate of x0."""
    sigma, sigma_next = state.interval
    denoised = denoise(state.x, sigma)
    # A level that comes twice is one point of the polynomial, not two.
    older = tuple((level, slope) for level, slope in state.slopes if level != sigma)
    slopes = ((sigma, (state.x - denoised) / sigma), *older)
    if sigma_next == 0:
        x = denoised
    else:
        weights = integrals([level for level, _ in slopes], sigma, sigma_next)
        x = state.x
        for weight, (_, slope) in zip(weights, slopes, strict=True):
            x = x + slope * weight
    return replace(state, x=x, index=state.index + 1, denoised=denoised, slopes=slopes[: ORDER - 1])


def integrals(points: Sequence[float], start: float, end: float) -> list[float]:
    """Return the integrals over start..end of the Lagrange polynomials of at most four distinct points.

    Gauss's rule with two nodes, exact for these cubics.
    """
    middle, half = (start + end) / 2, (end - start) / 2
    nodes = (middle - half / sqrt(3), middle + half / sqrt(3))

    def basis(j: int, at: float) -> float:
        return prod((at - other) / (points[j] - other) for k, other in enumerate(points) if k != j)

    return [half * sum(basis(j, node) for node in nodes) for j in range(len(points))]


LMS = Sampler(
    name="lms",
    init=init,
    step=step,
    calls_per_step=1,
    stochastic=False,
    state=LmsState,
    paper="Adams-Bashforth with varying steps; named so in k-diffusion, as PLMS in arXiv 2202.09778",
)
