"""The text tower against transformers' numbers, published key lists, and a few laws."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from inkloom.diffusion.errors import CheckpointError
from inkloom.diffusion.networks.text import Insert, TextSpec, TextTower, scaled_attention, with_weights

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


@pytest.fixture
def golden_tower(golden):
    """Return a tower of stored weights with 4 heads."""

    def build(name, kind):
        weights = {key.removeprefix(PREFIX): value for key, value in golden.weights(name).items()}
        shapes = {key: tuple(value.shape) for key, value in weights.items()}
        tower = on_meta(TextSpec.from_shapes(shapes, heads=4, kind=kind))
        tower.load_state_dict(weights, assign=True)
        return tower.eval().requires_grad_(False)

    return build


def close(found, expected):
    return (found - expected).abs().max() <= 1e-5 * expected.abs().max()


@pytest.mark.parametrize(
    ("name", "kind", "layers"),
    [
        ("tiny-clip-l", "clip_l", ["1_ln", "2_ln", "3_ln", "2"]),
        ("tiny-openclip", "open_clip_g", ["1", "2", "2_ln"]),
    ],
)
def test_layers_are_those_of_transformers(golden, golden_tower, name, kind, layers):
    tower, io = golden_tower(name, kind), golden.io(name)
    for layer in layers:
        hidden, pooled = tower(io["ids"], EOS, -int(layer[0]), norm=layer.endswith("_ln"))
        assert close(hidden, io[f"hidden_minus{layer}"])
        assert close(pooled, io.get("projected", io["pooled"]))


def test_vectors_stand_in_for_tokens(golden, golden_tower):
    tower, io = golden_tower("tiny-clip-l", "clip_l"), golden.io("tiny-clip-l")
    ids = io["ti_ids"]
    columns = (ids[0] >= SMALL.vocabulary).nonzero().flatten().tolist()
    inserts = [Insert(0, column, io["ti_vectors"][i]) for i, column in enumerate(columns)]
    for layer, name in ((-1, "ti_last_hidden_state"), (-2, "ti_hidden_minus2")):
        found = tower(torch.where(ids > EOS, 0, ids), EOS, layer, norm=layer == -1, inserts=inserts)
        assert close(found.hidden, io[name])


def test_a_vector_of_another_width_is_refused(tower):
    with pytest.raises(ValueError, match="a vector of 5 channels in a tower of 128"):
        tower(row(1), EOS, inserts=[Insert(0, 1, torch.zeros(5))])


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


def test_changed_weights_leave_the_tower_and_share_the_rest(tower):
    bias = "text_model.final_layer_norm.bias"
    other = with_weights(tower, {bias: torch.ones(128)})
    torch.testing.assert_close(other(row(1), EOS).hidden, tower(row(1), EOS).hidden + 1)
    theirs, own = other.state_dict(), tower.state_dict()
    assert {key for key in own if theirs[key].data_ptr() != own[key].data_ptr()} == {bias}
    with pytest.raises(CheckpointError, match="a text tower has no unknown"):
        with_weights(tower, {"unknown": torch.ones(1)})


@pytest.mark.parametrize("part", ["q", "k", "v", "out"])
def test_scaled_attention_is_that_of_scaled_projections(tower, part):
    factors = dict.fromkeys(("q", "k", "v", "out"), 1.0) | {part: 1.5}
    scaled = scaled_attention(tower, **factors).state_dict()
    for key, tensor in tower.state_dict().items():
        factor = 1.5 if f".{part}_proj." in key else 1
        assert torch.equal(scaled[key], tensor * factor), key


def test_attention_scaled_by_one_is_the_same_tower(tower):
    assert scaled_attention(tower, q=1, k=1, v=1, out=1) is tower
