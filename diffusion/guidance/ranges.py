"""Rules about when guidance holds and which part of a picture is repainted when."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from .base import Rule, Run


@dataclass(frozen=True)
class SigmaRange(Rule):
    """Guide only at noise levels from `lowest` to `highest`, both included; elsewhere the prompt decides.

    There the negative conditioning isn't computed. Kynkäänniemi et al. 2024, arXiv 2404.07724.
    """

    highest: float
    lowest: float

    def scale(self, sigma: float, scale: float) -> float:
        """Return 1, which is no guidance, outside of the range."""
        return scale if self.lowest <= sigma <= self.highest else 1.0


@dataclass(frozen=True)
class RepaintByDegrees(Rule):
    """Repaint a place for that share of the run that its mask says (differential diffusion).

    At each level the mask is 1 where it is at least the share of the run that is left, in time as the network
    counts it, and 0 elsewhere; `strength` below 1 mixes this with the mask as it was.
    Levin and Fried 2023, arXiv 2306.00950.
    """

    strength: float = 1.0

    def repaint(self, mask: Tensor, sigma: float, run: Run) -> Tensor:
        """Cut the mask at this level's threshold."""
        schedule = run.model.schedule
        end = max(run.sigmas[-1], schedule.sigmas[0].item())
        now, start, last = (float(t) for t in schedule.timestep(torch.tensor([sigma, run.sigmas[0], end])))
        left = (now - last) / (start - last) if start != last else 0.0
        cut = ((mask >= left) & (mask > 0)).to(mask)
        return self.strength * cut + (1 - self.strength) * mask
