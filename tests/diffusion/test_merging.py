"""Merging: mixed weights, what stays shared, and which models cannot be mixed."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from inkloom.diffusion.clip import Clip
from inkloom.diffusion.errors import CheckpointError
from inkloom.diffusion.files.checkpoint import Checkpoint
from inkloom.diffusion.files.families import FAMILIES
from inkloom.diffusion.files.merging import (
    blend,
    blend_by_prefix,
    difference,
    mixed_clips,
    mixed_models,
    total,
)
from inkloom.diffusion.model import Model
from inkloom.diffusion.networks.text import TextTower
from inkloom.diffusion.networks.unet import UNet

NAME = "input_blocks.1.0.in_layers.2.weight"


@pytest.fixture(scope="module")
def first(tiny_loaded: Checkpoint) -> Model:
    return tiny_loaded.model


@pytest.fixture(scope="module")
def second(tiny_loaded: Checkpoint) -> Model:
    torch.manual_seed(1)
    unet = UNet(tiny_loaded.model.unet.spec).requires_grad_(False).eval().half()
    return replace(tiny_loaded.model, unet=unet)


def weights(model: Model) -> dict[str, torch.Tensor]:
    return {name: tensor.float() for name, tensor in model.unet.state_dict().items()}


@pytest.mark.parametrize(
    ("shares", "a", "b"),
    [(blend(0.25), 0.25, 0.75), (blend(0.0), 0, 1), (difference(-2.0), -2, 2), (total, 1, 1)],
)
def test_weights_are_sums(first, second, shares, a, b):
    mixed, one, other = weights(mixed_models(first, second, shares)), weights(first), weights(second)
    for name, tensor in mixed.items():
        torch.testing.assert_close(tensor, (a * one[name] + b * other[name]).half().float())


def test_the_dtype_and_the_first_models_meaning_stay(first, second):
    mixed = mixed_models(replace(first, dtype=torch.bfloat16), second, blend(0.5))
    assert mixed.unet.get_parameter(NAME).dtype == torch.float16
    assert (mixed.dtype, mixed.family, mixed.prediction) == (torch.bfloat16, first.family, first.prediction)


def test_unchanged_weights_are_shared(first, second):
    mixed = mixed_models(first, second, blend_by_prefix({"out.": 0.5, "input_blocks": 1.0}))
    assert mixed.unet.get_parameter(NAME).data_ptr() == first.unet.get_parameter(NAME).data_ptr()
    assert (
        mixed.unet.get_parameter("out.2.bias").data_ptr() != first.unet.get_parameter("out.2.bias").data_ptr()
    )


def test_the_longest_prefix_decides_and_the_first_is_for_all_others():
    shares = blend_by_prefix({"time_embed.": 0.2, "input_blocks.1": 0.4, "input_blocks.1.0": 0.6, "out": 0.8})
    names = {
        "input_blocks.1.1.norm.bias": 0.4,
        NAME: 0.6,
        "label_emb.0.0.bias": 0.2,
        "output_blocks.3.0.x": 0.8,
    }
    assert {name: shares(name)[0] for name in names} == names


def test_the_difference_of_two_models_added_to_the_second_is_the_first(first, second):
    delta = mixed_models(first, second, difference(1.0))
    again = weights(mixed_models(second, delta, total))
    for name, tensor in weights(first).items():
        torch.testing.assert_close(again[name], tensor, rtol=2e-3, atol=2e-3)


def test_an_inpainting_model_keeps_its_own_first_layer(first, second):
    spec = replace(first.unet.spec, in_channels=9)
    unet = UNet(spec).requires_grad_(False).eval().half()
    inpainting = replace(first, unet=unet, family=FAMILIES["sd1-inpainting"])
    mixed = mixed_models(inpainting, second, blend(0.0))
    own = "input_blocks.0.0.weight"
    assert torch.equal(mixed.unet.get_parameter(own), unet.get_parameter(own))
    assert torch.equal(mixed.unet.get_parameter(NAME), second.unet.get_parameter(NAME))
    assert mixed.family.name == "sd1-inpainting"


def test_models_of_two_families_are_refused_with_which_is_which(first):
    other = replace(first, family=FAMILIES["sdxl"])
    with pytest.raises(
        CheckpointError, match="first model is Stable Diffusion 1 and the second Stable Diffusion XL"
    ):
        mixed_models(first, other, blend(0.5))


def test_text_encoders_are_mixed_by_the_same_rules(tiny_loaded):
    clip = tiny_loaded.clip
    torch.manual_seed(1)
    other = replace(clip, towers={"clip_l": TextTower(clip.towers["clip_l"].spec).requires_grad_(False)})
    mixed = mixed_clips(clip, other, blend(0.5)).towers["clip_l"].state_dict()
    for name, tensor in mixed.items():
        a, b = (one.towers["clip_l"].state_dict()[name].float() for one in (clip, other))
        torch.testing.assert_close(tensor.float(), (a / 2 + b / 2).half().float())


def test_text_encoders_of_two_families_are_refused(tiny_loaded):
    tower = tiny_loaded.clip.towers["clip_l"]
    other = Clip({"open_clip_h": tower}, tiny_loaded.clip.tokenizer)
    with pytest.raises(
        CheckpointError, match="first CLIP has the text encoders clip_l and the second open_clip_h"
    ):
        mixed_clips(tiny_loaded.clip, other, blend(0.5))
