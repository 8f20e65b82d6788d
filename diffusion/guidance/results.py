"""Rules that change what guidance gives: bring it back to a spread, a norm or a slope."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from .base import Moment, Parts, Rule, norm, per_item, ratio


def slope_to_velocity(x: Tensor, estimate: Tensor, sigma: float) -> Tensor:
    """Return the velocity (v) that an estimate of x0 stands for."""
    return (x / (sigma**2 + 1) - estimate) * ((sigma**2 + 1) ** 0.5 / sigma)


def velocity_to_estimate(x: Tensor, velocity: Tensor, sigma: float) -> Tensor:
    """Return the estimate of x0 that a velocity stands for."""
    return x / (sigma**2 + 1) - velocity * (sigma / (sigma**2 + 1) ** 0.5)


@dataclass(frozen=True)
class Rescale(Rule):
    """Bring the result's standard deviation back to the conditional estimate's, by a share of `share`.

    Deviations are those of the velocities of each item. Lin et al. 2023, arXiv 2305.08891, section 3.4.
    """

    share: float = 0.7

    def after(self, at: Moment, parts: Parts | None, guided: Tensor) -> Tensor:
        """Rescale."""
        if parts is None:
            return guided
        cond, result = (slope_to_velocity(at.x, one, at.sigma) for one in (parts.cond, guided))
        spread, wanted = (per_item(one.flatten(1).std(1)) for one in (result, cond))
        changed = result * (self.share * ratio(wanted, spread) + (1 - self.share))
        return velocity_to_estimate(at.x, changed, at.sigma)


@dataclass(frozen=True)
class LimitNorm(Rule):
    """Hold an item's norm at `most` times the conditional estimate's (0: no limit), and guide only late.

    Guidance sets in below sigma `below`; above it the conditional estimate is followed. Lumina-Image 2.0,
    arXiv 2503.21758.
    """

    below: float = 100.0
    most: float = 1.0

    def scale(self, sigma: float, scale: float) -> float:
        """Return 1, which is no guidance, at high noise levels."""
        return scale if sigma < self.below else 1.0

    def after(self, at: Moment, parts: Parts | None, guided: Tensor) -> Tensor:
        """Shorten what is too long."""
        del at
        if parts is None or self.most <= 0:
            return guided
        return guided * ratio(self.most * norm(parts.cond), norm(guided)).clamp(max=1)


@dataclass(frozen=True)
class LimitEachCell(Rule):
    """Hold every cell's norm over the channels at the conditional estimate's, then multiply by `strength`."""

    strength: float = 1.0

    def after(self, at: Moment, parts: Parts | None, guided: Tensor) -> Tensor:
        """Shorten cells that are too long."""
        del at
        if parts is None:
            return guided
        wanted, found = (one.square().sum(1, keepdim=True).sqrt() for one in (parts.cond, guided))
        return guided * ratio(wanted, found).clamp(max=1) * self.strength


@dataclass(frozen=True)
class Threshold(Rule):
    """Clip an item at the `percentile` (0..1) quantile of its absolute values, and divide by that above 1.

    Saharia et al. 2022 (Imagen), arXiv 2205.11487, section 2.3; meant for values in -1..1.
    """

    percentile: float = 0.995

    def after(self, at: Moment, parts: Parts | None, guided: Tensor) -> Tensor:
        """Clip and divide."""
        del at, parts
        limit = per_item(torch.quantile(guided.abs().flatten(1).float(), self.percentile, dim=1)).to(guided)
        limit = limit.clamp(min=1)
        return guided.clamp(-limit, limit) / limit


@dataclass(frozen=True)
class MimicScale(Rule):
    """Guide strongly, but with the spread of a lower scale: dynamic thresholding for latents.

    Each channel of an item is scaled about its mean so that the `percentile` (0..1) quantile of its distances
    to the mean is what it would be at `mimic` instead of the scale in force. After Saharia et al. 2022, arXiv
    2205.11487, section 2.3.
    """

    mimic: float = 7.0
    percentile: float = 1.0

    def after(self, at: Moment, parts: Parts | None, guided: Tensor) -> Tensor:
        """Scale each channel."""
        del at
        if parts is None:
            return guided
        low = parts.uncond + (parts.cond - parts.uncond) * self.mimic
        mean = guided.mean((2, 3), keepdim=True)
        return mean + (guided - mean) * ratio(self._spread(low), self._spread(guided))

    def _spread(self, x: Tensor) -> Tensor:
        """Return the quantile of every channel's distances to its mean, [B,C,1,1]."""
        distances = (x - x.mean((2, 3), keepdim=True)).abs().flatten(2).float()
        return torch.quantile(distances, self.percentile, dim=2)[:, :, None, None].to(x)


@dataclass(frozen=True)
class FollowPrompt(Rule):
    """Lean to the conditional estimate times the scale where guidance has turned from the prompt (Mahiro).

    The likeness of the scaled unconditional estimate to the mean of both results, after a signed square root,
    as a cosine over the channels averaged over an item's cells (-1..1), sets the mix: 1 keeps guidance.
    """

    def after(self, at: Moment, parts: Parts | None, guided: Tensor) -> Tensor:
        """Mix the result with the scaled conditional estimate."""
        if parts is None:
            return guided
        leap = parts.cond * at.scale
        one, other = (x.abs().sqrt() * x.sign() for x in (parts.uncond * at.scale, (leap + guided) / 2))
        likeness = per_item(F.cosine_similarity(one, other, dim=1).flatten(1).mean(1))
        share = (likeness + 1) / 2
        return share * guided + (1 - share) * leap


@dataclass(frozen=True)
class ScaleNoise(Rule):
    """Divide the predicted noise by `factor`, against the drift of exposure bias (Epsilon Scaling).

    Ning et al. 2023, arXiv 2308.15321.
    """

    factor: float = 1.005

    def after(self, at: Moment, parts: Parts | None, guided: Tensor) -> Tensor:
        """Shorten the slope."""
        del parts
        return at.x - (at.x - guided) / self.factor
