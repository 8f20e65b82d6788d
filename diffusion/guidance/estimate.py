"""From a model and conditionings to estimates of x0, in as few calls of the network as can be.

Entries that show the network parts of x of the same size share a call. Texts of different lengths are
repeated to a common one: attention gives the same over a text and over the same text twice. What is in a call
changes how a network rounds, so the estimates are equal to those of single calls up to rounding, and equal to
the bit to the same question asked again.

Where several entries of a conditioning hold, their estimates are averaged by their weights; where none does,
the estimate is 0, the mean of all pictures.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import lcm

import torch
from torch import Tensor

from ..model import Model
from ..networks.attention import Context
from ..networks.hooks import Hooks
from ..values import Conditioning
from .base import Holding
from .canvas import Canvas
from .entries import Entry, entries_of

MOST_REPEATS = 4
"""How often a text is repeated, at most, so that it can share a call with longer ones."""

CALL_BYTES = 4 * 2**30
"""What the activations of one network call may take, by the estimate of `bytes_per_item`."""


def predict(model: Model, x: Tensor, sigma: float, conditioning: Conditioning) -> Tensor:
    """Return the model's estimate of x0 for x [B,C,h,w] at level `sigma`; same shape and dtype as x.

    Raises ValueError for a conditioning that does not fit.
    """
    return predict_each(model, x, sigma, (conditioning,))[0]


def predict_each(
    model: Model,
    x: Tensor,
    sigma: float,
    conditionings: Sequence[Conditioning],
    call_bytes: int = CALL_BYTES,
) -> tuple[Tensor, ...]:
    """Return the model's estimate of x0 under each conditioning; `call_bytes` as for `Estimator`.

    Raises as `predict` does.
    """
    return Estimator(model, Canvas(x), call_bytes)(x, sigma, *conditionings)


@dataclass(frozen=True, eq=False)
class Batch:
    """Entries that share a call of the network, and what it is given for all of them, one after the other.

    `alike` says that all see the same part of x with the same beside it, which `beside` then holds once.
    """

    entries: tuple[Entry, ...]
    context: Context
    vector: Tensor | None
    beside: Tensor | None
    alike: bool


class Estimator:
    """A model at work on one canvas: a pure function that keeps what it made ready.

    Conditionings are known again by identity, so they must not be changed while an estimator is in use.
    """

    def __init__(self, model: Model, canvas: Canvas, call_bytes: int = CALL_BYTES) -> None:
        self.model = model
        self.canvas = canvas
        per_item = bytes_per_item(model, canvas.height, canvas.width)
        self._most = max(1, call_bytes // (per_item * canvas.batch))
        self._ready: dict[int, tuple[Conditioning, tuple[Entry, ...]]] = {}
        self._batches: dict[tuple[Entry, ...], list[Batch]] = {}
        self._resized: dict[tuple[int, int], Estimator] = {}
        self._call_bytes = call_bytes

    def __call__(
        self, x: Tensor, sigma: float, *conditionings: Conditioning, hooks: Hooks | None = None
    ) -> tuple[Tensor, ...]:
        """Return the estimate of x0 for x [B,C,h,w] at `sigma` under each conditioning.

        `hooks` are called after the model's own. A sampler may ask for x of another size than the canvas,
        which is resized then. Raises ValueError for a conditioning that does not fit.
        """
        height, width = x.shape[2:]
        if (height, width) != (self.canvas.height, self.canvas.width):
            return self._of_size(height, width)(x, sigma, *conditionings, hooks=hooks)
        speaking = [self._speaking(conditioning, sigma) for conditioning in conditionings]
        asked = tuple(dict.fromkeys(entry for entries in speaking for entry in entries))
        if asked not in self._batches:
            self._batches[asked] = batched(self.model, asked, self._most)
        answers: dict[Entry, Tensor] = {}
        for batch in self._batches[asked]:
            estimates = _network(self.model, x, sigma, batch, hooks)
            answers.update(zip(batch.entries, estimates.chunk(len(batch.entries)), strict=True))
        return tuple(average(x, [(entry, answers[entry]) for entry in entries]) for entries in speaking)

    def speaks(self, conditioning: Conditioning, sigma: float) -> bool:
        """Tell whether any entry of a conditioning holds at this level."""
        return bool(self._speaking(conditioning, sigma))

    def holding(self, sigma: float, *conditionings: Conditioning | None) -> Holding:
        """Return the numbers of the entries of each conditioning that hold at this level."""
        return tuple(() if one is None else self._numbers(one, sigma) for one in conditionings)

    def _numbers(self, conditioning: Conditioning, sigma: float) -> tuple[int, ...]:
        holding = self._speaking(conditioning, sigma)
        _, entries = self._ready[id(conditioning)]
        return tuple(number for number, entry in enumerate(entries) if entry in holding)

    def _of_size(self, height: int, width: int) -> Estimator:
        if (height, width) not in self._resized:
            canvas = self.canvas.resized(height, width)
            self._resized[height, width] = Estimator(self.model, canvas, self._call_bytes)
        return self._resized[height, width]

    def _speaking(self, conditioning: Conditioning, sigma: float) -> list[Entry]:
        if id(conditioning) not in self._ready:
            # Kept together with the conditioning itself, so that no other can come to have its id.
            ready = entries_of(self.model, self.canvas, conditioning)
            self._ready[id(conditioning)] = (conditioning, ready)
        _, entries = self._ready[id(conditioning)]
        return [entry for entry in entries if entry.lowest <= sigma <= entry.highest]


def bytes_per_item(model: Model, height: int, width: int) -> int:
    """Return about how much memory the activations of a network call take for each latent in it.

    Taken as 64 feature maps of the finest level: skip connections and the feed-forward's inside are most of
    it.
    """
    return 64 * model.unet.spec.channels[0] * height * width * model.dtype.itemsize


def batched(model: Model, entries: Iterable[Entry], most: int) -> list[Batch]:
    """Put entries into as few calls as can be, each of at most `most` entries, in their order."""
    groups: list[list[Entry]] = []
    for entry in entries:
        for group in groups:
            if len(group) < most and _fits(entry, group):
                group.append(entry)
                break
        else:
            groups.append([entry])
    return [_batch(model, tuple(group)) for group in groups]


def _fits(entry: Entry, group: list[Entry]) -> bool:
    first = group[0].box
    if (entry.box.height, entry.box.width) != (first.height, first.width):
        return False
    lengths = [one.context.shape[1] for one in (*group, entry)]
    return lcm(*lengths) <= MOST_REPEATS * min(lengths)


def _batch(model: Model, entries: tuple[Entry, ...]) -> Batch:
    tokens = lcm(*(entry.context.shape[1] for entry in entries))
    contexts = [entry.context.repeat(1, tokens // entry.context.shape[1], 1) for entry in entries]
    vectors = [entry.vector for entry in entries if entry.vector is not None]
    besides = [entry.beside for entry in entries if entry.beside is not None]
    alike = len({entry.box for entry in entries}) == 1
    alike = alike and all(torch.equal(besides[0], one) for one in besides[1:])
    return Batch(
        entries,
        model.network.project_context(torch.cat(contexts)),
        torch.cat(vectors) if vectors else None,
        (besides[0] if alike else torch.cat(besides)) if besides else None,
        alike,
    )


def average(x: Tensor, estimates: Sequence[tuple[Entry, Tensor]]) -> Tensor:
    """Return the mean of the entries' estimates by their weights, 0 where none has any; shaped like x."""
    if len(estimates) == 1 and estimates[0][0].even:
        return estimates[0][1]
    total, weights = torch.zeros_like(x), torch.zeros_like(x[:, :1])
    for fills in (False, True):
        free = weights == 0
        for entry, estimate in estimates:
            if entry.fills == fills:
                weight = entry.weight * entry.box.cut(free) if fills else entry.weight
                entry.box.cut(total).add_(estimate * weight)
                entry.box.cut(weights).add_(weight)
    return torch.where(weights > 0, total / weights.where(weights > 0, 1), 0)


def _network(model: Model, x: Tensor, sigma: float, batch: Batch, hooks: Hooks | None) -> Tensor:
    """Return the estimates of x0 of a batch, entry by entry [entries * B,C,h,w]."""
    parts = [entry.box.cut(x) for entry in batch.entries]
    # What all entries see alike is given once: the network computes it once until their texts come in.
    seen = parts[0] if batch.alike else torch.cat(parts)
    seen = seen * model.prediction.scale_in(sigma)
    if batch.beside is not None:
        seen = torch.cat([seen, batch.beside.to(seen)], 1)
    time = model.schedule.timestep(torch.tensor(sigma))
    output = model.network(
        seen.to(batch.context.tokens),
        time.to(model.device),
        batch.context,
        batch.vector,
        hooks=model.hooks + hooks if hooks else model.hooks,
    )
    return model.prediction.denoised(torch.cat(parts), output.to(x), sigma)
