"""From a guider to the `denoise` of a sampler: classifier-free guidance between two prompts or three.

Ho and Salimans 2022, arXiv 2207.12598; Brooks et al. 2023, arXiv 2211.09800 (three).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from torch import Tensor

from ..model import Model
from ..samplers.base import Both
from ..values import Conditioning
from .base import Asked, Holding, Moment, Parts, Rule
from .canvas import Canvas
from .conditioning import as_negative
from .estimate import CALL_BYTES, Estimator


def cfg_combine(cond: Tensor, uncond: Tensor, scale: float) -> Tensor:
    """Return uncond + scale (cond - uncond), on estimates of x0.

    Ho and Salimans 2022, arXiv 2207.12598.
    """
    return uncond + (cond - uncond) * scale


class Guider(ABC):
    """A model, its conditionings and how they are combined; GUIDER on the wire."""

    model: Model

    @property
    @abstractmethod
    def conditionings(self) -> tuple[Conditioning | None, ...]:
        """The conditionings that it may ask the model about, always in the same order."""

    @abstractmethod
    def guide(self, run: Guided, x: Tensor, sigma: float, *, want_uncond: bool) -> Both:
        """Return the guided estimate of x0, and the unconditional one where it is wanted."""

    @abstractmethod
    def marked(self) -> Guider:
        """Return the guider with the negative conditioning marked as such."""

    def begin(
        self, canvas: Canvas, memory: dict[Rule, Any] | None = None, call_bytes: int = CALL_BYTES
    ) -> Guided:
        """Return the `denoise` of one run on a canvas; `memory` is that of `Guided`, new without one.

        `call_bytes` is what a call of the network may take beside its weights.
        """
        estimator = Estimator(self.model, canvas, call_bytes)
        return Guided(self.marked(), estimator, {} if memory is None else memory)


@dataclass(frozen=True, eq=False)
class Guided:
    """A guider at work on one canvas: the `denoise` of a sampler.

    `memory` is what rules remember from call to call (momentum, outputs): empty at the start of a run, and
    with a sampler's state all that going on from there takes.
    """

    guider: Guider
    estimator: Estimator
    memory: dict[Rule, Any] = field(default_factory=dict["Rule", Any])

    def __call__(self, x: Tensor, sigma: float, /) -> Tensor:
        """Return the guided estimate of x0."""
        return self._estimates(x, sigma, want_uncond=False).guided

    def both(self, x: Tensor, sigma: float, /) -> Both:
        """Return the guided estimate of x0 and the one under the negative conditioning alone.

        Without a negative conditioning the positive one's stands for it.
        """
        return self._estimates(x, sigma, want_uncond=True)

    def holding(self, sigma: float) -> Holding:
        """Return which entries of the guider's conditionings, and of its model's rules, hold at a level."""
        own = (one for rule in self.estimator.model.guidance for one in rule.asks)
        return self.estimator.holding(sigma, *self.guider.conditionings, *own)

    def _estimates(self, x: Tensor, sigma: float, *, want_uncond: bool) -> Both:
        model = self.estimator.model
        asked = Asked(x, sigma, self.holding(sigma), model, self.memory)
        for rule in model.guidance:
            if (known := rule.instead(asked)) is not None:
                return known
        found = self.guider.guide(self, x, sigma, want_uncond=want_uncond)
        for rule in model.guidance:
            rule.done(asked, found)
        return found


@dataclass(frozen=True, eq=False)
class CfgGuider(Guider):
    """Classifier-free guidance from a negative to a positive conditioning.

    At scale 1, or without a negative conditioning, the positive one alone decides, and the other is not
    computed unless a rule of the model needs it.
    """

    model: Model
    positive: Conditioning
    negative: Conditioning | None = None
    scale: float = 1.0

    @property
    def conditionings(self) -> tuple[Conditioning | None, ...]:
        """Positive and negative."""
        return self.positive, self.negative

    def guide(self, run: Guided, x: Tensor, sigma: float, *, want_uncond: bool) -> Both:
        """Return the guided estimate of x0, and the unconditional one where it is wanted."""
        at = moment(run, x, sigma, self.scale, self.positive, self.negative)
        return guided_pair(at, want_uncond=want_uncond)

    def marked(self) -> CfgGuider:
        """Return the guider with the negative conditioning, where there is one, marked as such."""
        return self if self.negative is None else replace(self, negative=as_negative(self.negative))


@dataclass(frozen=True, eq=False)
class DualCfgGuider(Guider):
    """Guidance between three conditionings: from `negative` by way of `second` to `first`.

    `scale_first` is how far it goes from second to first, `scale_second` from negative to second; for
    instance from nothing to a picture to a picture and an instruction. Nested, guidance from second to first
    comes first, and `scale_second` is how far it goes from negative to that. The model's rules act on
    guidance from negative to second, or nested from second to first.
    """

    model: Model
    first: Conditioning
    second: Conditioning
    negative: Conditioning
    scale_first: float
    scale_second: float
    nested: bool = False

    @property
    def conditionings(self) -> tuple[Conditioning | None, ...]:
        """First, second and negative."""
        return self.first, self.second, self.negative

    def guide(self, run: Guided, x: Tensor, sigma: float, *, want_uncond: bool) -> Both:
        """Return the guided estimate of x0, and the unconditional one where it is wanted."""
        if self.nested:
            return self._nested(run, x, sigma, want_uncond)
        at = moment(run, x, sigma, self.scale_second, self.second, self.negative)
        base = guided_pair(at, want_uncond=want_uncond, also=(self.first,))
        first, second = at.estimates(self.first, self.second)
        return Both(base.guided + (first - second) * self.scale_first, base.uncond)

    def marked(self) -> DualCfgGuider:
        """Return the guider with the negative conditioning marked as such."""
        return replace(self, negative=as_negative(self.negative))

    def _nested(self, run: Guided, x: Tensor, sigma: float, want_uncond: bool) -> Both:
        at = moment(run, x, sigma, self.scale_first, self.first, self.second)
        away = self.scale_second != 1 or want_uncond
        inner = guided_pair(at, want_uncond=False, also=(self.negative,) if away else ()).guided
        if not away:
            return Both(inner, inner)
        [negative] = at.estimates(self.negative)
        return Both(cfg_combine(inner, negative, self.scale_second), negative)


def moment(
    run: Guided,
    x: Tensor,
    sigma: float,
    scale: float,
    positive: Conditioning,
    negative: Conditioning | None,
) -> Moment:
    """Return the moment that rules are asked about, with the scale that they give it.

    Where one of two conditionings has no entry that holds at this level, the other alone decides.
    """
    for rule in run.estimator.model.guidance:
        scale = rule.scale(sigma, scale)
    if negative is not None and not run.estimator.speaks(negative, sigma):
        negative = None
    elif negative is not None and not run.estimator.speaks(positive, sigma):
        positive, negative = negative, None
    holding = run.holding(sigma)
    return Moment(x, sigma, scale, positive, negative, run.estimator, run.memory, holding)


def guided_pair(at: Moment, *, want_uncond: bool, also: Sequence[Conditioning] = ()) -> Both:
    """Return classifier-free guidance at a moment under the model's rules, and the unconditional estimate.

    What is asked for lies in one call of the network where it can; `also` are asked for with it. Where the
    unconditional estimate is neither needed nor wanted, the conditional one stands for it.
    """
    rules = at.model.guidance
    guiding = at.negative is not None and (at.scale != 1 or any(rule.needs_uncond for rule in rules))
    negative = at.negative if guiding or want_uncond else None
    for rule in rules:
        rule.first(at)
    asks = [one for rule in rules for one in rule.asks] if guiding else []
    cond, *others = at.estimates(at.positive, *([] if negative is None else [negative]), *also, *asks)
    uncond = cond if negative is None else others[0]
    parts = Parts(cond, uncond) if guiding else None
    guided = cond
    if parts is not None:
        changed = parts
        for rule in rules:
            changed = rule.before(at, changed)
        guided = cfg_combine(changed.cond, changed.uncond, at.scale)
    for rule in rules:
        guided = rule.after(at, parts, guided)
    return Both(guided, uncond)
