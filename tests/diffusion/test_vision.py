"""CLIP's vision towers against transformers' classes and torch's modules, and how pictures are prepared."""

from __future__ import annotations

from typing import Any, cast

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file
from torch import nn

from inkloom.diffusion.errors import CheckpointError
from inkloom.diffusion.files.vision_files import OPEN_CLIP, load_clip_vision
from inkloom.diffusion.networks.vision import (
    MEAN,
    STD,
    VISION_KINDS,
    ClipVision,
    VisionKind,
    VisionSpec,
    VisionTower,
    vision_pixels,
)

TINY = VisionSpec(
    width=32, layers=3, hidden=64, side=28, patch=7, projection=24, activation="quick_gelu", heads=16
)
KINDS = {3: VisionKind("tiny", "quick_gelu"), 2: VisionKind("smaller", "gelu")}


def shaken(network):
    torch.manual_seed(0)
    for parameter in network.parameters():
        parameter.data.copy_(0.3 * torch.randn(parameter.shape))
    return network.eval().requires_grad_(False)


@pytest.fixture(scope="module")
def reference():
    from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection

    config = cast("Any", CLIPVisionConfig)(
        hidden_size=32,
        intermediate_size=64,
        num_hidden_layers=3,
        num_attention_heads=16,
        image_size=28,
        patch_size=7,
        projection_dim=24,
        hidden_act="quick_gelu",
    )
    return shaken(cast("Any", CLIPVisionModelWithProjection(config)))


@pytest.fixture(scope="module")
def tensors(reference):
    """Return the reference's weights under the names that files have."""
    return {
        key if key.startswith(("vision_model.", "visual_projection.")) else f"vision_model.{key}": value
        for key, value in reference.state_dict().items()
    }


def same(found, expected):
    return (found - expected).abs().max() <= 1e-5 * expected.abs().max()


def test_outputs_are_those_of_transformers(reference, tensors, tmp_path):
    save_file(
        {**tensors, "logit_scale": torch.ones(()), "text_model.x": torch.ones(1)}, tmp_path / "a.safetensors"
    )
    clip_vision = load_clip_vision(tmp_path / "a.safetensors", KINDS)
    assert clip_vision.tower.spec == TINY
    pixels = torch.randn(2, 3, 28, 28, generator=torch.Generator().manual_seed(1))
    found = clip_vision.tower(pixels)
    expected = reference(pixel_values=pixels, output_hidden_states=True)
    assert same(found.last_hidden_state, expected.last_hidden_state)
    assert same(found.penultimate_hidden_states, expected.hidden_states[-2])
    assert same(found.image_embeds, expected.image_embeds)


def test_a_handle_prepares_pictures_and_looks_at_each_alone(tensors):
    tower = VisionTower(TINY).eval().requires_grad_(False)
    tower.load_state_dict({key: value.half() for key, value in tensors.items()}, assign=True)
    clip_vision = ClipVision(tower)
    images = torch.rand(2, 40, 50, 3, generator=torch.Generator().manual_seed(1))
    both = clip_vision.encode(images)
    assert (both.image_embeds.dtype, both.image_embeds.shape) == (torch.float32, (2, 24))
    assert both.last_hidden_state.shape == both.penultimate_hidden_states.shape == (2, 17, 32)
    torch.testing.assert_close(clip_vision.encode(images[1:]).image_embeds, both.image_embeds[1:])
    assert clip_vision.nbytes == 4 * sum(parameter.numel() for parameter in tower.parameters())


@pytest.mark.parametrize(
    ("layers", "width", "hidden", "projection"),
    [(24, 1024, 4096, 768), (32, 1280, 5120, 1024), (48, 1664, 8192, 1280)],
)
def test_published_towers_are_told_by_their_layers(layers, width, hidden, projection):
    spec = VisionSpec(
        width=width,
        layers=layers,
        hidden=hidden,
        side=224,
        patch=14,
        projection=projection,
        activation=VISION_KINDS[layers].activation,
    )
    with torch.device("meta"):
        tower = VisionTower(spec)
    shapes = {key: tuple(value.shape) for key, value in tower.state_dict().items()}
    assert VisionSpec.from_shapes(shapes) == spec


class Block(nn.Module):
    """One block of OpenCLIP, made of torch's modules under OpenCLIP's names."""

    def __init__(self):
        super().__init__()
        self.ln_1, self.ln_2 = nn.LayerNorm(32), nn.LayerNorm(32)
        self.attn = nn.MultiheadAttention(32, 16, batch_first=True)
        self.mlp = nn.Sequential()
        self.mlp.add_module("c_fc", nn.Linear(32, 64))
        self.mlp.add_module("gelu", nn.GELU())
        self.mlp.add_module("c_proj", nn.Linear(64, 32))

    def forward(self, x):
        """Attend, then feed forward."""
        y = self.ln_1(x)
        x = x + self.attn(y, y, y, need_weights=False)[0]
        return x + self.mlp(self.ln_2(x))


