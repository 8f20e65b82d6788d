"""Text towers found in published key lists, and OpenCLIP's layout against torch's own modules."""

from __future__ import annotations

import re

import pytest
import torch
from torch import nn

from inkloom.diffusion.errors import CheckpointError
from inkloom.diffusion.files.text_keys import (
    PREFIXES,
    find_towers,
    found_tower,
    open_clip_tensors,
    tower_kind,
)
from inkloom.diffusion.networks.text import TextSpec, TextTower

WIDTH, LAYERS, VOCABULARY = 128, 2, 40


def shapes_of(network):
    return {key: tuple(value.shape) for key, value in network.state_dict().items()}


def on_meta(spec):
    with torch.device("meta"):
        return TextTower(spec)


def published(golden, name):
    return {key: shape for key, (_, shape) in golden.keys(name).items()}


L = TextSpec(vocabulary=49408, width=768, layers=12, heads=12, hidden=3072)
H = TextSpec(
    vocabulary=49408, width=1024, layers=24, heads=16, hidden=4096, activation="gelu", projection=1024
)
G = TextSpec(
    vocabulary=49408, width=1280, layers=32, heads=20, hidden=5120, activation="gelu", projection=1280
)


@pytest.mark.parametrize(
    ("file", "towers"),
    [
        ("sd15-full", [("cond_stage_model.transformer.", "clip_l", L)]),
        ("sd21-full", [("cond_stage_model.model.", "open_clip_h", H)]),
        (
            "sdxl-base-full",
            [
                ("conditioner.embedders.0.transformer.", "clip_l", L),
                ("conditioner.embedders.1.model.", "open_clip_g", G),
            ],
        ),
        ("sdxl-refiner-text", [("conditioner.embedders.0.model.", "open_clip_g", G)]),
        ("diffusers-clip-l", [("", "clip_l", L)]),
        ("diffusers-clip-g", [("", "open_clip_g", G)]),
    ],
)
def test_published_key_lists_give_towers_with_just_these_keys(golden, file, towers):
    shapes = published(golden, file)
    found = find_towers(shapes)
    assert [(tower.prefix, tower.kind, tower.spec) for tower in found] == towers
    for tower in found:
        assert tower.shapes(shapes) == shapes_of(on_meta(tower.spec))
    text = {key for key in shapes if key.startswith(tuple(prefix for prefix, _, _ in towers))}
    assert frozenset().union(*(tower.keys | tower.ignored for tower in found)) == text


@pytest.mark.parametrize("file", ["sdxl-refiner-unet", "vae-kl-f8", "lora-kohya-sd15-rank4"])
def test_files_without_text_have_no_towers(golden, file):
    assert find_towers(published(golden, file)) == ()


@pytest.mark.parametrize("prefix", PREFIXES)
def test_a_tower_is_found_below_every_prefix(prefix):
    tower = on_meta(TextSpec(vocabulary=9, width=64, layers=1, heads=1, hidden=8))
    [found] = find_towers({prefix + key: shape for key, shape in shapes_of(tower).items()})
    assert (found.prefix, found.spec) == (prefix, tower.spec)


def test_very_old_names_and_the_other_half_of_a_clip_model_are_understood():
    tower = on_meta(TextSpec(vocabulary=9, width=64, layers=1, heads=1, hidden=8))
    shapes = {key.removeprefix("text_model."): shape for key, shape in shapes_of(tower).items()}
    more = {"vision_model.x": (1,), "visual_projection.weight": (1, 1), "logit_scale": ()}
    found = found_tower({**shapes, **more})
    assert found.shapes(shapes) == shapes_of(tower)
    assert found.ignored == more.keys()


def test_keys_of_no_known_name_are_kept_for_the_strict_comparison():
    tower = on_meta(TextSpec(vocabulary=9, width=64, layers=1, heads=1, hidden=8))
    found = found_tower({**shapes_of(tower), "surprise": (1,), "text_model.more": (2,)})
    assert found.pieces.keys() - shapes_of(tower).keys() == {"surprise", "text_model.more"}


@pytest.mark.parametrize(
    ("width", "open_clip", "kind"),
    [
        (768, False, "clip_l"),
        (1024, False, "open_clip_h"),
        (1280, False, "open_clip_g"),
        (1024, True, "open_clip_h"),
        (1280, True, "open_clip_g"),
        (32, True, "open_clip_h"),
    ],
)
def test_kinds_are_told_by_width_and_layout(width, open_clip, kind):
    shapes = {"token_embedding.weight": (9, width)}
    block = {"transformer.resblocks.0.ln_1.weight": (width,)} if open_clip else {}
    assert tower_kind({**shapes, **block}) == kind


