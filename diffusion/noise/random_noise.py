"""Noise that depends on a seed and on nothing else: not on the device, nor on the batch around an item.

An item of a batch is named by its batch index (its place, unless the latent says
otherwise). Two generators serve one run:

* start noise: a CPU generator seeded with the seed draws the whole batch at once. Where
  batch indices are given, it draws items 0, 1, 2, ... one after the other instead, and
  index k is the k-th of them. For items of a multiple of 16 numbers both are the same;
  for others they are not, and a cut-out item has the noise it had in its batch only when
  that batch's size is given too.
* step noise, asked for by number (draw 0, 1, 2, ...): item 0 has a CPU generator seeded
  with seed + 1 (mod 2^64); item k > 0 has its own, seeded with the 8-byte BLAKE2b digest
  of seed + 1 and k. All these numbers are 8 bytes, little endian.

So an item of a batch gets the noise that it gets alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

SEEDS = 2**64


class Noise(Protocol):
    """Where a stochastic sampler gets its noise from: a pure function."""

    def __call__(self, draw: int, sigma: float, sigma_next: float) -> Tensor:
        """Return unit normal noise of x's shape, dtype and device.

        `draw` counts the draws of a run from 0; `sigma` and `sigma_next` are the interval it is for.
        """
        ...


@dataclass(frozen=True)
class RandomNoise:
    """All the noise of a run, as a value; NOISE on the wire.

    `seed` lies in 0..2^64-1; a `silent` one starts a run with no noise. What steps add follows the seed in
    both: `step_noise_for`.
    """

    seed: int
    silent: bool = False

    def at_start(
        self,
        shape: Sequence[int],
        batch_index: Sequence[int] | None = None,
        batch_size: int | None = None,
    ) -> Tensor:
        """Return what a run starts from: `start_noise`, or zeros."""
        if self.silent:
            return torch.zeros(tuple(shape))
        return start_noise(shape, self.seed, batch_index, batch_size)


def batch_indices(batch: int, given: Sequence[int] | None = None) -> tuple[int, ...]:
    """Return the batch index of every item: `given`, else 0, 1, 2, ...

    Raises ValueError when `given` has the wrong length or a negative number.
    """
    if given is None:
        return tuple(range(batch))
    if len(given) != batch or any(index < 0 for index in given):
        raise ValueError(f"batch_index must be {batch} numbers >= 0, one an item, not {list(given)}")
    return tuple(int(index) for index in given)


def start_noise(
    shape: Sequence[int],
    seed: int,
    batch_index: Sequence[int] | None = None,
    batch_size: int | None = None,
) -> Tensor:
    """Return unit normal noise, float32 `shape` ([B, C, h, w]) on the CPU; equal batch indices share theirs.

    `batch_size` is the size of the batch that `batch_index` counts in, where it is known.
    Raises ValueError for a seed outside 0..2^64-1 and for a batch_index that does not fit.
    """
    indices = batch_indices(shape[0], batch_index)
    generator = _generator(seed)
    whole = batch_size if batch_index is not None else shape[0]
    if whole is not None:
        if max(indices) >= whole:
            raise ValueError(f"batch_index {list(indices)} goes beyond a batch of {whole}")
        return torch.randn((whole, *shape[1:]), generator=generator)[list(indices)]
    wanted = set(indices)
    items: dict[int, Tensor] = {}
    for index in range(max(indices) + 1):
        item = torch.randn((1, *shape[1:]), generator=generator)
        if index in wanted:
            items[index] = item
    return torch.cat([items[index] for index in indices])


class StepNoise:
    """Step noise by draw number; a pure function that remembers where its generators stand.

    Asking for draws in rising order costs one draw each; going back starts again.
    """

    def __init__(self, like: Tensor, seed: int, batch_index: Sequence[int] | None = None) -> None:
        """`like` gives the shape [B, C, h, w], the dtype and the device.

        Raises ValueError for a seed outside 0..2^64-1 and for a batch_index that does not fit.
        """
        check_seed(seed)
        self._given = (like.shape, seed, batch_index)
        self._item = (1, *like.shape[1:])
        self._device = like.device
        self._dtype = like.dtype
        self._indices = batch_indices(like.shape[0], batch_index)
        self._seeds = {index: step_seed(seed, index) for index in self._indices}
        self._rewind()

    def __call__(self, draw: int, sigma: float, sigma_next: float) -> Tensor:
        """Return draw number `draw`; the interval does not matter."""
        if draw < 0:
            raise ValueError(f"draws are counted from 0, not {draw}")
        if draw < self._next:
            self._rewind()
        while self._next < draw:
            self._draw()
        items = self._draw()
        return torch.cat([items[index] for index in self._indices]).to(self._device, self._dtype)

    def of_size(self, height: int, width: int) -> StepNoise:
        """Return the noise of the same seed for x of another size, in cells."""
        shape, seed, batch_index = self._given
        like = torch.empty((*shape[:2], height, width), device=self._device, dtype=self._dtype)
        return StepNoise(like, seed, batch_index)

    def _rewind(self) -> None:
        self._generators = {index: _generator(seed) for index, seed in self._seeds.items()}
        self._next = 0

    def _draw(self) -> dict[int, Tensor]:
        self._next += 1
        return {index: torch.randn(self._item, generator=g) for index, g in self._generators.items()}


def step_seed(seed: int, index: int) -> int:
    """Return the seed of the step noise of the item with this batch index (see the module's text)."""
    return item_seed((seed + 1) % SEEDS, index)


def item_seed(seed: int, index: int) -> int:
    """Return the seed of the item with this batch index, where each has one; the first has `seed` itself."""
    if index == 0:
        return seed
    text = seed.to_bytes(8, "little") + index.to_bytes(8, "little")
    return int.from_bytes(hashlib.blake2b(text, digest_size=8).digest(), "little")


def _generator(seed: int) -> torch.Generator:
    check_seed(seed)
    return torch.Generator("cpu").manual_seed(seed)


def check_seed(seed: int) -> None:
    """Raise ValueError unless the seed lies in 0..2^64-1."""
    if not 0 <= seed < SEEDS:
        raise ValueError(f"a seed is a whole number in 0..2^64-1, not {seed}")
