"""The parts of the autoencoder: residual blocks, attention, changes of size, the levels they make up.

Module names are the original ones, so a file's keys are the modules' keys. What the parts do to a feature map
is also told as a list of `Step`, so that a map too big to compute at once can be computed in tiles that meet
exactly (`tiling.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .layers import Conv1x1, Conv3x3, GroupNorm

GROUPS = 32
NORM_EPS = 1e-6

SAME, HALF, DOUBLE = Fraction(1), Fraction(1, 2), Fraction(2)


@dataclass(frozen=True)
class Step:
    """One step of a network, local but for its normalisation: a pixel sees `reach` more pixels to each side.

    `run(y, x)` gets a feature map [B,C,h,w], normalised where there is a `norm`, and the map that its block
    began with; it returns the same two for the next step, of `channels` channels. `scale` is the number of
    its pixels for one before, along one side; `reach` counts its own. After a step that is a `rest` both are
    one map.
    """

    run: Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]
    channels: int
    norm: nn.GroupNorm | None = None
    scale: Fraction = SAME
    rest: bool = False
    reach: int = 1


def layer_step(layer: nn.Conv2d, norm: nn.GroupNorm | None = None) -> Step:
    """Return the step of one convolution, behind normalisation and SiLU where there is a norm."""

    def run(y: Tensor, _: Tensor) -> tuple[Tensor, Tensor]:
        y = layer(y if norm is None else activated(y))
        return y, y

    return Step(run, layer.out_channels, norm)


def laid(x: Tensor) -> Tensor:
    """Lay a map's channels last in memory, as the quicker convolutions want them."""
    return x.contiguous(memory_format=torch.channels_last)


def activated(y: Tensor) -> Tensor:
    """Apply SiLU, in the same memory where no gradient needs it."""
    return F.silu(y, inplace=not y.requires_grad)


def norm_over(channels: int) -> nn.GroupNorm:
    """Return the normalisation that stands before every convolution."""
    return GroupNorm(GROUPS, channels, eps=NORM_EPS)


class ResBlock(nn.Module):
    """Two 3x3 convolutions behind normalisation and SiLU, added to their input."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.norm1 = norm_over(inputs)
        self.conv1 = Conv3x3(inputs, outputs)
        self.norm2 = norm_over(outputs)
        self.conv2 = Conv3x3(outputs, outputs)
        self.nin_shortcut = Conv1x1(inputs, outputs, 1) if inputs != outputs else None

    def forward(self, x: Tensor) -> Tensor:
        """Map [B,inputs,h,w] to [B,outputs,h,w]."""
        h, x = self._first(self.norm1(x), x)
        return self._second(self.norm2(h), x)[0]

    def steps(self) -> list[Step]:
        """Return what `forward` does, step by step."""
        channels = self.conv2.out_channels
        return [Step(self._first, channels, self.norm1), Step(self._second, channels, self.norm2, rest=True)]

    def _first(self, y: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
        return self.conv1(activated(y)), x

    def _second(self, y: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
        x = self.conv2(activated(y)) + (x if self.nin_shortcut is None else self.nin_shortcut(x))
        return x, x


class Attention(nn.Module):
    """Self-attention over all pixels, one head as wide as the channels."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = norm_over(channels)
        self.q = Conv1x1(channels, channels, 1)
        self.k = Conv1x1(channels, channels, 1)
        self.v = Conv1x1(channels, channels, 1)
        self.proj_out = Conv1x1(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Map [B,C,h,w] to [B,C,h,w]."""
        h = self.norm(x)
        q, k, v = (part(h).flatten(2).transpose(1, 2) for part in (self.q, self.k, self.v))
        h = F.scaled_dot_product_attention(q, k, v)
        return x + self.proj_out(h.transpose(1, 2).unflatten(2, x.shape[2:]))


class Downsample(nn.Module):
    """Halve the sides; the original pads right and bottom only."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        """Map [B,C,h,w] to [B,C,h/2,w/2]."""
        return self.conv(F.pad(x, (0, 1, 0, 1)))

    def steps(self) -> list[Step]:
        """Return what `forward` does, step by step."""
        return [Step(self._step, self.conv.out_channels, scale=HALF, rest=True)]

    def _step(self, x: Tensor, _: Tensor) -> tuple[Tensor, Tensor]:
        y = self(x)
        return y, y


class Upsample(nn.Module):
    """Double the sides: nearest neighbour, then a convolution."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = Conv3x3(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        """Map [B,C,h,w] to [B,C,2h,2w]."""
        return self.conv(F.interpolate(x, scale_factor=2.0, mode="nearest"))

    def steps(self) -> list[Step]:
        """Return what `forward` does, step by step."""
        return [Step(self._step, self.conv.out_channels, scale=DOUBLE, rest=True)]

    def _step(self, x: Tensor, _: Tensor) -> tuple[Tensor, Tensor]:
        y = self(x)
        return y, y


class Level(nn.Module):
    """The residual blocks of one resolution and the change to the next one."""

    def __init__(
        self,
        inputs: int,
        outputs: int,
        blocks: int,
        resample: type[Downsample] | type[Upsample] | None,
        name: str,
    ) -> None:
        super().__init__()
        self.block = nn.ModuleList(ResBlock(inputs if k == 0 else outputs, outputs) for k in range(blocks))
        if resample is not None:
            self.add_module(name, resample(outputs))

    def forward(self, x: Tensor) -> Tensor:
        """Map [B,inputs,h,w] to [B,outputs,h',w']."""
        return self.resampled(self.blocks(x))

    def blocks(self, x: Tensor) -> Tensor:
        """Map [B,inputs,h,w] to [B,outputs,h,w]: the residual blocks alone."""
        for block in self.block:
            x = block(x)
        return x

    def resampled(self, x: Tensor) -> Tensor:
        """Map [B,outputs,h,w] to [B,outputs,h',w']: the change to the next level alone."""
        for part in self._resample():
            x = part(x)
        return x

    def steps(self) -> list[Step]:
        """Return what `forward` does, step by step."""
        blocks = [step for block in self.block for step in cast(ResBlock, block).steps()]
        return blocks + self.resample_steps()

    def resample_steps(self) -> list[Step]:
        """Return what `resampled` does, step by step."""
        return [step for part in self._resample() for step in part.steps()]

    def _resample(self) -> Sequence[Downsample | Upsample]:
        return [part for part in self.children() if isinstance(part, Downsample | Upsample)]


class Middle(nn.Module):
    """Residual block, attention, residual block at the lowest resolution."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.block_1 = ResBlock(channels, channels)
        self.attn_1 = Attention(channels)
        self.block_2 = ResBlock(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        """Map [B,C,h,w] to [B,C,h,w]."""
        return self.block_2(self.attn_1(self.block_1(x)))


class Codebook(nn.Module):
    """The vectors that a VQ autoencoder's latents are made of; van den Oord et al. 2017, arXiv 1711.00937."""

    def __init__(self, entries: int, channels: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(entries, channels)

    def forward(self, z: Tensor) -> Tensor:
        """Replace each cell's vector of [B,C,h,w] by the nearest one of the book."""
        vectors, book = z.movedim(1, -1), self.embedding.weight
        # Squared distances less what all entries share; the smaller, the nearer.
        nearest = (book.square().sum(-1) - 2 * vectors @ book.T).argmin(-1)
        return self.embedding(nearest).movedim(-1, 1)
