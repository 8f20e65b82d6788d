"""The layers that have a quicker way of their own, against the plain formula in float64."""

from __future__ import annotations

from typing import Any, cast

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from inkloom.diffusion.networks import layers, winograd
from inkloom.diffusion.networks.attention import TOKENS_AT_ONCE, FeedForward
from inkloom.diffusion.networks.hooks import Heads
from inkloom.diffusion.networks.layers import Conv1x1, Conv3x3, GroupNorm, Linear, SiLU, added, gated, linear
from inkloom.diffusion.networks.mixing import mix, mix_in_chunks

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
@pytest.mark.parametrize(
    ("items", "channels", "outputs", "sides"),
    [(1, 3, 5, (2, 2)), (3, 8, 12, (7, 9)), (2, 5, 6, (1, 5)), (2, 16, 8, (16, 33)), (1, 4, 4, (1, 1))],
)
def test_winograds_convolution_is_a_convolution(
    monkeypatch: pytest.MonkeyPatch,
    block: int,
    items: int,
    channels: int,
    outputs: int,
    sides: tuple[int, int],
) -> None:
    monkeypatch.setattr(winograd, "BLOCK_BYTES", block)
    x, weight = last(torch.randn(items, channels, *sides)), last(torch.randn(outputs, channels, 3, 3))
    bias = torch.randn(outputs)
    exact = F.conv2d(x.double(), weight.double(), bias.double(), padding=1)
    found = winograd.convolve(x, weight, bias)
    assert found.shape == exact.shape
    assert far(found, exact) < 1e-6


@pytest.mark.parametrize("layout", [torch.channels_last, torch.contiguous_format])
@pytest.mark.parametrize("dtype", CLOSE)
def test_large_convolutions_are_exact_in_any_layout_and_type(
    monkeypatch: pytest.MonkeyPatch, layout: torch.memory_format, dtype: torch.dtype
) -> None:
    monkeypatch.setattr(layers, "LEAST_PRODUCTS", 1)
    conv = Conv3x3(16, 24, 3, padding=1).to(dtype)
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
def test_linear_layers(dtype: torch.dtype, contiguous: bool) -> None:
    x = torch.randn(5, 2, 24).to(dtype)
    x = x if contiguous else x.transpose(0, 1)
    weight, bias = torch.randn(16, 24).to(dtype), torch.randn(16).to(dtype)
    exact = F.linear(x.double(), weight.double(), bias.double())
    value, gate = exact.chunk(2, -1)
    assert far(linear(x, weight, bias), exact) < CLOSE[dtype]
    assert far(linear(x, weight, None), exact - bias.double()) < CLOSE[dtype]
    assert far(gated(x, weight, bias), value * F.gelu(gate)) < CLOSE[dtype]


@pytest.mark.parametrize("layout", [torch.channels_last, torch.contiguous_format])
def test_a_1x1_convolution_is_one_in_any_layout(layout: torch.memory_format) -> None:
    conv = Conv1x1(8, 4, 1)
    x = torch.randn(2, 8, 3, 5).contiguous(memory_format=layout)
    weight, bias = (parameter.double() for parameter in conv.parameters())
    assert far(conv(x), F.conv2d(x.double(), weight, bias)) < 1e-6


@pytest.mark.parametrize(
    "module", [Conv3x3(4, 4, 3, padding=1), Conv1x1(4, 4, 1), Linear(6, 4), GroupNorm(2, 4), SiLU()]
)
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
    ("tokens", "width", "size"), [(300, 40, 1), (300, 40, 4), (1100, 16, 2), (256, 7, 1)]
)
def test_attention_in_bfloat16(tokens: int, width: int, size: float) -> None:
    q, k, v = (torch.randn(2, tokens, 3, width).bfloat16().transpose(1, 2) for _ in range(3))
    heads = Heads(q * size, k + 8, v)  # what all keys have in common must not matter
    exact = F.scaled_dot_product_attention(heads.q.double(), heads.k.double(), heads.v.double())
    assert mix(heads).shape == exact.shape
    assert far(mix(heads), exact) < 2e-2
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
