"""ESRGAN's network: residual in residual dense blocks, then doublings by nearest neighbour.

Wang et al. 2018, arXiv 1809.00219; with pixels folded into channels first, Wang et al. 2021 (Real-ESRGAN),
arXiv 2107.10833; with a further sum in each dense block, Rakotonirina and Rasoanaivo 2020 (ESRGAN+), arXiv
2001.08073. Module names are Real-ESRGAN's.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from math import isqrt
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..autoencoder_blocks import DOUBLE, Step
from .base import UpscaleNetwork, laid

SLOPE = 0.2
"""Of the leaky ReLUs below 0."""

SHARE = 0.2
"""What a block's and a dense block's outcome is multiplied with before it is added to what came in."""

LAYERS, DENSE = 5, 3
"""Convolutions in a dense block, dense blocks in a block."""


@dataclass(frozen=True, kw_only=True)
class RRDBSpec:
    """The shape of an ESRGAN network.

    `width` and `growth` are channels of the trunk and of a convolution in a dense block, `doublings` says how
    often the sides are doubled. With 4 or 16 times as many channels coming in as going out the pixels are
    folded into channels first, which halves or quarters the sides. `summed` are ESRGAN+'s dense blocks.
    """

    width: int = 64
    growth: int = 32
    blocks: int = 23
    doublings: int = 2
    in_channels: int = 3
    out_channels: int = 3
    summed: bool = False

    @property
    def factor(self) -> int:
        """Pixels on a side that are folded into one."""
        return isqrt(self.in_channels // self.out_channels)

    @property
    def scale(self) -> int:
        """How many times longer the sides become; 0 where they would become shorter."""
        return 2**self.doublings // self.factor


class DenseBlock(nn.Module):
    """Five convolutions, each of all that was there before, added to what came in."""

    def __init__(self, spec: RRDBSpec) -> None:
        super().__init__()
        width, growth = spec.width, spec.growth
        for k in range(LAYERS):
            outputs = width if k == LAYERS - 1 else growth
            self.add_module(f"conv{k + 1}", _conv(width + k * growth, outputs))
        self.conv1x1 = nn.Conv2d(width, growth, 1, bias=False) if spec.summed else None

    def forward(self, x: Tensor) -> Tensor:
        """Map [B,width,h,w] to [B,width,h,w]."""
        maps = [x]
        layers = [cast(nn.Conv2d, self.get_submodule(f"conv{k + 1}")) for k in range(LAYERS)]
        for k, layer in enumerate(layers[:-1]):
            y = _activated(layer(torch.cat(maps, 1)))
            if self.conv1x1 is not None and k % 2:
                y = y + (self.conv1x1(x) if k == 1 else maps[2])
            maps.append(y)
        return x + layers[-1](torch.cat(maps, 1)) * SHARE


class Block(nn.Module):
    """Three dense blocks, added to what came in."""

    def __init__(self, spec: RRDBSpec) -> None:
        super().__init__()
        self.rdb1, self.rdb2, self.rdb3 = (DenseBlock(spec) for _ in range(DENSE))

    def forward(self, x: Tensor) -> Tensor:
        """Map [B,width,h,w] to [B,width,h,w]."""
        return x + self.rdb3(self.rdb2(self.rdb1(x))) * SHARE


class RRDBNet(UpscaleNetwork):
    """ESRGAN's network; see `RRDBSpec`."""

    def __init__(self, spec: RRDBSpec) -> None:
        super().__init__()
        self.spec, self.scale, self.factor = spec, spec.scale, spec.factor
        width = spec.width
        self.conv_first = _conv(spec.in_channels, width)
        self.body = nn.ModuleList(Block(spec) for _ in range(spec.blocks))
        self.conv_body = _conv(width, width)
        for k in range(spec.doublings):
            self.add_module(f"conv_up{k + 1}", _conv(width, width))
        self.conv_hr = _conv(width, width)
        self.conv_last = _conv(width, spec.out_channels)

    def steps(self) -> list[Step]:
        """Return what the network does, step by step.

        The trunk's maps have the picture behind them: with it the sum over the whole trunk is made at its
        end, where holding what it began with would take as much room again as the trunk.
        """
        spec = self.spec
        both = spec.width + spec.in_channels
        ups = (self.get_submodule(f"conv_up{k + 1}") for k in range(spec.doublings))
        fold = Step(self._fold, spec.in_channels, scale=Fraction(1, spec.factor), reach=0, rest=True)
        return [
            *([fold] if spec.factor > 1 else []),
            Step(self._first, both, rest=True),
            *(
                Step(partial(self._block, block), both, reach=LAYERS * DENSE, rest=True)
                for block in cast("Iterable[Block]", self.body)
            ),
            Step(self._trunk, spec.width, rest=True),
            *(
                Step(partial(self._double, cast(nn.Conv2d, up)), spec.width, scale=DOUBLE, rest=True)
                for up in ups
            ),
            Step(self._last, spec.out_channels, reach=2, rest=True),
        ]

    def _fold(self, x: Tensor, _: Tensor) -> tuple[Tensor, Tensor]:
        x = F.pixel_unshuffle(x, self.factor)
        return x, x

    def _first(self, x: Tensor, _: Tensor) -> tuple[Tensor, Tensor]:
        x = torch.cat([self.conv_first(laid(x)), x], 1)
        return x, x

    def _block(self, block: Block, x: Tensor, _: Tensor) -> tuple[Tensor, Tensor]:
        y, picture = self._apart(x)
        x = torch.cat([block(y), picture], 1)
        return x, x

    def _trunk(self, x: Tensor, _: Tensor) -> tuple[Tensor, Tensor]:
        y, picture = self._apart(x)
        x = self.conv_first(picture) + self.conv_body(y)
        return x, x

    def _double(self, layer: nn.Conv2d, x: Tensor, _: Tensor) -> tuple[Tensor, Tensor]:
        x = _activated(layer(F.interpolate(laid(x), scale_factor=2.0, mode="nearest")))
        return x, x

    def _last(self, x: Tensor, _: Tensor) -> tuple[Tensor, Tensor]:
        x = self.conv_last(_activated(self.conv_hr(laid(x))))
        return x, x

    def _apart(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return laid(x[:, : self.spec.width]), laid(x[:, self.spec.width :])


def _conv(inputs: int, outputs: int) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, 3, padding=1)


def _activated(x: Tensor) -> Tensor:
    return F.leaky_relu(x, SLOPE, inplace=not x.requires_grad)
