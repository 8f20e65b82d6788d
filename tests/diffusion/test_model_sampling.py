"""Overruling a model's prediction, noise levels and precision."""

from __future__ import annotations

import pytest
import torch

from inkloom.diffusion.latents.latent_format import PLAYGROUND
from inkloom.diffusion.names import UnknownNameError
from inkloom.diffusion.schedules.model_sampling import (
    CONTINUOUS,
    DISCRETE,
    with_angular_sampling,
    with_compute_dtype,
    with_continuous_sampling,
    with_discrete_sampling,
    with_weight_dtype,
)


@pytest.fixture
def model(tiny_loaded):
    return tiny_loaded.model


@pytest.mark.parametrize(
    ("kind", "name"), [("eps", "eps"), ("v_prediction", "v"), ("x0", "x0"), ("lcm", "lcm")]
)
@pytest.mark.parametrize(("stretched", "highest"), [(False, 14.6146), (True, 4518.76)])
def test_a_table_of_levels(model, kind, name, stretched, highest):
    changed = with_discrete_sampling(model, kind, zero_terminal_snr=stretched)
    assert changed.prediction.name == name
    assert changed.schedule.sigmas[-1].item() == pytest.approx(highest, rel=1e-5)
    assert changed.unet is model.unet


def test_a_consistency_model_knows_50_levels(model):
    assert len(with_discrete_sampling(model, "lcm").schedule.sigmas) == 50


@pytest.mark.parametrize("kind", CONTINUOUS)
def test_all_levels_between_two(model, kind):
    changed = with_continuous_sampling(model, kind, 0.01, 90.0)
    assert changed.schedule.sigmas[[0, -1]].tolist() == pytest.approx([0.01, 90.0])
    assert changed.schedule.timestep(torch.tensor(1.0)).item() == 0  # a quarter of the logarithm
    assert (changed.latent_format is PLAYGROUND) == (kind == "edm_playground_v2.5")


def test_levels_told_as_an_angle(model):
    changed = with_angular_sampling(model, 0.03, 500.0)
    assert changed.prediction.name == "v"
    assert changed.schedule.timestep(torch.tensor(1.0)).item() == pytest.approx(0.5)


@pytest.mark.parametrize("change", [with_discrete_sampling, with_compute_dtype, with_weight_dtype])
def test_an_unknown_name_is_refused(model, change):
    with pytest.raises(UnknownNameError, match="known, nearest first"):
        change(model, "nonsense")


def test_levels_that_do_not_rise_are_refused(model):
    with pytest.raises(ValueError, match="levels must go from above 0"):
        with_continuous_sampling(model, "edm", 5.0, 1.0)


def test_the_kinds_are_those_that_the_node_offers():
    from inkloom.nodes import NODES

    for name, table in {
        "ModelSamplingDiscrete": (*DISCRETE, "lcm"),
        "ModelSamplingContinuousEDM": CONTINUOUS,
    }.items():
        choice = NODES[name].inputs["sampling"].choice
        assert choice is not None
        assert set(choice.options) == set(table)


@pytest.mark.parametrize(("name", "dtype"), [("bf16", torch.bfloat16), ("default", torch.float32)])
def test_the_precision_of_computing_leaves_the_weights_alone(model, name, dtype):
    changed = with_compute_dtype(model, name)
    assert changed.network.get_parameter("out.2.bias").dtype == dtype
    assert changed.unet is model.unet


def test_weights_are_rounded_to_8_bits_and_compute_as_before(model):
    rounded = with_weight_dtype(model, "fp8_e4m3fn")
    name = "out.2.weight"
    expected = model.unet.get_parameter(name).to(torch.float8_e4m3fn)
    assert torch.equal(rounded.unet.get_parameter(name).float(), expected.float())
    assert torch.equal(rounded.network.get_parameter(name), expected.float())
    assert with_weight_dtype(model, "default") is model
