"""The U-Net's other parts: time embedding, residual block, down- and upsampling, and a row of layers.

Module names follow the original checkpoint layout, so that a file's keys are the module's keys.
"""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .attention import Context, Row, SpatialTransformer, repeated
from .layers import Conv, Conv1x1, Conv3x3, GroupNorm, Linear, SiLU, added
from .supply import Lend, lent_in_place


def timestep_embedding(timesteps: Tensor, width: int) -> Tensor:
    """Embed timesteps [B] as `[cos, sin]` of width `width`, frequencies `10000^(-i/half)`, in float32.

    Vaswani et al. 2017 (arXiv:1706.03762), cosines first.
    """
    half = width // 2
    index = torch.arange(half, dtype=torch.float32, device=timesteps.device)
    angles = timesteps.float()[:, None] * torch.exp(index * (-math.log(10_000.0) / half))
    return torch.cat([angles.cos(), angles.sin()], dim=-1)


class ResBlock(nn.Module):
    """Two 3x3 convolutions with the time embedding added between them, and a residual.

    `coarse` says that its maps have few cells (`Conv3x3`).
    """

    def __init__(self, in_channels: int, out_channels: int, embedding: int, *, coarse: bool = False) -> None:
        super().__init__()
        # Each list keeps the file's numbering; what has no weights (SiLU, dropout) keeps its index free.
        self.in_layers = nn.Sequential(
            GroupNorm(32, in_channels), SiLU(), Conv3x3(in_channels, out_channels, coarse=coarse)
        )
        self.emb_layers = nn.Sequential(nn.SiLU(), Linear(embedding, out_channels))
        last = Conv3x3(out_channels, out_channels, coarse=coarse)
        self.out_layers = nn.Sequential(GroupNorm(32, out_channels), SiLU(), nn.Identity(), last)
        self.skip_connection = (
            nn.Identity() if in_channels == out_channels else Conv1x1(in_channels, out_channels, 1)
        )
        for parameter in last.parameters():
            nn.init.zeros_(parameter)  # an untrained block is its skip connection

    def forward(self, x: Tensor, emb: Tensor) -> Tensor:
        """[B,C,h,w], [B,E] -> [B,C',h,w]; a batch divides among fewer embeddings."""
        h = self.in_layers(x)
        h = added(h, repeated(self.emb_layers(emb), h)[:, :, None, None])
        return added(self.out_layers(h), self.skip_connection(x))


class Downsample(nn.Module):
    """Halve the sides (rounding up): a 3x3 convolution of stride 2, padded by 1."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.op = Conv(channels, channels, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        """[B,C,h,w] -> [B,C,ceil(h/2),ceil(w/2)]."""
        return self.op(x)


class Upsample(nn.Module):
    """Enlarge to `size` by nearest neighbour, then a 3x3 convolution."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = Conv3x3(channels, channels)

    def forward(self, x: Tensor, size: tuple[int, int]) -> Tensor:
        """[B,C,h,w] -> [B,C,*size]; `size` is that of the next skip, so odd sides come back as they were."""
        return self.conv(F.interpolate(x, size=size, mode="nearest"))


class Block(nn.ModuleList):
    """One numbered row of the U-Net: layers in turn, each given what it takes."""

    def forward(
        self,
        x: Tensor,
        emb: Tensor,
        context: Context,
        size: tuple[int, int] = (0, 0),
        row: Row | None = None,
        lend: Lend = lent_in_place,
    ) -> Tensor:
        """[B,C,h,w] -> [B,C',h',w']; `size` is what an upsampler in this row enlarges to."""
        for layer in self:
            with lend(layer):
                if isinstance(layer, ResBlock):
                    x = layer(x, emb)
                elif isinstance(layer, SpatialTransformer):
                    x = layer(x, context, row)
                elif isinstance(layer, Upsample):
                    x = layer(x, size)
                else:
                    x = layer(x)
        return x
