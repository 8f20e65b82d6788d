"""What a network's output means, as a value.

All numbers but those of flow are for the variance-exploding form x = x0 + sigma * noise. A sigma is a
float, or a tensor that broadcasts against x where every item has its own (training).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

import torch
from torch import Tensor

from .schedule import NoiseSchedule

Sigma: TypeAlias = float | Tensor


@dataclass(frozen=True)
class Prediction:
    """How an image is noised, what the network sees of it, and what its output means.

    `scale_in(sigma)` is what x is multiplied with before the network sees it.
    `denoised(x, output, sigma)` is the estimate of x0 that an output stands for.
    `target(x0, noise, sigma)` is the output of a perfect network: what training aims at.
    `noised(x0, noise, sigma, full)` is where sampling starts; `full` says that sigma is
    the schedule's largest, so that nothing of x0 should show.
    `flow` says that x is (1 - sigma) x0 + sigma noise, with sigma in 0..1; a run that ends
    above 0 then divides by 1 - sigma to have its picture at full strength again.
    """

    name: str
    scale_in: Callable[[Sigma], Sigma]
    denoised: Callable[[Tensor, Tensor, Sigma], Tensor]
    target: Callable[[Tensor, Tensor, Sigma], Tensor]
    noised: Callable[[Tensor, Tensor, Sigma, bool], Tensor]
    flow: bool = False


def _unit(sigma: Sigma, data: float = 1.0) -> Sigma:
    # Brings x to variance 1 where x0 has the standard deviation `data`.
    return (sigma * sigma + data * data) ** -0.5


def _noised(x0: Tensor, noise: Tensor, sigma: Sigma, full: bool) -> Tensor:
    # At full strength the noise alone has the variance that noise and picture had together in training.
    return x0 + noise * ((sigma * sigma + 1) ** 0.5 if full else sigma)


def _one(sigma: Sigma) -> Sigma:
    return 1.0


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

X0 = Prediction(
    name="x0",
    scale_in=_unit,
    denoised=lambda x, output, sigma: output,
    target=lambda x0, noise, sigma: x0,
    noised=_noised,
)

# Like x0, for networks that map a picture to a picture and are shown it as it is.
IMG_TO_IMG = Prediction(
    name="img_to_img",
    scale_in=_one,
    denoised=lambda x, output, sigma: output,
    target=lambda x0, noise, sigma: x0,
    noised=_noised,
)

FLOW = Prediction(
    name="flow",  # Liu et al. 2022, arXiv 2209.03003; Esser et al. 2024, arXiv 2403.03206
    scale_in=_one,
    denoised=lambda x, output, sigma: x - output * sigma,
    target=lambda x0, noise, sigma: noise - x0,
    noised=lambda x0, noise, sigma, full: x0 * (1 - sigma) + noise * sigma,
    flow=True,
)


def edm(data: float = 0.5) -> Prediction:
    """Return EDM's preconditioning for pictures of standard deviation `data`.

    Karras et al. 2022, arXiv 2206.00364, table 1; Playground 2.5 has `data` 0.5.
    """
    return Prediction(
        name="edm",
        scale_in=lambda sigma: _unit(sigma, data),
        denoised=lambda x, output, sigma: (
            x * (data * _unit(sigma, data)) ** 2 + output * (data * sigma * _unit(sigma, data))
        ),
        target=lambda x0, noise, sigma: (x0 * sigma - noise * data**2) * (_unit(sigma, data) / data),
        noised=_noised,
    )


def lcm(schedule: NoiseSchedule, data: float = 0.5, scale: float = 10.0) -> Prediction:
    """Return what the output of a latent consistency model means: noise, held to the picture at time 0.

    `schedule` tells the time of a level, which `scale` multiplies.
    Luo et al. 2023, arXiv 2310.04378, equation 9.
    """

    def share(sigma: Sigma) -> tuple[Sigma, Sigma]:
        time = scale * schedule.timestep(torch.as_tensor(sigma)).to(torch.float64)
        of = time if isinstance(sigma, Tensor) else float(time)
        return of * (of * of + data * data) ** -0.5, data * data / (of * of + data * data)

    def denoised(x: Tensor, output: Tensor, sigma: Sigma) -> Tensor:
        out, skip = share(sigma)
        return ((x - output * sigma) * out + x * (skip * _unit(sigma))).to(x)

    def target(x0: Tensor, noise: Tensor, sigma: Sigma) -> Tensor:
        # What makes `denoised` of (x0 + sigma noise) be x0; near time 0 no output does.
        out, skip = share(sigma)
        x = x0 + noise * sigma
        return ((x - (x0 - x * (skip * _unit(sigma))) / out) / sigma).to(x0)

    return Prediction(name="lcm", scale_in=_unit, denoised=denoised, target=target, noised=_noised)


PREDICTIONS: Mapping[str, Prediction] = {kind.name: kind for kind in (EPS, V, X0, IMG_TO_IMG, FLOW, edm())}
