"""A chain of network steps computed tile by tile, with the result of computing it at once.

What stands in the way of tiles is normalisation: its mean and variance are those of the whole map, and they
decide the colours of everything behind it. Tiles that each take their own differ by visible seams, and shift
the whole picture (by 20 grey levels and more, where its parts differ much). So the numbers are measured
first: a pass over all tiles computes up to a normalisation, adds up what it sees, and the next pass goes on
from there. Between passes whole maps are held where they fit into `limit` bytes; where they don't, a pass
begins further back and computes again what is missing. Both ways the tiles meet exactly, each seeing as
much of its neighbours as the convolutions of the pass reach.

Arithmetic: about 1.4 times that of the whole map as long as everything fits, several times that where little
does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import ceil, prod

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .autoencoder_blocks import Step

Report = Callable[[int, int], None]
"""Told how many tiles are done, and of how many."""


def unheard(done: int, total: int) -> None:
    """Listen to no report."""


@dataclass(frozen=True)
class Pass:
    """One look at every tile: run `steps[start:stop]`, measure what step `stop` normalises, perhaps store."""

    start: int
    stop: int
    store: bool


@dataclass(frozen=True)
class Span:
    """One side of a tile: it gives `start..stop` and must see `first..last` for that."""

    start: int
    stop: int
    first: int
    last: int

    def kept(self, scale: Fraction) -> slice:
        """Return what is kept of the tile's output."""
        return slice(int((self.start - self.first) * scale), int((self.stop - self.first) * scale))

    def place(self, scale: Fraction) -> slice:
        """Return where in the whole output that belongs."""
        return slice(int(self.start * scale), int(self.stop * scale))


@dataclass
class Moments:
    """Mean and variance by group, added up over tiles (Chan et al. 1979, updating formula)."""

    count: int
    mean: Tensor
    squares: Tensor

    @classmethod
    def of(cls, x: Tensor, groups: int) -> Moments:
        """Measure a map [1,C,h,w]."""
        values = x.reshape(groups, -1).float()
        variance, mean = torch.var_mean(values, dim=1, correction=0)
        count = values.shape[1]
        return cls(count, mean.double(), variance.double() * count)

    def add(self, other: Moments) -> None:
        """Take in what was measured elsewhere."""
        total = self.count + other.count
        apart = other.mean - self.mean
        self.squares += other.squares + apart.square() * (self.count * other.count / total)
        self.mean += apart * (other.count / total)
        self.count = total

    def normalised(self, norm: nn.GroupNorm, x: Tensor) -> Tensor:
        """Normalise a map [1,C,h,w] as `norm` does one with these moments."""
        each = norm.num_channels // norm.num_groups
        mean, variance = (
            part.repeat_interleave(each).to(norm.weight) for part in (self.mean, self.squares / self.count)
        )
        return F.batch_norm(x, mean, variance, norm.weight, norm.bias, eps=norm.eps)


def in_tiles(steps: Sequence[Step], x: Tensor, tile: int, limit: int, report: Report = unheard) -> Tensor:
    """Return what `steps` make of a map [1,C,h,w], on the CPU; at no time more than a tile of it is computed.

    `tile` is a tile's side at the first step; `limit` are the bytes for maps held between passes, beside
    the given one and the result. Maps are held on the CPU, tiles are computed where `x` lies.
    """
    device, held = x.device, x.cpu()
    passes = planned(steps, x, limit)
    grids = [_grid(steps, one, x, tile) for one in passes]
    total, done = sum(len(rows) * len(columns) for rows, columns in grids), 0
    moments: dict[int, Moments] = {}
    for one, (rows, columns) in zip(passes, grids, strict=True):
        run = steps[one.start : one.stop]
        scale = _scale(run)
        stored = _empty(run, held, scale) if one.store else None
        for down in rows:
            for across in columns:
                seen = held[..., down.first : down.last, across.first : across.last].to(device)
                y = _run(run, seen, {k - one.start: found for k, found in moments.items()})
                y = y[..., down.kept(scale), across.kept(scale)]
                if stored is not None:
                    stored[..., down.place(scale), across.place(scale)] = y.cpu()
                norm = steps[one.stop].norm if one.stop < len(steps) else None
                if norm is not None:
                    _measure(moments, one.stop, Moments.of(y, norm.num_groups))
                done += 1
                report(done, total)
        held = held if stored is None else stored
    return held


def planned(steps: Sequence[Step], x: Tensor, limit: int) -> list[Pass]:
    """Return the passes that compute `steps` on a map [1,C,h,w]: every norm is measured before it is used."""
    passes: list[Pass] = []
    start, measured, held = 0, -1, 0
    for index, step in enumerate(steps):
        if step.norm is not None and measured < index:
            passes.append(Pass(start, index, store=False))
        size = int(prod(x.shape[2:]) * _scale(steps[: index + 1]) ** 2) * step.channels * x.itemsize
        last = index + 1 == len(steps)
        if last or (step.rest and held + size <= limit):
            passes.append(Pass(start, index + 1, store=True))
            start, measured, held = index + 1, index + 1, size
    return passes


def _run(steps: Sequence[Step], x: Tensor, moments: Mapping[int, Moments]) -> Tensor:
    y = x
    for index, step in enumerate(steps):
        y, x = step.run(y if step.norm is None else moments[index].normalised(step.norm, y), x)
    return y


def _measure(moments: dict[int, Moments], index: int, found: Moments) -> None:
    if index in moments:
        moments[index].add(found)
    else:
        moments[index] = found


def _empty(run: Sequence[Step], x: Tensor, scale: Fraction) -> Tensor:
    height, width = (int(side * scale) for side in x.shape[2:])
    return x.new_empty(1, run[-1].channels, height, width)


def _scale(steps: Sequence[Step]) -> Fraction:
    return prod((step.scale for step in steps), start=Fraction(1))


def _grid(steps: Sequence[Step], one: Pass, x: Tensor, tile: int) -> tuple[list[Span], list[Span]]:
    """Return the rows and columns of tiles of a pass, at the place where it starts."""
    before, run = _scale(steps[: one.start]), steps[one.start : one.stop]
    height, width = (int(side * before) for side in x.shape[2:])
    # Tiles begin where halving the sides again and again finds whole pixels.
    whole = max((ceil(1 / _scale(run[:count])) for count in range(len(run) + 1)), default=1)
    side = max(int(tile * before) // whole, 1) * whole
    around = ceil(_context(run) / whole) * whole
    return list(_spans(height, side, around)), list(_spans(width, side, around))


def _context(run: Sequence[Step]) -> int:
    """Return how many pixels around a place decide about what steps give there."""
    around = 0
    for step in reversed(run):
        around = ceil((around + step.reach) / step.scale)
    return around


def _spans(size: int, side: int, around: int) -> Iterator[Span]:
    for start in range(0, size, side):
        stop = min(start + side, size)
        yield Span(start, stop, max(start - around, 0), min(stop + around, size))
