"""Handles that compute elsewhere: the same answers as on the CPU, which lie on the CPU.

Elsewhere is a stand-in for a graphics card that is as strict (`tests/elsewhere.py`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from inkloom.diffusion.devices import on_device
from inkloom.diffusion.files.checkpoint import Checkpoint
from inkloom.diffusion.guidance.attention import PerturbedAttention, SelfAttention
from inkloom.diffusion.guidance.base import Rule
from inkloom.diffusion.guidance.directions import FrequencyScaling, ProjectedGuidance
from inkloom.diffusion.guidance.guiders import CfgGuider
from inkloom.diffusion.guidance.ranges import RepaintByDegrees
from inkloom.diffusion.guidance.results import MimicScale, Rescale
from inkloom.diffusion.latents.latent_format import SD1
from inkloom.diffusion.looking import attention_maps
from inkloom.diffusion.model import Model
from inkloom.diffusion.networks.taesd import TinyDecoder, TinyEncoder, TinyVae
from inkloom.diffusion.networks.upscalers.base import UpscaleModel
from inkloom.diffusion.networks.upscalers.compact import CompactNet, CompactSpec
from inkloom.diffusion.networks.vision import ClipVision, VisionSpec, VisionTower
from inkloom.diffusion.noise.random_noise import RandomNoise
from inkloom.diffusion.samplers import sampler_by_name
from inkloom.diffusion.sampling import final_latent, sample_states
from inkloom.diffusion.schedules.sigmas import sigmas_for
from inkloom.diffusion.values import Conditioning, Latent

from ..elsewhere import HERE, NAME, PLACE, Elsewhere, elsewhere
from .test_model_options import ACTIVE, MODELS, Option

EXACT = 1e-4
"""What may differ, as a part of the largest value: elsewhere the CPU's own ways, which round otherwise, are
not taken."""


LEAST = 5
"""Operations of the smallest network."""


def draw(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def near(found: Tensor, expected: Tensor) -> None:
    assert type(found) is Tensor
    assert (found.device, found.dtype) == (HERE, expected.dtype)
    torch.testing.assert_close(found, expected, rtol=0, atol=EXACT * float(expected.abs().max()))


def both(part: Any, ask: Callable[[Any], Tensor]) -> None:
    """Ask a handle and the same one elsewhere, twice: copies are made, and are there."""
    expected = ask(part)
    there = on_device(part, NAME)
    with elsewhere() as place:
        for times in range(1, 3):
            near(ask(there), expected)
            assert place.operations >= times * LEAST


def test_the_stand_in_is_as_strict_as_a_card():
    x = draw(2, 3)
    with elsewhere():
        there = x.to(PLACE)
        assert isinstance(there, Elsewhere)
        assert there.device == PLACE
        assert torch.equal((there * 2 + torch.tensor(1.0)).cpu(), x * 2 + 1)
        with pytest.raises(RuntimeError, match="tensors on meta and cpu"):
            there.add(x)
        with pytest.raises(RuntimeError, match="tensors on meta and cpu"):
            torch.cat([there, x])


@pytest.mark.parametrize("prompt", ["a cat", "a (black:1.4) cat, (blue:0.6) sky", "a cat " * 60])
def test_text_encoders(tiny_loaded: Checkpoint, prompt: str):
    assert tiny_loaded.clip is not None
    both(tiny_loaded.clip, lambda clip: encoded(clip.encode(prompt)))


def encoded(conditioning: Conditioning) -> Tensor:
    """Return all that there is of one entry in a row."""
    [(hidden, options)] = conditioning
    return torch.cat([hidden.flatten(), options["pooled_output"].flatten()])


@pytest.mark.parametrize("tile", [None, 16])
def test_autoencoders_whole_and_in_tiles(tiny_loaded: Checkpoint, tile: int | None):
    image, samples = draw(2, 48, 40, 3).sigmoid(), draw(2, 4, 5, 6)
    both(tiny_loaded.vae, lambda vae: vae.encode(image, tile))
    both(tiny_loaded.vae, lambda vae: vae.decode(samples, tile))


def test_picture_encoders():
    spec = VisionSpec(width=64, layers=2, hidden=96, side=28, patch=14, projection=16, activation="gelu")
    torch.manual_seed(0)
    vision = ClipVision(VisionTower(spec).eval().requires_grad_(False))
    image = draw(1, 30, 40, 3).sigmoid()
    for name in ("last_hidden_state", "penultimate_hidden_states", "image_embeds"):
        both(vision, lambda one, name=name: getattr(one.encode(image), name))


def test_upscalers():
    torch.manual_seed(0)
    network = CompactNet(CompactSpec(width=8, layers=2, scale=2)).eval().requires_grad_(False)
    image = draw(2, 20, 24, 3).sigmoid()
    both(UpscaleModel(network), lambda one: one.upscale(image))
    both(UpscaleModel(network), lambda one: one.upscale(image, tile=8))


def test_small_autoencoders():
    torch.manual_seed(0)
    vae = TinyVae(TinyEncoder().eval(), TinyDecoder().eval(), SD1)
    image, samples = draw(1, 16, 24, 3).sigmoid(), draw(1, 4, 2, 3)
    with torch.inference_mode():
        encoded, decoded = vae.encode(image), vae.decode(samples)
    with elsewhere() as place:
        there = on_device(vae, NAME)
        near(there.encode(image), encoded)
        before = place.operations
        near(there.decode(samples), decoded)
        assert place.operations - LEAST >= before >= LEAST


def guider_of(model: Model, text: list[int], *rules: Rule) -> CfgGuider:
    width = model.unet.spec.context_channels
    positive, negative = ([[draw(1, 7, width, seed=seed), {}]] for seed in text)
    return CfgGuider(model.with_rules(*rules), positive, negative, 3.0)


def sampled(
    model: Model, *rules: Rule, sampler: str = "euler", latent: Latent | None = None, steps: int = 2
) -> Tensor:
    states = list(
        sample_states(
            guider_of(model, [1, 2], *rules),
            sampler_by_name(sampler),
            sigmas=sigmas_for(model.schedule, "normal", steps),
            latent=latent or {"samples": torch.zeros(1, 4, 8, 12)},
            noise=RandomNoise(5),
        )
    )
    for state in states:
        assert all(one is None or type(one) is Tensor for one in (state.x, state.denoised))
    return final_latent(model, states[-1])


@pytest.mark.parametrize("option", ACTIVE.values(), ids=ACTIVE.keys())
def test_networks_under_every_option(option: Option):
    both(option(MODELS["SD1"]), lambda model: sampled(model, steps=1))


RULES = (
    PerturbedAttention(),
    SelfAttention(),
    FrequencyScaling(cutoff=2),
    ProjectedGuidance(),
    MimicScale(),
    Rescale(),
)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: type(rule).__name__)
def test_rules_of_guidance(rule: Rule):
    both(MODELS["SD1"], lambda model: sampled(model, rule, steps=1))


@pytest.mark.parametrize("name", ["euler", "heun", "dpmpp_2m_sde", "uni_pc"])
def test_samplers_have_their_states_on_the_cpu(name: str):
    with elsewhere():
        found = sampled(on_device(MODELS["SD1"], NAME), sampler=name)
    assert type(found) is Tensor
    assert bool(found.isfinite().all())


def test_pictures_that_are_partly_kept():
    mask = torch.zeros(1, 64, 96)
    mask[:, 16:48, 16:64] = 1
    latent: Latent = {"samples": draw(1, 4, 8, 12), "noise_mask": mask}
    both(MODELS["SD1"], lambda model: sampled(model, RepaintByDegrees(), latent=latent))


def test_where_words_look():
    text = [[draw(1, 7, MODELS["SD1"].unet.spec.context_channels), {}]]
    latent: Latent = {"samples": draw(1, 4, 8, 12)}
    both(MODELS["SD1"], lambda model: attention_maps(model, text, latent, percent=0.5, seed=1))


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_streamed_elsewhere_the_bits_are_the_same(dtype: torch.dtype):
    model = replace(MODELS["SD1"], dtype=dtype, device=PLACE)
    with elsewhere():
        whole = sampled(model)
        model.weights.stream(model.weights.least)
        assert torch.equal(sampled(model), whole)
        model.weights.unload()
        assert model.weights.present == 0


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_weights_take_there_what_their_numbers_take(dtype: torch.dtype):
    model = replace(MODELS["SD1"], dtype=dtype, device=PLACE)
    assert sum(model.weights.layers.values()) == model.nbytes
    with elsewhere():
        sampled(model, steps=1)
        assert model.weights.present == model.nbytes


def test_weights_stay_where_they_were_loaded(tiny_loaded: Checkpoint):
    there = on_device(tiny_loaded.model, NAME)
    assert there.unet is tiny_loaded.model.unet
    assert there.weights.device == NAME
    assert tiny_loaded.model.device == HERE
    assert on_device(there, "cpu").device == HERE
    assert on_device("no handle", NAME) == "no handle"
