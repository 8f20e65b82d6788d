"""Products with weights by oneDNN on the CPU, through the operators that torch.compile calls.

Torch's own layers ask oneDNN in bfloat16 alone, and bring the weights into the form that it multiplies at
every call. A weight packed once gives the same bits, and may take its original's place. Through a packed
weight no gradient goes back: ValueError.
"""

from __future__ import annotations

from functools import cache

import torch
import torch.nn.functional as F
from torch import Tensor

ONES = [1, 1]


@cache
def quick_types() -> tuple[torch.dtype, ...]:
    """Return the types that oneDNN multiplies quickly on this machine; none where torch lacks it."""
    if not hasattr(torch.ops.mkldnn, "_linear_pointwise"):
        return ()
    quick = torch.ops.mkldnn._is_mkldnn_bf16_supported()
    return (torch.float32, torch.bfloat16) if quick else (torch.float32,)


def inferring(x: Tensor) -> bool:
    """Tell whether x is computed with on the CPU, no gradients are recorded and no compiler looks on."""
    if torch.compiler.is_compiling():
        return False  # torch's own layers are what compilers know
    return x.device.type == "cpu" and not torch.is_grad_enabled()


def packable(weight: Tensor) -> bool:
    """Tell whether oneDNN can keep this weight in a form of its own."""
    return weight.device.type == "cpu" and weight.dtype in quick_types() and not weight.is_mkldnn


def pack_linear(weight: Tensor) -> Tensor:
    """Return a linear layer's weight [D,C] as oneDNN multiplies it."""
    return torch.ops.mkldnn._reorder_linear_weight(weight.contiguous())


def pack_convolution(weight: Tensor, stride: int, padding: int) -> Tensor:
    """Return a convolution's weight [D,C,k,k] as oneDNN multiplies it."""
    return torch.ops.mkldnn._reorder_convolution_weight(weight, [padding] * 2, [stride] * 2, ONES, 1)


def linear(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """Return x @ weight^T + bias, [...,C] -> [...,D]; the weight may be packed.

    In float32 oneDNN is a tenth quicker than MKL here; in bfloat16 torch spends time on the bias.
    """
    if not _one_dnn(x, weight):
        return F.linear(x, weight, bias)
    return torch.ops.mkldnn._linear_pointwise(x.contiguous(), weight, bias, "none", [], "")


def gated(x: Tensor, value: Tensor, value_bias: Tensor, gate: Tensor, gate_bias: Tensor) -> Tensor:
    """Return the linear `value` of x times the erf GELU of its linear `gate`, [...,C] -> [...,D].

    Where oneDNN can, each is finished while it is in registers, and neither is rounded in between. Weights
    may be packed.
    """
    if not (_one_dnn(x, value) and _one_dnn(x, gate)):
        return F.linear(x, value, value_bias) * F.gelu(F.linear(x, gate, gate_bias))
    x = x.contiguous()
    gates = torch.ops.mkldnn._linear_pointwise(x, gate, gate_bias, "gelu", [], "none")
    return torch.ops.mkldnn._linear_pointwise.binary(x, gates, value, value_bias, "mul")


def logistic(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """Return sigmoid(x @ weight^T + bias), [...,C] -> [...,D], not rounded in between where oneDNN can."""
    if not _one_dnn(x, weight):
        return F.linear(x, weight, bias).sigmoid()
    return torch.ops.mkldnn._linear_pointwise(x, weight, bias, "sigmoid", [], "")


def convolve(x: Tensor, weight: Tensor, bias: Tensor | None, stride: int, padding: int) -> Tensor:
    """Convolve x [B,C,h,w] with a weight [D,C,k,k] that may be packed."""
    if not weight.is_mkldnn:
        return F.conv2d(x, weight, bias, stride, padding)
    check_no_gradient(x)
    sides = [padding] * 2, [stride] * 2, ONES
    return torch.ops.mkldnn._convolution_pointwise(x, weight, bias, *sides, 1, "none", [], "")


def check_no_gradient(x: Tensor) -> None:
    """Raise ValueError where a gradient is to go back to x."""
    if x.requires_grad:
        raise ValueError("no gradient goes through packed weights: give the network as it was loaded")


def _one_dnn(x: Tensor, weight: Tensor) -> bool:
    if weight.is_mkldnn:
        check_no_gradient(x)
        return True
    if not inferring(x) or not (x.is_contiguous() and weight.is_contiguous()):
        return False
    return x.dtype == weight.dtype and x.dtype in quick_types()
