"""Rules that turn or split the difference between the two estimates before guidance follows it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from ..values import Conditioning
from .base import Moment, Parts, Rule, dot, norm, ratio


@dataclass(frozen=True, eq=False)
class PerpNeg(Rule):
    """Push away from the negative prompt only where it doesn't pull against the positive one.

    With p and n the ways from the empty prompt to the positive and the negative one, guidance follows
    p - strength * (the part of n at right angles to p), starting from the empty prompt. Angles are those of
    each item. Armandpour et al. 2023, arXiv 2304.04968.
    """

    empty: Conditioning
    strength: float = 1.0

    needs_uncond: ClassVar[bool] = True

    @property
    def asks(self) -> tuple[Conditioning, ...]:
        """The empty prompt."""
        return (self.empty,)

    def before(self, at: Moment, parts: Parts) -> Parts:
        """Put the empty prompt in the negative one's place, and subtract from the positive one."""
        [empty] = at.estimates(self.empty)
        positive, negative = parts.cond - empty, parts.uncond - empty
        across = negative - ratio(dot(negative, positive), dot(positive, positive)) * positive
        return Parts(parts.cond - self.strength * across, empty)


@dataclass(frozen=True)
class ProjectedGuidance(Rule):
    """Weaken the part of guidance along the conditional estimate, which oversaturates (APG).

    The difference of the estimates is added to `momentum` times that of the step before, brought to the norm
    `norm_threshold` where it is longer (0: never), and its part along the conditional estimate is multiplied
    with `eta`; guidance at scale w is then cond + (w - 1) times that.
    Sadat et al. 2024, arXiv 2410.02416.
    """

    eta: float = 1.0
    norm_threshold: float = 5.0
    momentum: float = 0.0

    def before(self, at: Moment, parts: Parts) -> Parts:
        """Move the unconditional estimate to where the changed difference begins."""
        way = parts.cond - parts.uncond
        if self.momentum:
            if (last := at.memory.get(self)) is not None:
                way = way + self.momentum * last
            at.memory[self] = way
        if self.norm_threshold > 0:
            way = way * ratio(torch.full_like(norm(way), self.norm_threshold), norm(way)).clamp(max=1)
        along = ratio(dot(way, parts.cond), dot(parts.cond, parts.cond)) * parts.cond
        return Parts(parts.cond, parts.cond - (way - along + self.eta * along))


@dataclass(frozen=True)
class TangentialDamping(Rule):
    """Keep of the unconditional slope only what lies along the main direction of both slopes (TCFG).

    That direction is the first right singular vector of the two slopes (x - x0) of an item.
    Kwon et al. 2025, arXiv 2503.18137.
    """

    def before(self, at: Moment, parts: Parts) -> Parts:
        """Project the unconditional estimate."""
        cond, uncond = at.x - parts.cond, at.x - parts.uncond
        # Of two rows that singular vector lies at an angle that follows from their scalar products.
        angle = torch.atan2(2 * dot(cond, uncond), dot(cond, cond) - dot(uncond, uncond)) / 2
        main = angle.cos() * cond + angle.sin() * uncond
        return Parts(parts.cond, at.x - ratio(dot(uncond, main), dot(main, main)) * main)


@dataclass(frozen=True)
class ZeroStar(Rule):
    """Scale the unconditional slope (x - x0) to fit the conditional one best, item by item (CFG-Zero*).

    Fan et al. 2025, arXiv 2503.18886, without its zeroed first steps.
    """

    def before(self, at: Moment, parts: Parts) -> Parts:
        """Scale the unconditional estimate's slope."""
        cond, uncond = at.x - parts.cond, at.x - parts.uncond
        return Parts(parts.cond, at.x - ratio(dot(cond, uncond), dot(uncond, uncond)) * uncond)


@dataclass(frozen=True)
class FrequencyScaling(Rule):
    """Multiply the low and the high frequencies of the difference by a factor each (FreSca).

    Low are those of less than `cutoff` periods across the latent, both down and across.
    Huang et al. 2025, arXiv 2504.02154.
    """

    low: float = 1.0
    high: float = 1.25
    cutoff: int = 20

    def before(self, at: Moment, parts: Parts) -> Parts:
        """Filter the difference; in float32 whatever the latents are in."""
        del at
        way = (parts.cond - parts.uncond).float()
        down, across = (_frequencies(side).to(way.device) for side in way.shape[2:])
        low = (down[:, None] < self.cutoff) & (across < self.cutoff)
        factors = torch.where(low, self.low, self.high)
        filtered: Tensor = _fft.ifft2(_fft.fft2(way) * factors).real
        return Parts(parts.uncond + filtered.to(parts.uncond), parts.uncond)


_fft: Any = torch.fft  # its functions have no types


def _frequencies(side: int) -> Tensor:
    """Return how many periods across a side each of its Fourier coefficients stands for."""
    return torch.minimum(torch.arange(side), side - torch.arange(side))


@dataclass(frozen=True)
class OperateOnGuidance(Rule):
    """Apply an operation on latents, such as sharpening, to the difference of the estimates."""

    operation: Callable[[Tensor], Tensor]

    def before(self, at: Moment, parts: Parts) -> Parts:
        """Apply it."""
        del at
        return Parts(parts.uncond + self.operation(parts.cond - parts.uncond), parts.uncond)
