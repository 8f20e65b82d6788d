"""Flow models for samplers that are written for x = x0 + sigma noise: the same steps in other coordinates.

With alpha = 1 - sigma a flow model's x = alpha x0 + sigma noise is alpha times x0 + (sigma / alpha) noise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import wraps
from math import inf
from typing import Concatenate, ParamSpec

from torch import Tensor

from ..noise.random_noise import Noise
from .base import Denoise, Noising, S

P = ParamSpec("P")

# The share of a run after which a flow model's level stands for 1, where no picture is left to divide by.
NEARLY_AT_START = 1e-4


def start_below_one(kind: type[S], x: Tensor, sigmas: tuple[float, ...], noising: Noising) -> S:
    """Return the first state of a sampler that works in `ve_coordinates`."""
    if noising.flow and sigmas and sigmas[0] >= 1:
        sigmas = (noising.percent_to_sigma(NEARLY_AT_START), *sigmas[1:])
    return kind(x=x, sigmas=sigmas, flow=noising.flow)


def ve_coordinates(
    advance: Callable[Concatenate[S, Denoise, Noise, P], S],
) -> Callable[Concatenate[S, Denoise, Noise, P], S]:
    """Return a step for both kinds of model from one for x = x0 + sigma noise.

    For flow models its x is divided by 1 - sigma and its levels are sigma / (1 - sigma).
    """

    @wraps(advance)
    def step(state: S, denoise: Denoise, noise: Noise, /, *args: P.args, **kwargs: P.kwargs) -> S:
        if not state.flow:
            return advance(state, denoise, noise, *args, **kwargs)
        sigma, sigma_next = state.interval
        given = {ratio(level): level for level in (sigma, sigma_next)}
        own = replace(state, x=state.x / (1 - sigma), sigmas=tuple(ratio(level) for level in state.sigmas))

        def back(own_level: float) -> float:
            return given.get(own_level, own_level / (1 + own_level))

        def own_denoise(x: Tensor, own_level: float) -> Tensor:
            level = back(own_level)
            return denoise(state.x if x is own.x else x * (1 - level), level)

        def own_noise(draw: int, sigma: float, sigma_next: float) -> Tensor:
            return noise(draw, back(sigma), back(sigma_next))

        after = advance(own, own_denoise, own_noise, *args, **kwargs)
        return replace(after, x=after.x * (1 - sigma_next), sigmas=state.sigmas)

    return step


def ratio(sigma: float) -> float:
    """Return how much noise there is to one of the picture at a flow model's level; infinity at 1."""
    return sigma / (1 - sigma) if sigma < 1 else inf
