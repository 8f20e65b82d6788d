"""The layers of the U-Net where torch's own can be made quicker or more exact; weights and names are theirs.

Each computes as its base class does while gradients are recorded, and on devices other than the CPU.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from . import onednn
from .winograd import F2X2, F4X4, convolve, transformed

LEAST_PRODUCTS = 2**27
"""Below this number of cells times channels in times channels out a plain convolution is quicker."""

LEAST_CELLS = 1100
"""From this number of cells on the larger tiles pay: below, their weights take longer than their products."""


@runtime_checkable
class Packing(Protocol):
    """A layer whose weight can be kept as the processor multiplies it, instead of as a file holds it."""

    def pack(self) -> None:
        """Put packed weights in the place of the layer's own, where that pays; what it computes stays."""
        ...


class GroupNorm(nn.GroupNorm):
    """Group norm that is exact where channels come last in memory.

    There torch takes the variance in float32 as the mean of squares less the square of the mean, which costs
    an order of magnitude in accuracy; here it is the mean of squared distances.
    Wu and He 2018, arXiv:1803.08494.
    """

    def forward(self, input: Tensor) -> Tensor:
        """[B,C,h,w] -> [B,C,h,w]."""
        if input.dtype != torch.float32 or not onednn.inferring(input):
            return super().forward(input)
        if not input.is_contiguous(memory_format=torch.channels_last):
            return super().forward(input)
        return self._exact(input)

    def _exact(self, x: Tensor) -> Tensor:
        items, channels = x.shape[:2]
        grouped = (items, self.num_groups, -1)
        # The mean and variance of each channel of each item; from them those of the groups.
        moments = [torch.batch_norm_update_stats(x[i : i + 1], None, None, 0.0) for i in range(items)]
        means = torch.stack([mean for mean, _ in moments]).view(grouped)
        variances = torch.stack([variance for _, variance in moments]).view(grouped)
        mean = means.mean(2, keepdim=True)
        variance = (variances + (means - mean).square()).mean(2, keepdim=True)
        scale = (variance + self.eps).rsqrt() * self.weight.view(1, self.num_groups, -1)
        shift = self.bias.view(1, self.num_groups, -1) - mean * scale
        return torch.addcmul(shift.view(items, channels, 1, 1), x, scale.view(items, channels, 1, 1))


class SiLU(nn.Module):
    """SiLU, in place where no gradient needs what was there: for values that nothing else reads."""

    def forward(self, x: Tensor) -> Tensor:
        """Any shape."""
        return F.silu(x, inplace=not torch.is_grad_enabled())


class Conv(nn.Conv2d):
    """3x3 convolution padded by 1."""

    def __init__(self, in_channels: int, out_channels: int, stride: int = 1) -> None:
        # Torch leaves the types of devices open.
        super().__init__(in_channels, out_channels, 3, stride=stride, padding=1)  # pyright: ignore[reportUnknownMemberType]

    def forward(self, input: Tensor) -> Tensor:
        """[B,C,h,w] -> [B,D,ceil(h/stride),ceil(w/stride)]."""
        return onednn.convolve(input, self.weight, self.bias, self.stride[0], 1)

    def pack(self) -> None:
        """Pack the weight."""
        if onednn.packable(self.weight):
            packed = onednn.pack_convolution(self.weight, self.stride[0], 1)
            self.weight = nn.Parameter(packed, requires_grad=False)


