"""3x3 convolution with 2.25 or 4 times fewer multiplications, on the CPU.

F(m x m, 3x3) of Lavin and Gray 2015, "Fast Algorithms for Convolutional Neural Networks" (arXiv:1509.09308):
every tile of m x m results is made of (m+2) x (m+2) values by sums, as many products and sums again; the
products over all tiles and channels are matrix products. In float32 F(2x2) is more exact than torch's own
convolution; F(4x4) is as exact, since its polynomials are taken at square roots of 2, not at whole numbers.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

BLOCK_BYTES = 32 * 2**20
"""How much of tiles with their products, and of weights, is worked on at a time: it stays in cache."""


class Algorithm(ABC):
    """How tiles of `size` x `size` results are made of `values` = size + 2 values along each side."""

    size: ClassVar[int]
    points: ClassVar[Sequence[float]]
    scales: ClassVar[Sequence[float]]
    """What each result of `untransform` still has to be multiplied with."""

    def __init__(self) -> None:
        self.values = self.size + 2
        rows = [_weight_row(point, self.points) for point in self.points] + [[0.0, 0.0, 1.0]]
        kernel = torch.tensor(rows, dtype=torch.float64, device="cpu")
        kernels = torch.einsum("ai,bj->abij", kernel, kernel).reshape(self.values**2, 9)
        self.kernels = kernels.to(torch.float32)

    @abstractmethod
    def transform(self, d: Sequence[Tensor], out: Tensor) -> None:
        """Combine `values` neighbours along one side."""

    @abstractmethod
    def untransform(self, m: Tensor) -> tuple[Tensor, ...]:
        """Turn `values` products along one side into `size` results, which lack their `scales`."""


def _weight_row(point: float, points: Sequence[float]) -> list[float]:
    """Return what a filter's three weights count at one point, by Lagrange's interpolation."""
    rest = math.prod(point - other for other in points if other != point)
    return [point**power / rest for power in range(3)]


class F2(Algorithm):
    """F(2x2,3x3): 16 products for 4 results instead of 36. Points 0, 1, -1 and infinity."""

    size = 2
    points = (0.0, 1.0, -1.0)
    scales = (1.0, 1.0)

    def transform(self, d: Sequence[Tensor], out: Tensor) -> None:
        """See `Algorithm`."""
        torch.sub(d[2], d[0], out=out[0])
        torch.add(d[2], d[1], out=out[1])
        torch.sub(d[2], d[1], out=out[2])
        torch.sub(d[3], d[1], out=out[3])

    def untransform(self, m: Tensor) -> tuple[Tensor, ...]:
        """See `Algorithm`."""
        return (m[1] + m[2]).add_(m[0]), (m[1] - m[2]).add_(m[3])


class F4(Algorithm):
    """F(4x4,3x3): 36 products for 16 results instead of 144. Points 0, ±sqrt(1/2), ±sqrt(2) and infinity.

    With points 0, ±1, ±2 the error is twice as large.
    """

    size = 4
    near, far = math.sqrt(0.5), math.sqrt(2)
    points = (0.0, near, -near, far, -far)
    scales = (1.0, near, 0.5, 1.0)

    def transform(self, d: Sequence[Tensor], out: Tensor) -> None:
        """See `Algorithm`."""
        even, odd = torch.sub(d[4], d[2], alpha=2), torch.sub(d[3], d[1], alpha=2)
        torch.add(even, odd, alpha=self.near, out=out[1])
        torch.sub(even, odd, alpha=self.near, out=out[2])
        torch.sub(d[4], d[2], alpha=0.5, out=even)
        torch.sub(d[3], d[1], alpha=0.5, out=odd)
        torch.add(even, odd, alpha=self.far, out=out[3])
        torch.sub(even, odd, alpha=self.far, out=out[4])
        torch.add(torch.sub(d[0], d[2], alpha=2.5, out=even), d[4], out=out[0])
        torch.add(torch.sub(d[1], d[3], alpha=2.5, out=odd), d[5], out=out[5])

    def untransform(self, m: Tensor) -> tuple[Tensor, ...]:
        """See `Algorithm`."""
        near_sum, near_difference = m[1] + m[2], m[1] - m[2]
        far_sum, far_difference = m[3] + m[4], m[3] - m[4]
        return (
            (near_sum + far_sum).add_(m[0]),
            torch.add(near_difference, far_difference, alpha=2),
            near_sum.add_(far_sum, alpha=4),
            torch.add(m[5], near_difference.add_(far_difference, alpha=8), alpha=self.near**3),
        )


F2X2, F4X4 = F2(), F4()


@dataclass(frozen=True, eq=False)
class Tiles:
    """Transformed tiles [v,v,B,rows,columns,C]: those rows of tiles, of those items."""

    items: slice
    rows: slice
    values: Tensor


def convolve(x: Tensor, weight: Tensor, bias: Tensor, algorithm: Algorithm) -> Tensor:
    """Convolve x [B,C,h,w] with weight [D,C,3,3], padded by 1: [B,D,h,w].

    Both must lie channels last in memory; so does the result. The weight may be transformed already
    (`transformed`).
    """
    items, channels, height, width = x.shape
    size, places = algorithm.size, algorithm.values**2
    down, across = -(-height // size), -(-width // size)
    out = x.new_empty(items, size * down, size * across, len(weight))
    outputs = _blocks(len(weight), places * channels * x.itemsize)
    row_bytes = places * across * (channels + outputs[0].stop) * x.itemsize
    blocks = _blocks(items, down * row_bytes), _blocks(down, row_bytes)
    tiles = _tiles(x.permute(0, 2, 3, 1), *blocks, algorithm)
    if len(outputs) == 1:
        [(_, kernels)] = _kernels(weight, outputs, algorithm)
        for some in tiles:
            _write(out, slice(None), _multiplied(some.values, kernels), bias, some, algorithm)
    else:
        kept = list(tiles)
        for block, kernels in _kernels(weight, outputs, algorithm):
            for some in kept:
                _write(out, block, _multiplied(some.values, kernels), bias[block], some, algorithm)
    return out[:, :height, :width].permute(0, 3, 1, 2)


def transformed(weight: Tensor, algorithm: Algorithm) -> Tensor:
    """Return the weight [D,C,3,3] as an algorithm multiplies it, [D,places,C], computed in float32."""
    by_place = weight.permute(0, 2, 3, 1).flatten(1, 2)
    return torch.matmul(algorithm.kernels, by_place.float()).to(weight.dtype)


def _blocks(count: int, nbytes: int) -> list[slice]:
    """Cut `count` things of so many bytes each into equal runs of about `BLOCK_BYTES` at most."""
    runs = -(-count * nbytes // BLOCK_BYTES)
    step = -(-count // runs)
    return [slice(start, min(start + step, count)) for start in range(0, count, step)]


def _kernels(weight: Tensor, blocks: list[slice], algorithm: Algorithm) -> Iterator[tuple[slice, Tensor]]:
    """Transform the weights of some outputs at a time: [outputs,places,C]."""
    if weight.ndim == 3:
        yield from ((block, weight[block]) for block in blocks)
        return
    by_place = weight.permute(0, 2, 3, 1).flatten(1, 2)
    memory = weight.new_empty(blocks[0].stop, len(algorithm.kernels), weight.shape[1])
    for block in blocks:
        kernels = memory[: block.stop - block.start]
        yield block, torch.matmul(algorithm.kernels, by_place[block], out=kernels)


def _tiles(x: Tensor, items: list[slice], rows: list[slice], algorithm: Algorithm) -> Iterator[Tiles]:
    """Cut maps [B,h,w,C] into tiles that overlap by 2, and transform them."""
    height, width, channels = x.shape[1:]
    size, values = algorithm.size, algorithm.values
    across = -(-width // size)
    for few in items:
        count = few.stop - few.start
        for block in rows:
            down = block.stop - block.start
            first = size * block.start - 1
            top, bottom = max(0, first), min(height, size * block.stop + 1)
            padded = x.new_zeros(count, size * down + 2, size * across + 2, channels)
            padded[:, top - first : bottom - first, 1 : width + 1] = x[few, top:bottom]
            half = x.new_empty(values, count, down, size * across + 2, channels)
            algorithm.transform(
                [padded[:, k : k + size * (down - 1) + 1 : size] for k in range(values)], half
            )
            whole = x.new_empty(values, values, count, down, across, channels)
            columns = [half[:, :, :, k : k + size * (across - 1) + 1 : size] for k in range(values)]
            algorithm.transform(columns, whole.transpose(0, 1))
            yield Tiles(few, block, whole)


def _multiplied(tiles: Tensor, kernels: Tensor) -> Tensor:
    """Multiply [v,v,B,rows,columns,C] with [outputs,places,C]: [v,v,B,rows,columns,outputs]."""
    flat, kernels = tiles.flatten(2, 4).flatten(0, 1), kernels.permute(1, 2, 0)
    products = tiles.new_empty(len(flat), flat.shape[1], kernels.shape[2])
    if tiles.dtype == torch.float32:
        torch.bmm(flat, kernels, out=products)  # each thread has products of its own
    else:
        for place, kernel in enumerate(kernels):  # oneDNN would bring all kernels into another form first
            torch.mm(flat[place], kernel, out=products[place])
    return products.view(*tiles.shape[:-1], kernels.shape[2])


def _write(
    out: Tensor, outputs: slice, products: Tensor, bias: Tensor, tiles: Tiles, algorithm: Algorithm
) -> None:
    """Turn products into results and write them to their rows and channels of out [B,h,w,D]."""
    size = algorithm.size
    rows = out[tiles.items, size * tiles.rows.start : size * tiles.rows.stop]
    for down, some in enumerate(algorithm.untransform(products)):
        for across, result in enumerate(algorithm.untransform(some)):
            scale = algorithm.scales[down] * algorithm.scales[across]
            torch.add(bias, result, alpha=scale, out=rows[:, down::size, across::size, outputs])
