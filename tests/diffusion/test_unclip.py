"""unCLIP: its checkpoints are matched key by key, and pictures become the vector that its network takes."""

from __future__ import annotations

import logging
from dataclasses import replace
from math import cos, pi
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from inkloom.diffusion.files.checkpoint import load_checkpoint
from inkloom.diffusion.files.families import FAMILIES
from inkloom.diffusion.files.unclip_files import load_unclip_checkpoint
from inkloom.diffusion.guidance.conditioning import with_picture
from inkloom.diffusion.guidance.estimate import predict
from inkloom.diffusion.model import Model
from inkloom.diffusion.networks.unet import UNet, UNetSpec
from inkloom.diffusion.networks.vision import ClipVisionOutput
from inkloom.diffusion.prompts.vectors import squared_cosine_alphas, unclip_vector
from inkloom.diffusion.schedules.prediction import V
from inkloom.diffusion.schedules.schedule import discrete_schedule

Keys = dict[str, tuple[str, tuple[int, ...]]]


def output(*seeds: int, width: int = 6) -> ClipVisionOutput:
    embeds = [torch.randn(width, generator=torch.Generator().manual_seed(seed)) for seed in seeds]
    return ClipVisionOutput(torch.zeros(0), torch.zeros(0), torch.stack(embeds))


def given(*pictures: tuple[ClipVisionOutput, float, float]) -> dict[str, Any]:
    conditioning = [[torch.zeros(1, 1, 1), {"strength": 0.5}]]
    for one, strength, noise in pictures:
        conditioning = with_picture(conditioning, one, strength, noise)
    return conditioning[0][1]


def vector(*pictures: tuple[ClipVisionOutput, float, float]) -> Tensor:
    return unclip_vector(6)(torch.zeros(1, 3), given(*pictures), 8, 8)


def wave(level: int, width: int = 6) -> Tensor:
    half = width // 2
    angles = torch.tensor([level * 10_000 ** (-i / half) for i in range(half)])
    return torch.cat([angles.cos(), angles.sin()])


def close(found: Tensor, expected: Tensor) -> None:
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)


def test_the_cosine_schedule_is_the_papers():
    alphas = squared_cosine_alphas()

    def paper(time: float) -> float:
        return cos((time + 0.008) / 1.008 * pi / 2) ** 2 / cos(0.008 / 1.008 * pi / 2) ** 2

    assert len(alphas) == 1000
    assert all(abs(alphas[t] - paper((t + 1) / 1000)) < 1e-9 for t in range(998))
    assert 0 < alphas[999] < 1e-8


def test_without_a_picture_the_vector_is_nothing():
    assert torch.equal(vector(), torch.zeros(1, 12))
    assert torch.equal(vector((output(1), 0.0, 0.3)), torch.zeros(1, 12))


def test_one_picture_is_its_embedding_and_the_level_of_noise():
    one = output(1)
    found = vector((one, 0.7, 0.0))
    root = squared_cosine_alphas()[0] ** 0.5
    assert found.shape == (1, 12)
    torch.testing.assert_close(found[0, :6], 0.7 * root * one.image_embeds[0], rtol=0, atol=0.01)
    close(found[0, 6:], 0.7 * wave(0))
    close(vector((one, 1.0, 0.5))[0, 6:], wave(round(999 * 0.5)))


def test_noise_takes_the_place_of_the_picture():
    """What is left of two pictures at a level differs by the root of alpha-bar; at the end they are one."""
    one, other = output(1), output(2)
    apart = (one.image_embeds - other.image_embeds)[0]
    for share in (0.0, 0.25, 0.5, 1.0):
        found = (vector((one, 1.0, share)) - vector((other, 1.0, share)))[0]
        root = squared_cosine_alphas()[round(999 * share)] ** 0.5
        close(found[:6], root * apart)
        assert torch.equal(found[6:], torch.zeros(6))
    assert torch.equal(vector((one, 1.0, 0.5)), vector((one, 1.0, 0.5)))


def test_several_pictures_are_added_up_and_noised_a_little():
    one, other = output(1), output(2)
    both = vector((one, 1.0, 0.0), (other, 0.5, 0.3))
    level = round(999 * 0.05)
    close(both[0, 6:], wave(level))
    less = vector((one, 1.0, 0.0), (other, 0.25, 0.3))
    kept = squared_cosine_alphas()[level] ** 0.5
    close((both - less)[0, :6], kept * 0.25 * vector((other, 1.0, 0.3))[0, :6])
    close(vector((output(1, 2), 0.5, 0.1)), vector((output(1), 0.5, 0.1), (output(2), 0.5, 0.1)))


def test_an_embedding_of_another_tower_is_refused():
    with pytest.raises(ValueError, match="takes pictures as 6 channels, but the vision tower gave 8"):
        vector((output(1, width=8), 1.0, 0.0))


