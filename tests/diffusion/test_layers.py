"""The layers that have a quicker way of their own, against the plain formula in float64."""

from __future__ import annotations

from typing import Any, cast

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from inkloom.diffusion.networks import layers, onednn, winograd
from inkloom.diffusion.networks.attention import TOKENS_AT_ONCE, FeedForward
from inkloom.diffusion.networks.hooks import Heads
from inkloom.diffusion.networks.layers import (
    Conv,
    Conv1x1,
    Conv3x3,
    GatedLinear,
    GroupNorm,
    Linear,
    Packing,
    SiLU,
    added,
)
from inkloom.diffusion.networks.mixing import LARGEST_SCORE, mix, mix_in_chunks
from inkloom.diffusion.networks.winograd import F2X2, F4X4, Algorithm

CLOSE = {torch.float32: 2e-6, torch.bfloat16: 8e-3}


def far(found: Tensor, exact: Tensor) -> float:
    """Return the distance in root mean square, relative."""
    return ((found.double() - exact).norm() / exact.norm()).item()


def last(x: Tensor) -> Tensor:
    return x.contiguous(memory_format=torch.channels_last)


@pytest.fixture(autouse=True)
def _inference() -> Any:
    torch.manual_seed(0)
    with torch.inference_mode():
        yield


@pytest.mark.parametrize("block", [winograd.BLOCK_BYTES, 2**14], ids=["whole", "in blocks"])
@pytest.mark.parametrize("algorithm", [F2X2, F4X4], ids=["F2x2", "F4x4"])
@pytest.mark.parametrize(
    ("items", "channels", "outputs", "sides"),
    [
        (1, 3, 5, (2, 2)),
        (2, 7, 9, (10, 13)),
        (3, 8, 12, (7, 9)),
        (2, 5, 6, (1, 5)),
        (2, 16, 8, (16, 33)),
        (1, 4, 4, (1, 1)),
    ],
)
def test_winograds_convolution_is_a_convolution(
    monkeypatch: pytest.MonkeyPatch,
    block: int,
    algorithm: Algorithm,
    items: int,
    channels: int,
    outputs: int,
    sides: tuple[int, int],
) -> None:
    monkeypatch.setattr(winograd, "BLOCK_BYTES", block)
    x, weight = last(torch.randn(items, channels, *sides)), last(torch.randn(outputs, channels, 3, 3))
    bias = torch.randn(outputs)
    exact = F.conv2d(x.double(), weight.double(), bias.double(), padding=1)
    found = winograd.convolve(x, weight, bias, algorithm)
    assert found.shape == exact.shape
    assert far(found, exact) < 1e-6
    again = winograd.convolve(x, winograd.transformed(weight, algorithm), bias, algorithm)
    assert torch.equal(again, found)


def test_larger_tiles_are_as_exact_as_a_plain_convolution() -> None:
    x, weight, bias = last(torch.randn(2, 64, 32, 32)), last(torch.randn(64, 64, 3, 3)), torch.randn(64)
    exact = F.conv2d(x.double(), weight.double(), bias.double(), padding=1)
    plain = far(F.conv2d(x, weight, bias, padding=1), exact)
    assert far(winograd.convolve(x, weight, bias, F4X4), exact) < 3 * plain


@pytest.mark.parametrize("layout", [torch.channels_last, torch.contiguous_format])
@pytest.mark.parametrize("dtype", CLOSE)
def test_large_convolutions_are_exact_in_any_layout_and_type(
    monkeypatch: pytest.MonkeyPatch, layout: torch.memory_format, dtype: torch.dtype
) -> None:
    monkeypatch.setattr(layers, "LEAST_PRODUCTS", 1)
    conv = Conv3x3(16, 24).to(dtype)
    conv.weight.data = conv.weight.data.contiguous(memory_format=layout)
    x = torch.randn(2, 16, 9, 8).to(dtype).contiguous(memory_format=layout)
    weight, bias = (parameter.double() for parameter in conv.parameters())
    assert far(conv(x), F.conv2d(x.double(), weight, bias, padding=1)) < CLOSE[dtype]


