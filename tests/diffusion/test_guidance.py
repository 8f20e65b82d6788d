"""Prediction and classifier-free guidance, on a tiny network with random weights."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from inkloom.diffusion.guidance import Guided, cfg_combine, predict, predict_each
from inkloom.diffusion.model import Model
from inkloom.diffusion.prediction import EPS
from inkloom.diffusion.schedule import discrete_schedule
from inkloom.diffusion.unet import UNet, UNetSpec

GOLDEN = load_file(Path(__file__).parents[1] / "data" / "guidance" / "guidance.safetensors")
UNET = "model.diffusion_model."


@pytest.fixture
def model(golden: Any) -> Model:
    weights = {key.removeprefix(UNET): value for key, value in golden.weights("tiny-sd1").items()}
    unet = UNet(UNetSpec.from_shapes({key: tuple(value.shape) for key, value in weights.items()}))
    unet.load_state_dict(weights)
    return Model(unet.eval().requires_grad_(False), EPS, discrete_schedule())


def text(seed: int, batch: int = 1, tokens: int = 9) -> list[list[Any]]:
    shape = (batch, tokens, 24)
    return [[torch.randn(shape, generator=torch.Generator().manual_seed(seed)), {"pooled_output": None}]]


def latents(batch: int = 1) -> Tensor:
    return torch.randn(batch, 4, 6, 5, generator=torch.Generator().manual_seed(batch)) * 4


def close(found: Tensor, expected: Tensor) -> None:
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-5 * expected.abs().max().item())


def calls_of(model: Model) -> list[int]:
    """Return a list that grows by the batch of every call of the network from now on."""
    batches: list[int] = []
    model.unet.register_forward_pre_hook(lambda _, args: batches.append(len(args[0])))
    return batches


def test_combination_is_the_golden_one() -> None:
    combined = cfg_combine(GOLDEN["cond"], GOLDEN["uncond"], 7.0)
    torch.testing.assert_close(combined, GOLDEN["cfg"], rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("timestep", [981, 37])
def test_prediction_is_the_golden_one(model: Model, golden: Any, timestep: int) -> None:
    io = golden.io("tiny-sd1")
    sigma = model.schedule.sigmas[timestep].item()
    # The reference has scaled x already.
    found = predict(model, io["x"] * (sigma**2 + 1) ** 0.5, sigma, [[io["context"], {}]])
    expected = io["x"] * (sigma**2 + 1) ** 0.5 - io[f"out_t{timestep}"] * sigma
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-4 * expected.abs().max().item())


@pytest.mark.parametrize("batch", [1, 3])
def test_a_pair_is_one_call_and_equal_to_two(model: Model, batch: int) -> None:
    x, calls = latents(batch), calls_of(model)
    pair = predict_each(model, x, 3.0, (text(1), text(2)))
    assert calls == [2 * batch]
    for found, prompt in zip(pair, (text(1), text(2)), strict=True):
        close(found, predict(model, x, 3.0, prompt))
    for found, again in zip(pair, predict_each(model, x, 3.0, (text(1), text(2))), strict=True):
        assert torch.equal(found, again)


def test_texts_of_different_lengths_need_calls_of_their_own(model: Model) -> None:
    x, calls = latents(2), calls_of(model)
    prompts = (text(1), text(2, tokens=18), text(3))
    found = predict_each(model, x, 3.0, prompts)
    assert calls == [4, 2]
    for estimate, prompt in zip(found, prompts, strict=True):
        close(estimate, predict(model, x, 3.0, prompt))


def test_each_item_may_have_its_own_text(model: Model) -> None:
    x, prompt = latents(3), text(1, batch=3)
    together = predict(model, x, 3.0, prompt)
    for item in range(3):
        alone = [[prompt[0][0][item : item + 1], {}]]
        close(together[item : item + 1], predict(model, x[item : item + 1], 3.0, alone))


def test_several_texts_are_averaged(model: Model) -> None:
    x, calls = latents(), calls_of(model)
    mixed, plain = predict_each(model, x, 3.0, ([*text(1), *text(2)], text(3)))
    assert calls == [3]
    close(mixed, (predict(model, x, 3.0, text(1)) + predict(model, x, 3.0, text(2))) / 2)
    close(plain, predict(model, x, 3.0, text(3)))


def test_guidance_combines_the_pair(model: Model) -> None:
    x = latents()
    guided = Guided(model, text(1), text(2), 4.0)
    cond, uncond = predict_each(model, x, 3.0, (text(1), text(2)))
    assert torch.equal(guided(x, 3.0), cfg_combine(cond, uncond, 4.0))


def test_guidance_of_one_needs_no_negative(model: Model) -> None:
    x, calls = latents(), calls_of(model)
    guided = Guided(model, text(1), text(2), 1.0)
    assert torch.equal(guided(x, 3.0), predict(model, x, 3.0, text(1)))
    assert calls == [1, 1]
    assert guided.parts(x, 3.0).uncond is None


def test_estimates_have_the_dtype_of_x_whatever_the_network_computes_in(model: Model) -> None:
    x = latents()
    full = predict(model, x, 3.0, text(1))
    half = predict(replace(model, unet=model.unet.bfloat16()), x, 3.0, text(1))
    assert half.dtype == torch.float32
    assert 0 < (half - full).abs().max() < 0.05 * full.abs().max()


@pytest.mark.parametrize(
    ("prompt", "says"),
    [
        ([], "at least one"),
        (text(1, batch=2), r"\[1 or 3, tokens, 24\], not \[2, 9, 24\]"),
        ([[torch.zeros(1, 9, 32), {}]], r"not \[1, 9, 32\]; is it from this model's own"),
        ([[torch.zeros(9, 24), {}]], r"not \[9, 24\]"),
        ([[torch.zeros(1, 9, 24), {"area": 1, "mask": 2}]], "options area, mask"),
    ],
)
def test_conditioning_that_does_not_fit(model: Model, prompt: list[list[Any]], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        predict(model, latents(3), 3.0, prompt)