def test_keys_of_no_tower_are_refused():
    with pytest.raises(CheckpointError, match="no matrix of token embeddings"):
        tower_kind({"a": (1,)})


class Block(nn.Module):
    """One block of OpenCLIP, made of torch's modules under OpenCLIP's names."""

    def __init__(self):
        super().__init__()
        self.ln_1, self.ln_2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.attn = nn.MultiheadAttention(WIDTH, WIDTH // 64, batch_first=True)
        self.mlp = nn.Sequential()
        self.mlp.add_module("c_fc", nn.Linear(WIDTH, 4 * WIDTH))
        self.mlp.add_module("gelu", nn.GELU())
        self.mlp.add_module("c_proj", nn.Linear(4 * WIDTH, WIDTH))

    def forward(self, x):
        """Attend to earlier tokens, then feed forward."""
        later = torch.full((x.shape[1],) * 2, -torch.inf).triu(1)
        y = self.ln_1(x)
        x = x + self.attn(y, y, y, attn_mask=later, need_weights=False)[0]
        return x + self.mlp(self.ln_2(x))


class OpenClip(nn.Module):
    """OpenCLIP's text tower."""

    def __init__(self):
        super().__init__()
        self.token_embedding = nn.Embedding(VOCABULARY, WIDTH)
        self.positional_embedding = nn.Parameter(torch.randn(77, WIDTH))
        self.transformer = nn.Module()
        self.transformer.resblocks = nn.Sequential(*(Block() for _ in range(LAYERS)))
        self.ln_final = nn.LayerNorm(WIDTH)
        self.text_projection = nn.Parameter(torch.randn(WIDTH, 24))
        self.logit_scale = nn.Parameter(torch.tensor(1.0))

    def forward(self, ids, eos):
        """Return the last layer, normed, and the projected pooled output."""
        x = self.token_embedding(ids) + self.positional_embedding
        x = self.ln_final(self.transformer.get_submodule("resblocks")(x))
        return x, x[torch.arange(len(ids)), (ids == eos).int().argmax(-1)] @ self.text_projection


@pytest.fixture(scope="module")
def open_clip():
    torch.manual_seed(0)
    network = OpenClip().eval().requires_grad_(False)
    for parameter in network.parameters():
        parameter.add_(0.1 * torch.randn(parameter.shape))  # biases too, which begin at zero
    return network


def test_open_clips_layout_computes_what_torchs_modules_do(open_clip):
    state = open_clip.state_dict()
    found = found_tower({key: tuple(value.shape) for key, value in state.items()}, kind="open_clip_g")
    tower = on_meta(found.spec)
    tower.load_state_dict(found.tensors(state), assign=True)
    ids = torch.randint(0, VOCABULARY - 1, (3, 77), generator=torch.Generator().manual_seed(0))
    ids[:, 30] = VOCABULARY - 1
    hidden, pooled = tower(ids, VOCABULARY - 1)
    expected, projected = open_clip(ids, VOCABULARY - 1)
    assert (hidden - expected).abs().max() <= 1e-5 * expected.abs().max()
    assert (pooled - projected).abs().max() <= 1e-5 * projected.abs().max()


def test_towers_are_cut_from_open_clips_tensors_without_copies(open_clip):
    state = open_clip.state_dict()
    found = found_tower({key: tuple(value.shape) for key, value in state.items()})
    own = {tensor.untyped_storage().data_ptr() for tensor in state.values()}
    assert {tensor.untyped_storage().data_ptr() for tensor in found.tensors(state).values()} <= own


def test_open_clips_names_come_back_from_a_tower(open_clip):
    state = open_clip.state_dict()
    found = found_tower({key: tuple(value.shape) for key, value in state.items()})
    back = open_clip_tensors(found.tensors(state))
    assert back.keys() == state.keys() - {"logit_scale"}
    for key, tensor in back.items():
        assert torch.equal(tensor, state[key]), key
        assert tensor.is_contiguous(), key


def test_open_clip_has_no_name_for_strange_keys(open_clip):
    with pytest.raises(CheckpointError, match=re.escape("no name for the text tower's text_model.more")):
        open_clip_tensors({"text_model.more": torch.ones(1)})