@pytest.mark.parametrize("sides", [(8, 8), (1, 7), (33, 5)])
def test_group_norm_is_exact_where_channels_come_last(sides: tuple[int, int]) -> None:
    norm = GroupNorm(32, 64)
    for parameter in norm.parameters():
        parameter.normal_()
    x = last(torch.randn(3, 64, *sides) + 5)  # a mean of squares less the square of 5 would lose digits
    exact = F.group_norm(x.double(), 32, norm.weight.double(), norm.bias.double(), norm.eps)
    assert norm(x).is_contiguous(memory_format=torch.channels_last)
    assert far(norm(x), exact) < 5e-7
    torch.testing.assert_close(norm(x), norm(x.contiguous()), rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("dtype", CLOSE)
@pytest.mark.parametrize("contiguous", [True, False])
@pytest.mark.parametrize("packed", [True, False])
def test_linear_layers(dtype: torch.dtype, contiguous: bool, packed: bool) -> None:
    x = torch.randn(5, 2, 24).to(dtype)
    x = x if contiguous else x.transpose(0, 1)
    plain, bare, gated = (
        layer.to(dtype) for layer in (Linear(24, 16), Linear(24, 16, bias=False), GatedLinear(24, 8))
    )
    expected = {
        plain: F.linear(x.double(), plain.weight.double(), plain.bias.double()),
        bare: F.linear(x.double(), bare.weight.double()),
    }
    value, gate = F.linear(x.double(), gated.weight.double(), gated.bias.double()).chunk(2, -1)
    expected[gated] = value * F.gelu(gate)
    for layer, exact in expected.items():
        before = layer(x)
        assert far(before, exact) < CLOSE[dtype]
        if packed:
            layer.pack()
            assert layer.weight.is_mkldnn
            torch.testing.assert_close(layer(x), before, rtol=CLOSE[dtype], atol=CLOSE[dtype])
            torch.testing.assert_close(layer(x.contiguous()), layer(x), rtol=0, atol=0)


@pytest.mark.parametrize("dtype", CLOSE)
@pytest.mark.parametrize("items", [1, 3])
@pytest.mark.parametrize(
    "layer",
    [Conv(16, 24), Conv(16, 24, stride=2), Conv1x1(16, 24, 1), Conv3x3(16, 24), Conv3x3(16, 24, coarse=True)],
    ids=["3x3", "stride 2", "1x1", "Winograd", "coarse"],
)
def test_packed_convolutions(layer: Any, items: int, dtype: torch.dtype) -> None:
    layer = type(layer)(**_arguments(layer)).to(dtype)
    x = last(torch.randn(items, 16, 9, 8).to(dtype))
    weight, bias = (parameter.double() for parameter in layer.parameters())
    exact = F.conv2d(x.double(), weight, bias, layer.stride, layer.padding)
    assert far(layer(x), exact) < CLOSE[dtype]
    assert isinstance(cast(object, layer), Packing)
    layer.pack()
    layer.pack()  # twice is once
    assert far(layer(x), exact) < CLOSE[dtype]
    assert far(layer(x.contiguous()), exact) < CLOSE[dtype]
    whole = weight.shape == layer.weight.shape and not layer.weight.is_mkldnn
    assert whole == (isinstance(layer, Conv3x3) and not layer.coarse and dtype == torch.float32)


def _arguments(layer: Any) -> dict[str, Any]:
    named = {"in_channels": layer.in_channels, "out_channels": layer.out_channels}
    if isinstance(layer, Conv1x1):
        return {**named, "kernel_size": 1}
    return (
        {**named, "coarse": layer.coarse}
        if isinstance(layer, Conv3x3)
        else {**named, "stride": layer.stride[0]}
    )


@pytest.mark.parametrize("layer", [Linear(8, 8), GatedLinear(8, 8), Conv(8, 8), Conv3x3(8, 8)])
def test_no_gradient_goes_through_packed_weights(layer: Any) -> None:
    layer = layer.requires_grad_(False).bfloat16()
    layer.pack()
    with torch.inference_mode(False), torch.enable_grad():
        x = last(torch.randn(1, 8, 8, 8).bfloat16()).requires_grad_()
        with pytest.raises(ValueError, match="no gradient goes through packed weights"):
            layer(x)


def test_what_one_dnn_lacks_is_computed_without_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onednn, "quick_types", tuple[()])
    layer = Linear(8, 4)
    layer.pack()
    assert not layer.weight.is_mkldnn
    x = torch.randn(3, 8)
    assert torch.equal(layer(x), F.linear(x, layer.weight, layer.bias))


