"""Rules that leave out calls of the network where its output can be told from the one before.

Zhou et al. 2025, arXiv 2507.02860 (EasyCache). Along a run the output v changes about in proportion to the
input x: by rate * |x - x before|. As long as the changes since the last call add up to little beside |v|, the
network isn't called, and v is taken to be as far from x as it was then. |.| is the mean of absolute values
over a whole batch, so that a batch is left out as a whole; x and v are what the network gets and gives.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from ..model import Model
from ..samplers.base import Both
from ..values import Conditioning
from .base import Asked, Holding, Moment, Parts, Rule

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class LastOutputs:
    """What is remembered from one estimate to the next.

    `x` [B,C,h,w] is the network's last input, and `output` what it gave when it was last called, first of
    those it was asked for; `offsets` are all these less their input then. `rate` is how fast the output
    changed between the last two calls, None after the first; `change` adds up what is expected since the
    last. `holding` tells which entries of the conditionings held.
    """

    x: Tensor
    output: Tensor
    offsets: tuple[Tensor | None, ...]
    holding: Holding
    rate: float | None = None
    change: float = 0.0


@dataclass(frozen=True, eq=False)
class Seen:
    """What a model sees at a moment: estimates of x0 for `x` at `sigma`, and outputs that stand for them."""

    model: Model
    x: Tensor
    sigma: float

    @property
    def input(self) -> Tensor:
        """What the network gets."""
        return self.x * self.model.prediction.scale_in(self.sigma)

    @property
    def tells(self) -> bool:
        """Whether the estimate depends on the output; in the last moment of some runs it doesn't."""
        return self._factor != 0

    def estimate(self, output: Tensor) -> Tensor:
        """Return the estimate that an output stands for."""
        return self.model.prediction.denoised(self.x, output, self.sigma)

    def output(self, estimate: Tensor) -> Tensor:
        """Return the output that stands for an estimate, in which it is linear."""
        return (estimate - self.estimate(torch.zeros_like(self.x))) / self._factor

    @property
    def _factor(self) -> float:
        nothing, one = torch.zeros(()), torch.ones(())
        return float(self.model.prediction.denoised(nothing, one, self.sigma))


@dataclass(frozen=True)
class Reuse(Rule):
    """What both rules have: they reuse while the expected change is below `threshold`, a share of the output.

    They do so from share `start` of a full run to share `end`, and `told` has each time logged.
    """

    threshold: float = 0.2
    start: float = 0.15
    end: float = 0.95
    told: bool = False

    def ahead(self, last: LastOutputs | None, seen: Seen, holding: Holding) -> LastOutputs | None:
        """Return what to remember where the network need not be called; None where it must be."""
        schedule, x = seen.model.schedule, seen.input
        if last is None or last.rate is None or last.holding != holding or last.x.shape != x.shape:
            return None
        if not schedule.percent_to_sigma(self.end) <= seen.sigma <= schedule.percent_to_sigma(self.start):
            return None
        size = _mean(last.output)
        change = last.change + (last.rate * _mean(x - last.x) / size if size else float("inf"))
        if not (change < self.threshold and seen.tells):
            return None
        if self.told:
            log.info(
                "%s: at sigma %g the network is not called; its output changed by %.3f of itself",
                type(self).__name__,
                seen.sigma,
                change,
            )
        return replace(last, x=x, change=change)

    def called(
        self, last: LastOutputs | None, seen: Seen, holding: Holding, estimates: Sequence[Tensor | None]
    ) -> LastOutputs | None:
        """Return what to remember after a call that gave these estimates, the first of which is there."""
        if not seen.tells or estimates[0] is None:
            return None
        x = seen.input
        outputs = [None if one is None else seen.output(one) for one in estimates]
        first = seen.output(estimates[0])
        offsets = tuple(None if one is None else one - x for one in outputs)
        rate = None
        if last is not None and last.x.shape == x.shape and last.offsets[0] is not None:
            moved = _mean(x - (last.output - last.offsets[0]))
            rate = _mean(first - last.output) / moved if moved else last.rate
        return LastOutputs(x, first, offsets, holding, rate)


@dataclass(frozen=True)
class EasyCache(Reuse):
    """Reuse the network's outputs for each conditioning; all else that rules do is done anew each time.

    The positive conditioning's output decides. Of a guider with three conditionings, the third's is computed
    each time.
    """

    def first(self, at: Moment) -> None:
        """Know the estimates, where their change is expected to be small."""
        conditionings = _asked(at)
        last, seen = at.memory.get(self), Seen(at.model, at.x, at.sigma)
        ahead = self.ahead(last, seen, at.holding)
        if ahead is None:
            return
        at.memory[self] = ahead
        at.notes[self] = ahead.x
        for conditioning, offset in zip(conditionings, ahead.offsets, strict=True):
            if conditioning is not None and offset is not None:
                at.know(conditioning, seen.estimate(ahead.x + offset))

    def after(self, at: Moment, parts: Parts | None, guided: Tensor) -> Tensor:
        """Remember the estimates, where they were computed."""
        del parts
        if self not in at.notes:
            conditionings = _asked(at)
            estimates = [None if one is None else at.known(one) for one in conditionings]
            seen = Seen(at.model, at.x, at.sigma)
            at.memory[self] = self.called(at.memory.get(self), seen, at.holding, estimates)
        return guided


@dataclass(frozen=True)
class LazyCache(Reuse):
    """Reuse what guidance and all rules made of the network's outputs: nothing is computed then."""

    def instead(self, asked: Asked) -> Both | None:
        """Return the estimates, where their change is expected to be small."""
        seen = Seen(asked.model, asked.x, asked.sigma)
        ahead = self.ahead(asked.memory.get(self), seen, asked.holding)
        if ahead is None:
            return None
        asked.memory[self] = ahead
        guided, uncond = (seen.estimate(ahead.x + one) for one in ahead.offsets if one is not None)
        return Both(guided, uncond)

    def done(self, asked: Asked, found: Both) -> None:
        """Remember the estimates."""
        seen = Seen(asked.model, asked.x, asked.sigma)
        asked.memory[self] = self.called(asked.memory.get(self), seen, asked.holding, found)


def _asked(at: Moment) -> list[Conditioning | None]:
    """List what may be asked for at a moment, in an order that stays: positive, negative, those of rules."""
    return [at.positive, at.negative, *(one for rule in at.model.guidance for one in rule.asks)]


def _mean(x: Tensor) -> float:
    return x.abs().mean().item()
