"""Linear multistep (Adams-Bashforth) over the slopes of the last steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod

import numpy as np
from torch import Tensor

from ..noise.random_noise import Noise
from .base import Denoise, Sampler, State


@dataclass(frozen=True, kw_only=True, eq=False)
class SlopesState(State):
    """`slopes` are (sigma, dx/dsigma) of the last steps, the newest first."""

    slopes: tuple[tuple[float, Tensor], ...] = ()


def step(state: SlopesState, denoise: Denoise, noise: Noise, *, order: int = 4) -> SlopesState:
    """Integrate the polynomial through the last slopes; at the end (next level 0) take the estimate of x0."""
    sigma, sigma_next = state.interval
    denoised = denoise(state.x, sigma)
    # A level that comes again is one point of the polynomial, not two.
    older = tuple((level, slope) for level, slope in state.slopes if level != sigma)
    slopes = ((sigma, (state.x - denoised) / sigma), *older)[:order]
    if sigma_next == 0:
        x = denoised
    else:
        weights = integrals([level for level, _ in slopes], sigma, sigma_next)
        x = along(state.x, slopes, weights)
    return replace(state, x=x, index=state.index + 1, denoised=denoised, slopes=slopes[: order - 1])


def along(x: Tensor, slopes: Sequence[tuple[float, Tensor]], weights: Sequence[float]) -> Tensor:
    """Return x plus each slope times its weight."""
    for weight, (_, slope) in zip(weights, slopes, strict=True):
        x = x + slope * weight
    return x


def integrals(points: Sequence[float], start: float, end: float) -> list[float]:
    """Return the integrals over start..end of the Lagrange polynomials of distinct points.

    By Gauss's rule with enough nodes to be exact.
    """
    middle, half = (start + end) / 2, (end - start) / 2
    nodes, shares = np.polynomial.legendre.leggauss((len(points) + 1) // 2)
    return [
        float(
            sum(
                share * half * lagrange(points, j, middle + half * node)
                for node, share in zip(nodes, shares, strict=True)
            )
        )
        for j in range(len(points))
    ]


def lagrange(points: Sequence[float], j: int, at: float) -> float:
    """Return the value at `at` of the polynomial that is 1 at points[j] and 0 at the others."""
    return prod((at - other) / (points[j] - other) for k, other in enumerate(points) if k != j)


def lms(order: int = 4) -> Sampler[SlopesState]:
    """Return the method that remembers `order` slopes; above 4 or so it seldom gains.

    Raises ValueError for an order below 1.
    """
    if order < 1:
        raise ValueError(f"the order must be at least 1, not {order}")
    return Sampler(
        name="lms",
        state=SlopesState,
        advance=step,
        options=(("order", order),),
        paper="Adams-Bashforth with varying steps; named so in k-diffusion, as PLMS in arXiv 2202.09778",
    )


LMS = lms()