def test_conditionings_are_values():
    old = [[torch.zeros(1, 1, 1), {"a": 1}]]
    first = with_picture(old, output(1), 1.0, 0.0)
    second = with_picture(first, output(2), 1.0, 0.0)
    counts = [len(one[0][1].get("unclip_conditioning", ())) for one in (old, first, second)]
    assert counts == [0, 1, 2]
    assert with_picture(old, output(1), 0.0, 0.5) is old


def test_the_network_is_given_the_vector():
    spec = UNetSpec(
        channels=(64,),  # two to a group: the mean of one would be taken away again
        input_depths=(1,),
        middle_depth=1,
        output_depths=(1, 1),
        context_channels=24,
        res_blocks=1,
        label_channels=1536,
        linear_projections=True,
        heads=None,
        head_channels=16,
    )
    generator, unet = torch.Generator().manual_seed(0), UNet(spec)
    for parameter in unet.parameters():
        if parameter.ndim > 1:
            torch.nn.init.normal_(parameter, std=parameter[0].numel() ** -0.5, generator=generator)
    family = FAMILIES["sd2-unclip-l"]
    model = Model(unet.eval().requires_grad_(False), V, discrete_schedule(), family=family)
    text = [[torch.randn(1, 3, 24), {"pooled_output": torch.zeros(1, 24)}]]
    x = torch.randn(2, 4, 8, 8)
    shown = with_picture(text, output(1, width=768), 1.0, 0.0)
    y = unclip_vector(768)(torch.zeros(1, 1), shown[0][1], 8, 8)
    found = predict(model, x, 1.0, shown)
    time = model.schedule.timestep(torch.tensor(1.0))
    direct = unet(x * V.scale_in(1.0), time, text[0][0].expand(2, -1, -1), y.expand(2, -1))
    close(found, V.denoised(x, direct, 1.0))
    assert (predict(model, x, 1.0, text) - found).abs().max() > 1e-3


TOWERS = {"h": (1024, 1280, 32, 5120, 1024), "l": (768, 1024, 24, 4096, 768)}


def open_clip(prefix: str, width: int, layers: int, hidden: int, projection: int) -> Keys:
    """The vision tower's published shapes, under OpenCLIP's names."""

    def layer(name: str, outputs: int, inputs: int) -> dict[str, tuple[int, ...]]:
        return {f"{name}.weight": (outputs, inputs), f"{name}.bias": (outputs,)}

    shapes: dict[str, tuple[int, ...]] = {
        "class_embedding": (width,),
        "positional_embedding": (257, width),
        "conv1.weight": (width, 3, 14, 14),
        "proj": (width, projection),
    }
    for name in ("ln_pre", "ln_post"):
        shapes |= {f"{name}.weight": (width,), f"{name}.bias": (width,)}
    for number in range(layers):
        block = f"transformer.resblocks.{number}"
        for name in ("ln_1", "ln_2"):
            shapes |= {f"{block}.{name}.weight": (width,), f"{block}.{name}.bias": (width,)}
        shapes |= {f"{block}.attn.in_proj_weight": (3 * width, width)}
        shapes |= {f"{block}.attn.in_proj_bias": (3 * width,)}
        shapes |= layer(f"{block}.attn.out_proj", width, width)
        shapes |= layer(f"{block}.mlp.c_fc", hidden, width) | layer(f"{block}.mlp.c_proj", width, hidden)
    return {prefix + key: ("F16", shape) for key, shape in shapes.items()}


@pytest.mark.parametrize("tower", TOWERS)
def test_a_published_checkpoint_is_matched_exactly(
    golden: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture, tower: str
):
    embedding, *shape = TOWERS[tower]
    label = "model.diffusion_model.label_emb.0"
    keys = golden.keys("sd21-full") | open_clip("embedder.model.visual.", *shape)
    keys |= {f"{label}.0.weight": ("F16", (1280, 2 * embedding)), f"{label}.0.bias": ("F16", (1280,))}
    keys |= {f"{label}.2.weight": ("F16", (1280, 1280)), f"{label}.2.bias": ("F16", (1280,))}
    keys |= {"embedder.model.logit_scale": ("F16", ()), "noise_augmentor.betas": ("F32", (1000,))}
    path = golden.hollow(tmp_path / "unclip.safetensors", keys)
    with caplog.at_level(logging.WARNING):
        loaded, vision = load_unclip_checkpoint(path)
    assert not caplog.messages
    assert loaded.model.family is FAMILIES[f"sd2-unclip-{tower}"]
    assert loaded.model.prediction.name == "v"
    assert vision.tower.spec.projection == embedding
    with caplog.at_level(logging.WARNING):
        plain = load_checkpoint(path)
    assert plain.model.family is loaded.model.family
    assert "keys belong to no network" in caplog.text
    assert replace(plain.model, copies=loaded.model.copies).unet.spec == loaded.model.unet.spec
