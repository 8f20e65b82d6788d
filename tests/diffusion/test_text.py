"""The text tower against transformers' numbers, published key lists, and a few laws."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from inkloom.diffusion.errors import CheckpointError
from inkloom.diffusion.text import TextSpec, TextTower

PREFIX = "cond_stage_model.transformer."
EOS = 299
SMALL = TextSpec(vocabulary=300, width=128, layers=3, heads=2, hidden=256)


@pytest.fixture
def tower():
    torch.manual_seed(0)
    return TextTower(SMALL).eval().requires_grad_(False)


def shapes_of(network):
    return {key: tuple(value.shape) for key, value in network.state_dict().items()}


def on_meta(spec):
    with torch.device("meta"):
        return TextTower(spec)


def row(*ids):
    return torch.tensor([[298, *ids, *[EOS] * (76 - len(ids))]])


@pytest.mark.parametrize("layer", [-1, -2, -3])
def test_layers_are_those_of_transformers(golden, layer):
    weights = {key.removeprefix(PREFIX): value for key, value in golden.weights("tiny-clip-l").items()}
    shapes = {key: tuple(value.shape) for key, value in weights.items()}
    tower = on_meta(TextSpec.from_shapes(shapes, heads=4))
    tower.load_state_dict(weights, assign=True)
    io = golden.io("tiny-clip-l")
    with torch.inference_mode():
        hidden, pooled = tower.eval()(io["ids"], EOS, layer)
    expected = io[f"hidden_minus{-layer}_ln"]
    assert (hidden - expected).abs().max() <= 1e-5 * expected.abs().max()
    assert (pooled - io["pooled"]).abs().max() <= 1e-5 * io["pooled"].abs().max()


def test_the_published_key_list_gives_a_tower_with_just_these_keys(golden):
    listed = {
        k.removeprefix(PREFIX): shape
        for k, (_, shape) in golden.keys("sd15-full").items()
        if k.startswith(PREFIX)
    }
    del listed["text_model.embeddings.position_ids"]
    spec = TextSpec.from_shapes(listed)
    assert spec == TextSpec(vocabulary=49408, width=768, layers=12, heads=12, hidden=3072)
    assert shapes_of(on_meta(spec)) == listed


def test_a_spec_is_read_back_from_its_towers_keys():
    assert TextSpec.from_shapes(shapes_of(on_meta(SMALL))) == SMALL


@pytest.mark.parametrize("lost", ["token_embedding", "position_embedding", "layers.0.mlp.fc1.weight", ""])
def test_keys_that_are_no_tower_are_refused(lost):
    shapes = {key: shape for key, shape in shapes_of(on_meta(SMALL)).items() if lost not in key}
    with pytest.raises(CheckpointError, match=f"there is no matrix text_model.*{lost}"):
        TextSpec.from_shapes(shapes)


def test_a_tower_built_on_the_meta_device_lacks_nothing_once_it_has_weights(tower):
    other = on_meta(SMALL)
    other.load_state_dict(tower.state_dict(), assign=True)
    assert torch.equal(other.eval()(row(1, 2), EOS).hidden, tower(row(1, 2), EOS).hidden)


def test_a_token_sees_only_those_before_it(tower):
    one, other = tower(row(5, 6, 7), EOS).hidden, tower(row(5, 6, 8), EOS).hidden
    torch.testing.assert_close(one[:, :3], other[:, :3])
    assert (one[:, 3:] - other[:, 3:]).abs().amax(dim=(0, 2)).min() > 1e-4


@pytest.mark.parametrize("words", [0, 3, 75])
def test_pooled_is_taken_at_the_first_eos_whatever_the_layer(tower, words):
    ids = row(*range(1, words + 1))
    last = tower(ids, EOS)
    assert torch.equal(last.pooled, last.hidden[:, words + 1])
    earlier = tower(ids, EOS, -2)
    assert torch.equal(earlier.pooled, last.pooled)
    assert not torch.equal(earlier.hidden, last.hidden)


@pytest.mark.parametrize("layer", [0, 1, -4])
def test_a_layer_that_is_not_there_is_refused(tower, layer):
    with pytest.raises(ValueError, match=rf"layer {layer} of a text tower with layers -3 to -1"):
        tower(row(1), EOS, layer)


def test_a_tower_can_be_trained():
    tower = TextTower(replace(SMALL, layers=1))
    hidden, pooled = tower(row(1, 2), EOS)
    (hidden.square().mean() + pooled.square().mean()).backward()
    assert all(parameter.grad is not None for parameter in tower.parameters())
