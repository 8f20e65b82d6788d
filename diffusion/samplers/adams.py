"""Adams-Bashforth over slopes: with the weights of even steps, of uneven ones, and in diffusion time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from math import log, sqrt

import numpy as np

from ..noise.random_noise import Noise
from .base import Denoise, Sampler
from .lms import SlopesState, along, lagrange

# Weights of the newest slope, the one before, ... for even steps, by how many slopes there are.
EVEN = ((1.0,), (3 / 2, -1 / 2), (23 / 12, -16 / 12, 5 / 12), (55 / 24, -59 / 24, 37 / 24, -9 / 24))


def step_ipndm(state: SlopesState, denoise: Denoise, noise: Noise) -> SlopesState:
    """Step by the last four slopes as if all steps were equal; at the end take the estimate of x0."""
    sigma, sigma_next = state.interval
    denoised = denoise(state.x, sigma)
    slopes = ((sigma, (state.x - denoised) / sigma), *state.slopes)
    weights = [weight * (sigma_next - sigma) for weight in EVEN[len(slopes) - 1]]
    x = along(state.x, slopes, weights) if sigma_next > 0 else denoised
    return replace(state, x=x, index=state.index + 1, denoised=denoised, slopes=slopes[: len(EVEN) - 1])


IPNDM = Sampler(
    name="ipndm",
    state=SlopesState,
    advance=step_ipndm,
    paper="Zhang and Chen 2022, arXiv 2204.13902, iPNDM, after PNDM of arXiv 2202.09778",
)


def step_ipndm_v(state: SlopesState, denoise: Denoise, noise: Noise) -> SlopesState:
    """Step by the last four slopes with weights for uneven steps; at the end take the estimate of x0."""
    sigma, sigma_next = state.interval
    denoised = denoise(state.x, sigma)
    slopes = ((sigma, (state.x - denoised) / sigma), *(() if state.turns else state.slopes))
    lengths = [newer - older for (newer, _), (older, _) in pairwise(slopes)]
    weights = uneven(sigma_next - sigma, lengths)
    x = along(state.x, slopes, weights) if sigma_next > 0 else denoised
    return replace(state, x=x, index=state.index + 1, denoised=denoised, slopes=slopes[: len(EVEN) - 1])


def uneven(h: float, lengths: Sequence[float]) -> list[float]:
    """Return the weights of the newest slope, the one before, ... for a step `h` after steps of `lengths`.

    They are those of the program published with the paper, which all who offer this sampler use. Those of
    three slopes are the integrals of the Lagrange polynomials (`integrals`) only where all steps are equal;
    those of four never quite are, and where steps grow by unequal factors they do not add up to h.
    """
    if not lengths:
        return [h]
    a, b, c = (*lengths, lengths[-1], lengths[-1])[:3]
    ab, ha, hab = a + b, h + a, h + a + b
    # Each order adds a difference of the slopes: their weights in it, and its own.
    ratio = a * ab / (b * (b + c))
    differences = (
        ((1.0, -1.0), h / a / 2),
        ((1.0, -(1 + a / b), a / b), (1 - h / (3 * ha) * (h * ha) / (a * ab)) / 2),
        (
            (1.0, -(1 + a / b + ratio), a / b + ratio * (1 + b / c), -ratio * a / b),
            ((1 - h / (3 * ha)) / 2 + (1 - h / (2 * ha)) * h / (6 * hab))
            * (h * ha * hab)
            / (a * ab * (ab + c)),
        ),
    )
    weights = [1.0] + [0.0] * len(lengths)
    for shares, weight in differences[: len(lengths)]:
        for place, share in enumerate(shares):
            weights[place] += share * weight
    return [weight * h for weight in weights]


IPNDM_V = Sampler(
    name="ipndm_v",
    state=SlopesState,
    advance=step_ipndm_v,
    paper="Zhang and Chen 2022, arXiv 2204.13902, iPNDM with the weights of uneven steps",
)

# How many slopes DEIS looks at, and Gauss's rule for its integrals, with far more nodes than they need.
DEIS_ORDER = 3
NODES, SHARES = (tuple(map(float, part)) for part in np.polynomial.legendre.leggauss(16))


def step_deis(state: SlopesState, denoise: Denoise, noise: Noise) -> SlopesState:
    """Step by the last three slopes as a polynomial of diffusion time; at the end take the estimate of x0."""
    sigma, sigma_next = state.interval
    denoised = denoise(state.x, sigma)
    older = tuple((level, slope) for level, slope in state.slopes if level != sigma)
    slopes = ((sigma, (state.x - denoised) / sigma), *older)
    if sigma_next == 0:
        x = denoised
    else:
        x = along(state.x, slopes, in_time([level for level, _ in slopes], sigma, sigma_next))
    return replace(state, x=x, index=state.index + 1, denoised=denoised, slopes=slopes[: DEIS_ORDER - 1])


def in_time(points: Sequence[float], start: float, end: float) -> list[float]:
    """Return the integrals over levels start..end of the polynomials of time that are 1 at one point."""
    times = [vp_time(level) for level in points]
    middle, half = (start + end) / 2, (end - start) / 2
    at = [vp_time(middle + half * node) for node in NODES]
    return [
        half * sum(share * lagrange(times, j, time) for share, time in zip(SHARES, at, strict=True))
        for j in range(len(times))
    ]


def vp_time(sigma: float) -> float:
    """Return the time at which noise of linearly rising rate reaches `sigma`: 0.002 at 0.001, 80 at 1.

    Karras et al. 2022, arXiv 2206.00364, table 1, for the VP column.
    """
    first, low, high = 1e-3, log(0.002**2 + 1), log(80.0**2 + 1)
    slope = 2 * (low / first - high) / (first - 1)
    least = high - slope / 2
    return (sqrt(least**2 + 2 * slope * log(sigma**2 + 1)) - least) / slope


DEIS = Sampler(
    name="deis",
    state=SlopesState,
    advance=step_deis,
    paper="Zhang and Chen 2022, arXiv 2204.13902, tAB-DEIS of order 3",
)
