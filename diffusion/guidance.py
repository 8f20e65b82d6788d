"""From a model and conditionings to one estimate of x0: prediction and guidance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor

from .model import Model
from .values import Conditioning

# Options that may stand in a conditioning without an effect on this family of models.
UNUSED_OPTIONS = frozenset({"pooled_output"})


def predict(model: Model, x: Tensor, sigma: float, conditioning: Conditioning) -> Tensor:
    """Return the model's estimate of x0 for x [B, C, h, w] at level `sigma`; same shape and dtype as x.

    The contexts are [1 or B, tokens, width]; the estimates of several entries are averaged.
    Raises ValueError for a conditioning that does not fit.
    """
    return predict_each(model, x, sigma, (conditioning,))[0]


def predict_each(
    model: Model, x: Tensor, sigma: float, conditionings: Sequence[Conditioning]
) -> tuple[Tensor, ...]:
    """Return the model's estimate of x0 under each conditioning, in as few network calls as can be.

    A network rounds differently in another batch, so these are equal to single predictions
    up to rounding, and equal to the bit to the same call made again.
    Raises ValueError for a conditioning that does not fit.
    """
    contexts = [_contexts(model, x, conditioning) for conditioning in conditionings]
    flat = [context for group in contexts for context in group]
    estimates: list[Tensor | None] = [None] * len(flat)
    for shape in dict.fromkeys(context.shape for context in flat):
        places = [place for place, context in enumerate(flat) if context.shape == shape]
        together = _network(model, x, sigma, torch.cat([flat[place] for place in places]))
        for place, estimate in zip(places, together.chunk(len(places)), strict=True):
            estimates[place] = estimate
    answers = iter([estimate for estimate in estimates if estimate is not None])
    return tuple(_mean([next(answers) for _ in group]) for group in contexts)


def cfg_combine(cond: Tensor, uncond: Tensor, scale: float) -> Tensor:
    """Return uncond + scale (cond - uncond), on estimates of x0.

    Ho and Salimans 2022, arXiv 2207.12598.
    """
    return uncond + (cond - uncond) * scale


class Parts(NamedTuple):
    """What guidance combines; `uncond` is None where it was not needed."""

    cond: Tensor
    uncond: Tensor | None


@dataclass(frozen=True, eq=False)
class Guided:
    """A model under classifier-free guidance: the `denoise` of a sampler.

    At scale 1 the negative conditioning has no effect and is not computed.
    """

    model: Model
    positive: Conditioning
    negative: Conditioning
    scale: float

    def __call__(self, x: Tensor, sigma: float) -> Tensor:
        """Return the guided estimate of x0."""
        cond, uncond = self.parts(x, sigma)
        return cond if uncond is None else cfg_combine(cond, uncond, self.scale)

    def parts(self, x: Tensor, sigma: float) -> Parts:
        """Return the estimates that guidance combines."""
        if self.scale == 1.0:
            return Parts(predict(self.model, x, sigma, self.positive), None)
        return Parts(*predict_each(self.model, x, sigma, (self.positive, self.negative)))


def _network(model: Model, x: Tensor, sigma: float, contexts: Tensor) -> Tensor:
    # One call of the network for several copies of x, each with a context of its own.
    several = x.repeat(len(contexts) // len(x), 1, 1, 1)
    weight = next(model.unet.parameters())
    seen = (several * model.prediction.scale_in(sigma)).to(weight)
    time = model.schedule.timestep(torch.tensor(sigma)).to(weight.device)
    output: Tensor = model.unet(seen, time, contexts.to(weight))
    return model.prediction.denoised(several, output.to(x), sigma)


def _contexts(model: Model, x: Tensor, conditioning: Conditioning) -> list[Tensor]:
    if not conditioning:
        raise ValueError("a conditioning needs at least one entry")
    return [_context(model, x, *entry) for entry in conditioning]


def _context(model: Model, x: Tensor, context: Tensor, options: dict[str, Any]) -> Tensor:
    if unknown := sorted(options.keys() - UNUSED_OPTIONS):
        raise ValueError(f"this model cannot follow the conditioning options {', '.join(unknown)}")
    width = model.unet.spec.context_channels
    if context.ndim != 3 or len(context) not in (1, len(x)) or context.shape[2] != width:
        raise ValueError(
            f"{len(x)} latents and this model need a conditioning [1 or {len(x)}, tokens, {width}], "
            f"not {list(context.shape)}; is it from this model's own text encoder?"
        )
    return context.expand(len(x), -1, -1)


def _mean(estimates: list[Tensor]) -> Tensor:
    return estimates[0] if len(estimates) == 1 else torch.stack(estimates).mean(0)
