"""Weights as they compute: cast once, part by part, and never written back."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from inkloom.diffusion.files.checkpoint import load_vae
from inkloom.diffusion.networks.layers import GatedLinear, Linear
from inkloom.diffusion.networks.weights import Copies, converted, nbytes
from inkloom.diffusion.vae import DECODER


def network() -> nn.Module:
    net = nn.ModuleDict({"first": nn.Linear(3, 2), "second": nn.Linear(2, 1)}).half()
    net.register_buffer("steps", torch.arange(3))
    return net.requires_grad_(False)


def dtypes(net: nn.Module) -> dict[str, torch.dtype]:
    return {name: parameter.dtype for name, parameter in net.named_parameters()}


def test_a_network_in_the_right_form_is_returned_itself():
    net = network()
    assert Copies().ready(net, torch.float16) is net


def test_a_copy_is_made_once_and_the_original_stays_as_it_is():
    copies, net = Copies(), network()
    before = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    ready = copies.ready(net, torch.float32)
    assert set(dtypes(ready).values()) == {torch.float32}
    assert copies.ready(net, torch.float32) is ready
    ready.get_parameter("first.weight").zero_()
    assert {name: t.dtype for name, t in net.state_dict().items()} == {n: t.dtype for n, t in before.items()}
    assert all(torch.equal(tensor, before[name]) for name, tensor in net.state_dict().items())


def test_whole_numbers_stay_whole():
    assert Copies().ready(network(), torch.float32).get_buffer("steps").dtype == torch.int64


def test_parts_are_brought_one_by_one_and_the_others_share_the_files_memory():
    copies, net = Copies(), network()
    ready = copies.ready(net, torch.float32, parts=["second"])
    assert dtypes(ready)["second.weight"] == torch.float32
    assert ready.get_parameter("first.weight").data_ptr() == net.get_parameter("first.weight").data_ptr()
    kept = ready.get_parameter("second.weight")
    whole = copies.ready(net, torch.float32)
    assert whole is ready
    assert set(dtypes(whole).values()) == {torch.float32}
    assert whole.get_parameter("second.weight") is kept


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_large_convolutions_compute_with_their_channels_last(dtype):
    net = nn.ModuleList([nn.Conv2d(256, 256, 3), nn.Conv2d(4, 256, 3)]).requires_grad_(False)
    ready = Copies().ready(net, dtype)
    large, small = ready.get_parameter("0.weight"), ready.get_parameter("1.weight")
    assert large.is_contiguous(memory_format=torch.channels_last)
    assert small.is_contiguous()
    assert torch.equal(large, net.get_parameter("0.weight").to(dtype))
    assert Copies().ready(ready, dtype) is ready


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_what_is_copied_is_packed_and_computes_the_same(dtype: torch.dtype) -> None:
    net = nn.ModuleDict({"first": Linear(8, 8), "second": GatedLinear(8, 4)}).half().requires_grad_(False)
    copies, x = Copies(), torch.randn(3, 8, dtype=dtype)
    plain = converted(net, dtype)
    for name in ("first", "second"):
        ready = copies.ready(net, dtype, parts=[name])
        assert ready.get_parameter(f"{name}.weight").is_mkldnn
        close = 1e-5 if dtype == torch.float32 else 1e-2
        torch.testing.assert_close(ready[name](x), plain[name](x), rtol=close, atol=close)
    assert copies.ready(net, dtype) is ready
    assert Copies().ready(ready, dtype) is ready
    assert not any(tensor.is_mkldnn for tensor in net.parameters())


def test_what_needs_no_copy_is_not_packed() -> None:
    net = nn.ModuleDict({"first": Linear(8, 8).half(), "second": Linear(8, 8)}).requires_grad_(False)
    ready = Copies().ready(net, torch.float32)
    assert ready.get_parameter("first.weight").is_mkldnn
    assert ready.get_parameter("second.weight").data_ptr() == net.get_parameter("second.weight").data_ptr()


def test_a_converted_network_can_be_converted_again() -> None:
    net = nn.ModuleDict({"first": Linear(3, 2), "second": Linear(2, 1)}).half().requires_grad_(False)
    again = converted(converted(net, torch.float8_e4m3fn), torch.float16)
    rounded = net.get_parameter("first.weight").to(torch.float8_e4m3fn).half()
    assert torch.equal(again.get_parameter("first.weight"), rounded)
    assert dtypes(net)["first.weight"] == torch.float16


def test_another_dtype_takes_the_place_of_the_last_one():
    copies, net = Copies(), network()
    first = copies.ready(net, torch.float32)
    second = copies.ready(net, torch.bfloat16)
    assert set(dtypes(second).values()) == {torch.bfloat16}
    assert set(dtypes(first).values()) == {torch.float32}
    gone = weakref.ref(first)
    del first
    gc.collect()
    assert gone() is None


def test_a_copy_goes_when_its_network_goes():
    copies, net = Copies(), network()
    copy = weakref.ref(copies.ready(net, torch.float32))
    assert copy() is not None
    del net
    gc.collect()
    assert copy() is None


@pytest.mark.parametrize(("dtype", "each"), [(None, 2), (torch.float32, 4), (torch.bfloat16, 2)])
def test_bytes_are_those_of_the_form_asked_for(dtype, each):
    assert nbytes(network(), dtype) == 11 * each + 3 * 8


def test_decoding_leaves_the_encoder_in_the_file(golden, tmp_path):
    save_file({k: v.half() for k, v in golden.weights("tiny-vae").items()}, tmp_path / "vae.safetensors")
    vae = load_vae(tmp_path / "vae.safetensors")
    vae.decode(torch.zeros(1, 4, 2, 2))
    computing = vae.copies.ready(vae.autoencoder, torch.float32, parts=DECODER)
    own = {name: tensor.data_ptr() for name, tensor in vae.autoencoder.state_dict().items()}
    plain = {name: tensor for name, tensor in computing.state_dict().items() if not tensor.is_mkldnn}
    shared = {name for name, tensor in plain.items() if tensor.data_ptr() == own[name]}
    assert {name.partition(".")[0] for name in shared} == {"encoder", "quant_conv"}


def test_weights_of_8_bits_compute(golden, tmp_path):
    weights = {k: v.to(torch.float8_e4m3fn) for k, v in golden.weights("tiny-vae").items()}
    save_file(weights, tmp_path / "vae.safetensors")
    vae = load_vae(tmp_path / "vae.safetensors")
    z = golden.io("tiny-vae")["z"]
    with torch.inference_mode():
        expected = replace(vae, autoencoder=vae.autoencoder.float()).decode(z)
        again = load_vae(tmp_path / "vae.safetensors")
        assert torch.equal(again.decode(z), expected)


def test_scaled_weights_of_8_bits_are_multiplied_out(golden, tmp_path):
    weights = golden.weights("tiny-vae")
    key = "first_stage_model.decoder.conv_in.weight"
    save_file(
        {
            **weights,
            key: (weights[key] * 4).to(torch.float8_e4m3fn),
            key.replace("weight", "scale_weight"): torch.tensor(0.25),
            "scaled_fp8": torch.zeros(0, dtype=torch.float8_e4m3fn),
        },
        tmp_path / "vae.safetensors",
    )
    loaded = load_vae(tmp_path / "vae.safetensors").autoencoder.decoder.conv_in.weight
    torch.testing.assert_close(loaded, weights[key], rtol=2**-4, atol=1e-3)
