"""Rules that compare an estimate with one whose attention was disturbed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
import torch.nn.functional as F
from torch import Tensor

from ..model import Model
from ..networks.hooks import Heads, Hooks, Mix, Site
from .base import Moment, Parts, Rule


@dataclass(frozen=True)
class PerturbedAttention(Rule):
    """Push away from what the prompt gives when the middle's self-attention sees each place alone (PAG).

    Adds `strength` times (the conditional estimate - the one where that attention returns its values).
    Ahn et al. 2024, arXiv 2403.17377.
    """

    strength: float = 3.0

    def after(self, at: Moment, parts: Parts | None, guided: Tensor) -> Tensor:
        """Ask for the disturbed estimate and push away from it."""
        del parts
        if self.strength == 0:
            return guided
        need_middle(at.model)
        [cond] = at.estimates(at.positive)
        return guided + (cond - at.estimate(at.positive, hooks=SEES_ITSELF)) * self.strength


@dataclass(frozen=True)
class SelfAttention(Rule):
    """Push away from what the model makes of a picture blurred where it looks most (SAG).

    Places are those that the middle's first self-attention, of the unconditional estimate, gives more than an
    even share; there that estimate is blurred with a Gaussian of deviation `blur` cells. Adds `strength`
    times (the blurred estimate - the one made from it at the same noise). Without a negative conditioning the
    positive one is used. Hong et al. 2022, arXiv 2210.00939.
    """

    strength: float = 0.5
    blur: float = 2.0

    needs_uncond: ClassVar[bool] = True

    def first(self, at: Moment) -> None:
        """Make the unconditional estimate, noting how much its middle looks at each place."""
        need_middle(at.model)
        looks: list[Tensor] = []

        def note(site: Site, heads: Heads, mix: Mix) -> Tensor:
            if _in_middle(site) and site.block == 0:
                if (site.place.call.height, site.place.call.width) != at.x.shape[2:]:
                    raise ValueError("self-attention guidance needs a negative prompt without areas")
                looks.append(_looked_at(heads).reshape(-1, site.height, site.width))
            return mix(heads)

        conditioning = self._unconditional(at)
        at.know(conditioning, at.estimate(conditioning, hooks=Hooks(mix=(note,))))
        # Each entry that speaks has given its rows, one a latent; there may be none.
        found = torch.cat(looks) if looks else at.x.new_zeros(len(at.x), 1, 1)
        at.notes[self] = found.reshape(-1, len(at.x), *found.shape[1:]).mean(0)

    def after(self, at: Moment, parts: Parts | None, guided: Tensor) -> Tensor:
        """Blur, ask again, and push away."""
        del parts
        conditioning = self._unconditional(at)
        [estimate] = at.estimates(conditioning)
        mask = (at.notes[self] > 1).to(estimate)[:, None]
        mask = F.interpolate(mask, estimate.shape[2:], mode="nearest")
        blurred = torch.lerp(estimate, gaussian_blur(estimate, self.blur), mask)
        again = at.estimate(conditioning, x=at.x - estimate + blurred, hooks=Hooks())
        return guided + (blurred - again) * self.strength

    def _unconditional(self, at: Moment) -> list[list[object]]:
        return at.positive if at.negative is None else at.negative


def need_middle(model: Model) -> None:
    """Raise ValueError for a network without attention in its middle."""
    if not model.unet.spec.middle_depth:
        raise ValueError(
            f"{model.family.title} has no attention in the middle of its network for this guidance to disturb"
        )


def _in_middle(site: Site) -> bool:
    return site.place.part == "middle" and site.kind == "self"


def _see_itself(site: Site, heads: Heads, mix: Mix) -> Tensor:
    return heads.v if _in_middle(site) else mix(heads)


SEES_ITSELF = Hooks(mix=(_see_itself,))
"""Every place of the middle attends to itself alone."""


def _looked_at(heads: Heads) -> Tensor:
    """Return how much is looked at each place, 1 being an even share: [B,T]."""
    scores = heads.q.float() @ heads.k.float().mT * heads.q.shape[-1] ** -0.5
    return scores.softmax(-1).mean(1).sum(1)


def gaussian_blur(x: Tensor, deviation: float, radius: int = 4) -> Tensor:
    """Blur latents [B,C,h,w] with a Gaussian cut off at `radius` cells, mirrored at the edges.

    The radius is smaller where a side has fewer cells; a deviation of 0 changes nothing.
    """
    radius = min(radius, x.shape[2] - 1, x.shape[3] - 1)
    if deviation == 0 or radius < 1:
        return x
    cells = torch.arange(-radius, radius + 1, device=x.device, dtype=x.dtype)
    weights = (-0.5 * (cells / deviation) ** 2).exp()
    down = (weights / weights.sum())[None, None, :, None].expand(x.shape[1], 1, -1, 1)
    padded = F.pad(x, (radius,) * 4, mode="reflect")
    return F.conv2d(F.conv2d(padded, down, groups=x.shape[1]), down.mT, groups=x.shape[1])
