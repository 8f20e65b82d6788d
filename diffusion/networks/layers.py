"""The layers of the U-Net where torch's own can be made quicker or more exact; weights and names are theirs.

Each computes as its base class does while gradients are recorded, and on devices other than the CPU.
"""

from __future__ import annotations

from functools import cache

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from .winograd import convolve

LEAST_PRODUCTS = 2**27
"""Below this number of cells times channels in times channels out a plain convolution is quicker."""


class GroupNorm(nn.GroupNorm):
    """Group norm that is exact where channels come last in memory.

    There torch takes the variance in float32 as the mean of squares less the square of the mean, which costs
    an order of magnitude in accuracy; here it is the mean of squared distances.
    Wu and He 2018, arXiv:1803.08494.
    """

    def forward(self, input: Tensor) -> Tensor:
        """[B,C,h,w] -> [B,C,h,w]."""
        if input.dtype != torch.float32 or not _inferring(input):
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


class Conv3x3(nn.Conv2d):
    """3x3 convolution padded by 1; in float32, where both lie channels last, by Winograd's algorithm."""

    def forward(self, input: Tensor) -> Tensor:
        """[B,C,h,w] -> [B,D,h,w]."""
        if self.bias is None or not self._pays(input):
            return super().forward(input)
        return convolve(input, self.weight, self.bias)

    def _pays(self, x: Tensor) -> bool:
        if x.dtype != torch.float32 or not _inferring(x):
            return False
        if not all(one.is_contiguous(memory_format=torch.channels_last) for one in (x, self.weight)):
            return False
        return x.numel() * self.out_channels >= LEAST_PRODUCTS


class Conv1x1(nn.Conv2d):
    """1x1 convolution: a linear layer on every cell."""

    def forward(self, input: Tensor) -> Tensor:
        """[B,C,h,w] -> [B,D,h,w]."""
        if not input.is_contiguous(memory_format=torch.channels_last):
            return super().forward(input)
        return linear(input.permute(0, 2, 3, 1), self.weight.flatten(1), self.bias).permute(0, 3, 1, 2)


class Linear(nn.Linear):
    """A linear layer through `linear`."""

    def forward(self, input: Tensor) -> Tensor:
        """[...,C] -> [...,D]."""
        return linear(input, self.weight, self.bias)


def linear(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """Return x @ weight^T + bias, [...,C] -> [...,D].

    On the CPU by oneDNN, which torch itself asks in bfloat16 alone; in float32 it is a tenth quicker than MKL
    here, and in bfloat16 torch spends time on the bias.
    """
    if not _one_dnn(x, weight):
        return F.linear(x, weight, bias)
    return torch.ops.mkldnn._linear_pointwise(x, weight, bias, "none", [], "")


def gated(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Return the first half of x @ weight^T + bias times the erf GELU of the second, [...,C] -> [...,D/2].

    Where oneDNN can, each half is finished while it is in registers, and neither is rounded in between.
    """
    if not _one_dnn(x, weight):
        value, gate = F.linear(x, weight, bias).chunk(2, dim=-1)
        return value * F.gelu(gate)
    half = len(weight) // 2
    gate = torch.ops.mkldnn._linear_pointwise(x, weight[half:], bias[half:], "gelu", [], "none")
    return torch.ops.mkldnn._linear_pointwise.binary(x, gate, weight[:half], bias[:half], "mul")


def added(x: Tensor, y: Tensor) -> Tensor:
    """Return x + y, in the memory of x where no gradient needs it: for an x that nothing else reads."""
    return x + y if torch.is_grad_enabled() else x.add_(y)


def _inferring(x: Tensor) -> bool:
    return x.device.type == "cpu" and not torch.is_grad_enabled()


def _one_dnn(x: Tensor, weight: Tensor) -> bool:
    if not _inferring(x) or not (x.is_contiguous() and weight.is_contiguous()):
        return False
    return x.dtype == weight.dtype and x.dtype in _one_dnn_types()


@cache
def _one_dnn_types() -> tuple[torch.dtype, ...]:
    """Return the types that oneDNN multiplies quickly here, by the operators that torch.compile calls."""
    if not hasattr(torch.ops.mkldnn, "_linear_pointwise"):
        return ()
    quick = torch.ops.mkldnn._is_mkldnn_bf16_supported()
    return (torch.float32, torch.bfloat16) if quick else (torch.float32,)