class OpenClip(nn.Module):
    """OpenCLIP's vision tower."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 32, 7, 7, bias=False)
        self.class_embedding = nn.Parameter(torch.zeros(32))
        self.positional_embedding = nn.Parameter(torch.zeros(17, 32))
        self.ln_pre, self.ln_post = nn.LayerNorm(32), nn.LayerNorm(32)
        self.transformer = nn.Module()
        self.transformer.resblocks = nn.Sequential(Block(), Block())
        self.proj = nn.Parameter(torch.zeros(32, 24))

    def forward(self, pixels):
        """Return the picture's embedding."""
        patches = self.conv1(pixels).flatten(2).transpose(1, 2)
        whole = self.class_embedding.expand(len(pixels), 1, 32)
        x = self.ln_pre(torch.cat([whole, patches], dim=1) + self.positional_embedding)
        return self.ln_post(self.transformer.get_submodule("resblocks")(x)[:, 0]) @ self.proj


@pytest.mark.parametrize("prefix", OPEN_CLIP)
def test_open_clips_layout_computes_what_torchs_modules_do(tmp_path, prefix):
    network = shaken(OpenClip())
    state = {prefix + key: value for key, value in network.state_dict().items()}
    save_file({**state, "another.part": torch.ones(1)}, tmp_path / "a.safetensors")
    tower = load_clip_vision(tmp_path / "a.safetensors", KINDS).tower
    pixels = torch.randn(2, 3, 28, 28)
    assert same(tower(pixels).image_embeds, network(pixels))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"vision_model.more": torch.ones(1)}, r"1 unexpected \(vision_model\.more\)"),
        ({"vision_model.pre_layrnorm.bias": None}, r"1 missing \(vision_model\.pre_layrnorm\.bias\)"),
        ({"visual_projection.weight": None}, r"there is no visual_projection\.weight"),
    ],
)
def test_files_that_do_not_fit_say_how(tensors, tmp_path, change, message):
    changed = {key: value for key, value in {**tensors, **change}.items() if value is not None}
    save_file(changed, tmp_path / "a.safetensors")
    with pytest.raises(CheckpointError, match=message):
        load_clip_vision(tmp_path / "a.safetensors", KINDS)


def test_towers_that_are_not_known_and_other_files_are_refused(tensors, tmp_path):
    path = tmp_path / "a.safetensors"
    save_file(tensors, path)
    with pytest.raises(
        CheckpointError, match=r"tower of 3 layers is not known; known are CLIP ViT-L/14 \(24\)"
    ):
        load_clip_vision(path)
    save_file({"lora_unet_x.lora_up.weight": torch.ones(1)}, path)
    with pytest.raises(CheckpointError, match=r"holds no CLIP vision tower\. It looks like a LoRA"):
        load_clip_vision(path)


# How pictures are prepared


def grey_levels(pixels):
    """Undo the normalisation: levels 0..255."""
    mean, std = (torch.tensor(values)[:, None, None] for values in (MEAN, STD))
    return (pixels * std + mean) * 255


@pytest.mark.parametrize(("height", "width"), [(300, 300), (300, 451), (701, 240), (100, 90)])
def test_pictures_are_scaled_and_cut_as_pillow_does(height, width):
    rough = torch.rand(1, 3, 40, 40, generator=torch.Generator().manual_seed(height))
    image = nn.functional.interpolate(rough, size=(height, width), mode="bilinear")[0].permute(1, 2, 0)
    picture = Image.fromarray((255 * image).round().byte().numpy())
    scale = 224 / min(height, width)
    size = round(scale * height), round(scale * width)
    top, left = (size[0] - 224) // 2, (size[1] - 224) // 2
    scaled = picture.resize(size[::-1], Image.Resampling.BICUBIC).crop((left, top, left + 224, top + 224))
    expected = torch.from_numpy(np.asarray(scaled).copy()).permute(2, 0, 1).float()
    exact = torch.from_numpy(np.asarray(picture).copy()).float() / 255
    found = grey_levels(vision_pixels(exact[None], 224))[0]
    assert (found - expected).abs().max() < 1.01  # Pillow rounds after each direction
    assert (found - expected).abs().mean() < 0.25


def test_a_picture_of_the_right_size_is_only_rounded_and_normalised():
    image = torch.rand(1, 8, 8, 4) * 1.4 - 0.2
    levels = (255 * image[..., :3]).clamp(0, 255).round().movedim(-1, 1)
    torch.testing.assert_close(grey_levels(vision_pixels(image, 8)), levels, rtol=0, atol=1e-3)


def test_without_a_crop_the_edges_are_seen():
    image = torch.zeros(1, 20, 60, 3)
    image[:, :, 50:] = 1
    assert grey_levels(vision_pixels(image, 10, "none")).max() > 200
    assert grey_levels(vision_pixels(image, 10, "center")).max() < 1


def test_an_unknown_crop_is_refused():
    with pytest.raises(ValueError, match="unknown crop 'centre'; known: center, none"):
        vision_pixels(torch.zeros(1, 8, 8, 3), 8, "centre")