@pytest.mark.parametrize("layout", [torch.channels_last, torch.contiguous_format])
def test_a_1x1_convolution_is_one_in_any_layout(layout: torch.memory_format) -> None:
    conv = Conv1x1(8, 4, 1)
    x = torch.randn(2, 8, 3, 5).contiguous(memory_format=layout)
    weight, bias = (parameter.double() for parameter in conv.parameters())
    assert far(conv(x), F.conv2d(x.double(), weight, bias)) < 1e-6


@pytest.mark.parametrize("module", [Conv3x3(4, 4), Conv1x1(4, 4, 1), Linear(6, 4), GroupNorm(2, 4), SiLU()])
def test_gradients_flow_and_what_is_given_stays(module: torch.nn.Module) -> None:
    with torch.inference_mode(False), torch.enable_grad():
        x = last(torch.randn(2, 4, 6, 6)).requires_grad_()
        before = x.detach().clone()
        module(x).square().sum().backward()
        assert x.grad is not None
        assert x.grad.abs().sum() > 0
        assert torch.equal(x.detach(), before)
        total = added(x, x)
        assert torch.equal(total, 2 * before)
        assert torch.equal(x, before)


@pytest.mark.parametrize(
    ("tokens", "keys", "width", "size"),
    [
        (300, 300, 40, 1),
        (300, 300, 40, 2),
        (300, 300, 40, 20),  # scores too large for plain exponentials
        (300, 300, 40, 0),
        (1100, 1100, 16, 2),
        (256, 256, 7, 1),
        (3000, 1000, 24, 1),  # in more than one chunk
        (64, 77, 40, 1),
    ],
)
def test_attention_in_bfloat16(tokens: int, keys: int, width: int, size: float) -> None:
    q = torch.randn(2, tokens, 3, width).bfloat16().transpose(1, 2)
    k, v = (torch.randn(2, keys, 3, width).bfloat16().transpose(1, 2) for _ in range(2))
    heads = Heads(q * size, k + 8, v)  # what all keys have in common must not matter
    exact = F.scaled_dot_product_attention(heads.q.double(), heads.k.double(), heads.v.double())
    assert mix(heads).shape == exact.shape
    assert far(mix(heads), exact) < 2e-2
    assert far(mix_in_chunks(heads), exact) < 2e-2


def test_scores_at_the_bound_keep_their_precision() -> None:
    # All queries and keys lie on one line, so the bound of Cauchy and Schwarz is reached.
    width = 40
    line = torch.ones(width) * (LARGEST_SCORE * 0.97 * width**0.5 / width) ** 0.5
    sides = torch.linspace(-1, 1, 300)[:, None]
    q, k = ((sides * line).expand(1, 1, -1, -1).bfloat16() for _ in range(2))
    heads = Heads(q, k, torch.randn(1, 1, 300, width).bfloat16())
    exact = F.scaled_dot_product_attention(heads.q.double(), heads.k.double(), heads.v.double())
    assert far(mix_in_chunks(heads), exact) < 2e-2


def test_attention_in_float32_is_torchs_own() -> None:
    heads = Heads(*(torch.randn(1, 2, 300, 8) for _ in range(3)))
    assert torch.equal(mix(heads), F.scaled_dot_product_attention(heads.q, heads.k, heads.v))


def test_feeding_forward_some_tokens_at_a_time_is_feeding_all_forward() -> None:
    forward = FeedForward(8)
    x = torch.randn(3, TOKENS_AT_ONCE // 2 + 7, 8)
    project, _, out = (cast(Any, layer) for layer in forward.net)
    exact = x.double()
    value, gate = F.linear(exact, project.proj.weight.double(), project.proj.bias.double()).chunk(2, -1)
    exact = F.linear(value * F.gelu(gate), out.weight.double(), out.bias.double())
    assert far(forward(x), exact) < 1e-6
