"""Operations on latents as values, LATENT_OPERATION on the wire: to apply once, or to every model estimate.

Each is a pure function of latents [B,C,h,w], and compares equal to one with the same settings.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import torch
import torch.nn.functional as F
from torch import Tensor

from ..values import Latent
from .latent_math import lengths, units

LatentOperation: TypeAlias = Callable[[Tensor], Tensor]
"""Latents [B,C,h,w] to latents of the same shape."""


def apply_operation(latent: Latent, operation: LatentOperation) -> Latent:
    """Apply an operation to a latent."""
    return {**latent, "samples": operation(latent["samples"])}


@dataclass(frozen=True)
class TonemapReinhard:
    """Hold back the longest vectors of a latent, as a tone curve holds back highlights.

    A vector's length l becomes l / (1 + l / top), where `top` is `multiplier` times an item's mean length
    plus five standard deviations. Reinhard et al. 2002, "Photographic Tone Reproduction for Digital Images".
    """

    multiplier: float = 1.0

    def __call__(self, samples: Tensor) -> Tensor:
        """Return latents with the same directions; a multiplier of 0 leaves nothing."""
        length = lengths(samples)
        mean = length.mean((1, 2, 3), keepdim=True)
        cells = max(length[0].numel() - 1, 1)
        spread = ((length - mean).square().sum((1, 2, 3), keepdim=True) / cells).sqrt()
        top = (mean + 5 * spread) * self.multiplier
        return samples * torch.where(top > 0, top / (top + length), 0)


@dataclass(frozen=True)
class Sharpen:
    """Sharpen the directions of a latent's vectors and leave their lengths as they are.

    The directions are convolved with (1 + 10 alpha) - 10 alpha * a Gaussian of `radius` cells, whose
    standard deviation is `sigma` radii; beyond the edge the latent is mirrored.
    """

    radius: int = 9
    sigma: float = 1.0
    alpha: float = 0.1

    def __call__(self, samples: Tensor) -> Tensor:
        """Return sharpened latents."""
        length = lengths(samples)
        directions = units(samples, length)
        blurred = _blurred(directions, self._weights().to(samples))
        amount = 10 * self.alpha
        return ((1 + amount) * directions - amount * blurred) * length

    def _weights(self) -> Tensor:
        at = torch.linspace(-1, 1, 2 * self.radius + 1)
        weights = torch.exp(-(at**2) / (2 * self.sigma**2))
        return weights / weights.sum()


def _blurred(x: Tensor, weights: Tensor) -> Tensor:
    """Convolve [B,C,h,w] with the same weights [2r+1] down and across."""
    channels, radius = x.shape[1], len(weights) // 2
    down = weights[None, None, :, None].expand(channels, 1, -1, 1)
    x = F.conv2d(_mirrored(x, -2, radius), down, groups=channels)
    return F.conv2d(_mirrored(x, -1, radius), down.mT, groups=channels)


def _mirrored(x: Tensor, dim: int, radius: int) -> Tensor:
    """Continue x by `radius` cells at both ends of a dimension as if mirrors stood there."""
    last = x.shape[dim] - 1
    there_and_back = torch.arange(-radius, last + 1 + radius, device=x.device) % max(2 * last, 1)
    return x.index_select(dim, torch.minimum(there_and_back, 2 * last - there_and_back))
