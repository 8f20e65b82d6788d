"""What a network's output means, as a value.

All numbers are for the variance-exploding form x = x0 + sigma * noise. A sigma is a
float, or a tensor that broadcasts against x where every item has its own (training).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from torch import Tensor

Sigma: TypeAlias = float | Tensor


@dataclass(frozen=True)
class Prediction:
    """How an image is noised, what the network sees of it, and what its output means.

    `scale_in(sigma)` is what x is multiplied with before the network sees it.
    `denoised(x, output, sigma)` is the estimate of x0 that an output stands for.
    `target(x0, noise, sigma)` is the output of a perfect network: what training aims at.
    `noised(x0, noise, sigma, full)` is where sampling starts; `full` says that sigma is
    the schedule's largest, so that nothing of x0 should show.
    """

    name: str
    scale_in: Callable[[Sigma], Sigma]
    denoised: Callable[[Tensor, Tensor, Sigma], Tensor]
    target: Callable[[Tensor, Tensor, Sigma], Tensor]
    noised: Callable[[Tensor, Tensor, Sigma, bool], Tensor]


def _unit(sigma: Sigma) -> Sigma:
    # Brings x to variance 1 where x0 has variance 1.
    return (sigma * sigma + 1) ** -0.5


def _noised(x0: Tensor, noise: Tensor, sigma: Sigma, full: bool) -> Tensor:
    # At full strength the noise alone has the variance that noise and picture had together in training.
    return x0 + noise * ((sigma * sigma + 1) ** 0.5 if full else sigma)


EPS = Prediction(
    name="eps",  # Ho et al. 2020, arXiv 2006.11239
    scale_in=_unit,
    denoised=lambda x, output, sigma: x - output * sigma,
    target=lambda x0, noise, sigma: noise,
    noised=_noised,
)

V = Prediction(
    name="v",  # Salimans and Ho 2022, arXiv 2202.00512
    scale_in=_unit,
    denoised=lambda x, output, sigma: x * _unit(sigma) ** 2 - output * (sigma * _unit(sigma)),
    target=lambda x0, noise, sigma: (noise - x0 * sigma) * _unit(sigma),
    noised=_noised,
)

PREDICTIONS: Mapping[str, Prediction] = {kind.name: kind for kind in (EPS, V)}