class Conv3x3(Conv):
    """3x3 convolution padded by 1, by Winograd's algorithm where that is quicker.

    It is but where maps are `coarse`: so few cells that weights take longer to bring than to multiply. In
    bfloat16 it is with weights transformed beforehand, which are 1.8 times as large.
    """

    def __init__(self, in_channels: int, out_channels: int, *, coarse: bool = False) -> None:
        super().__init__(in_channels, out_channels)
        self.coarse = coarse

    def forward(self, input: Tensor) -> Tensor:
        """[B,C,h,w] -> [B,D,h,w]."""
        if self.bias is None or not self._by_winograd(input):
            return super().forward(input)
        cells = input.numel() // input.shape[1]
        larger = cells >= LEAST_CELLS and self.weight.dtype == torch.float32
        x = input.contiguous(memory_format=torch.channels_last)
        return convolve(x, self.weight, self.bias, F4X4 if larger else F2X2)

    def pack(self) -> None:
        """Pack the weight, transformed or not; in float32 Winograd's algorithm needs it as it is."""
        if self.coarse:
            super().pack()
        elif self.weight.dtype == torch.bfloat16 and onednn.packable(self.weight) and self.weight.ndim == 4:
            self.weight = nn.Parameter(transformed(self.weight, F2X2), requires_grad=False)

    def _by_winograd(self, x: Tensor) -> bool:
        if self.weight.ndim == 3:
            onednn.check_no_gradient(x)
            return True
        if self.coarse or self.weight.is_mkldnn or x.dtype != torch.float32 or not onednn.inferring(x):
            return False
        if not all(one.is_contiguous(memory_format=torch.channels_last) for one in (x, self.weight)):
            return False
        return x.numel() * self.out_channels >= LEAST_PRODUCTS


class Conv1x1(nn.Conv2d):
    """1x1 convolution: a linear layer on every cell."""

    def forward(self, input: Tensor) -> Tensor:
        """[B,C,h,w] -> [B,D,h,w]."""
        packed = self.weight.is_mkldnn
        if not packed and not input.is_contiguous(memory_format=torch.channels_last):
            return super().forward(input)
        weight = self.weight if packed else self.weight.flatten(1)
        return onednn.linear(input.permute(0, 2, 3, 1), weight, self.bias).permute(0, 3, 1, 2)

    def pack(self) -> None:
        """Pack the weight as a linear layer's."""
        _pack_linear(self, self.weight.flatten(1))


class Linear(nn.Linear):
    """A linear layer that may be packed."""

    def forward(self, input: Tensor) -> Tensor:
        """[...,C] -> [...,D]."""
        return onednn.linear(input, self.weight, self.bias)

    def pack(self) -> None:
        """Pack the weight."""
        _pack_linear(self, self.weight)


class GatedLinear(nn.Linear):
    """GEGLU: the second half of a linear layer, through the erf GELU, gates the first.

    Shazeer 2020, arXiv:2002.05202.
    """

    gate: nn.Parameter | None
    """The weight of the second half, where the halves are packed each for itself."""

    def __init__(self, in_channels: int, out_channels: int) -> None:
        # Torch leaves the types of devices open.
        super().__init__(in_channels, 2 * out_channels)  # pyright: ignore[reportUnknownMemberType]
        self.register_parameter("gate", None)

    def forward(self, input: Tensor) -> Tensor:
        """[...,C] -> [...,D]."""
        value, gate = (self.weight, self.gate) if self.gate is not None else self.weight.chunk(2)
        value_bias, gate_bias = self.bias.chunk(2)
        return onednn.gated(input, value, value_bias, gate, gate_bias)

    def pack(self) -> None:
        """Pack both halves."""
        if onednn.packable(self.weight):
            value, gate = (onednn.pack_linear(half) for half in self.weight.chunk(2))
            self.weight = nn.Parameter(value, requires_grad=False)
            self.gate = nn.Parameter(gate, requires_grad=False)


def packs(layer: nn.Module, dtype: torch.dtype, device: torch.device) -> bool:
    """Tell whether a layer packs a weight of this dtype on this device."""
    if not isinstance(layer, Packing) or device.type != "cpu" or dtype not in onednn.quick_types():
        return False
    return not isinstance(layer, Conv3x3) or layer.coarse or dtype == torch.bfloat16


def growth(layer: nn.Module, dtype: torch.dtype) -> float:
    """Return how many times as large a layer's weight of this dtype is once packed."""
    larger = isinstance(layer, Conv3x3) and not layer.coarse and dtype == torch.bfloat16
    return F2X2.values**2 / 9 if larger else 1.0


def added(x: Tensor, y: Tensor) -> Tensor:
    """Return x + y, in the memory of x where no gradient needs it: for an x that nothing else reads."""
    return x + y if torch.is_grad_enabled() else x.add_(y)


def _pack_linear(layer: Conv1x1 | Linear, weight: Tensor) -> None:
    if onednn.packable(weight):
        layer.weight = nn.Parameter(onednn.pack_linear(weight), requires_grad=False)
