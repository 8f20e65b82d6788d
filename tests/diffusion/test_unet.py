"""The U-Net against diffusers' numbers, published key lists, and a few laws."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from inkloom.diffusion.errors import CheckpointError
from inkloom.diffusion.networks.hooks import NO_HOOKS, Hooks
from inkloom.diffusion.networks.unet import UNet, UNetSpec

SMALL = UNetSpec(
    channels=(32, 64),
    input_depths=(1, 0),
    middle_depth=1,
    output_depths=(0, 0, 1, 1),
    context_channels=24,
    res_blocks=1,
)
SPECS = {
    "small": SMALL,
    "one level": replace(SMALL, channels=(32,), input_depths=(2,), output_depths=(1, 2)),
    "three rows a level": replace(
        SMALL, res_blocks=3, input_depths=(1, 1, 1, 0, 0, 0), output_depths=(0, 0, 0, 0, 1, 2, 3, 4)
    ),
    "no transformer in the middle": replace(SMALL, middle_depth=0),
    "linear": replace(SMALL, channels=(64, 128), linear_projections=True, heads=None, head_channels=64),
    "nine channels in": replace(SMALL, in_channels=9),
    "takes a vector": replace(SMALL, label_channels=40),
}


def shapes_of(network):
    return {key: tuple(value.shape) for key, value in network.state_dict().items()}


def on_meta(spec):
    with torch.device("meta"):
        return UNet(spec)


@pytest.fixture
def network():
    """Return a small network whose every weight matters: a fresh one predicts zero."""
    torch.manual_seed(0)
    unet = UNet(SMALL).eval().requires_grad_(False)
    for parameter in unet.parameters():
        if parameter.ndim > 1:
            torch.nn.init.normal_(parameter, std=parameter[0].numel() ** -0.5)
    return unet


@pytest.mark.parametrize("name", ["tiny-sd1", "tiny-sd1-l2", "tiny-sd2-v", "tiny-inpaint9"])
def test_outputs_are_those_of_diffusers(golden, name):
    prefix = "model.diffusion_model."
    weights = {key.removeprefix(prefix): value for key, value in golden.weights(name).items()}
    shapes = {key: tuple(value.shape) for key, value in weights.items()}
    heads = {"head_channels": 8} if name == "tiny-sd2-v" else {}
    unet = on_meta(UNetSpec.from_shapes(shapes, **heads))
    unet.load_state_dict(weights, assign=True)
    io = golden.io(name)
    times = {"out_t981": [981.0], "out_t37": [37.0], "out_two_timesteps": [981.0, 37.0]}
    for key, time in times.items():
        with torch.inference_mode():
            out = unet(io["x"], torch.tensor(time), io["context"])
        assert (out - io[key]).abs().max() <= 1e-5 * io[key].abs().max(), key


def test_norms_have_the_published_epsilons():
    # In numbers these differ by less than two machines do, so no golden value can hold them.
    for name, module in on_meta(SMALL).named_modules():
        if isinstance(module, torch.nn.GroupNorm):
            assert module.eps == (1e-6 if name.endswith(".1.norm") else 1e-5), name
        elif isinstance(module, torch.nn.LayerNorm):
            assert module.eps == 1e-5, name


@pytest.mark.parametrize(
    "name", ["sd15-full", "sd15-inpainting-unet", "sd21-full", "sdxl-base-full", "sdxl-refiner-unet"]
)
def test_published_key_lists_give_networks_with_just_these_keys(golden, name):
    prefix = "model.diffusion_model."
    listed = {
        k.removeprefix(prefix): shape for k, (_, shape) in golden.keys(name).items() if k.startswith(prefix)
    }
    assert shapes_of(on_meta(UNetSpec.from_shapes(listed))) == listed


@pytest.mark.parametrize("spec", SPECS.values(), ids=SPECS.keys())
def test_a_spec_is_read_back_from_its_networks_keys(spec):
    assert UNetSpec.from_shapes(shapes_of(on_meta(spec))) == spec


@pytest.mark.parametrize(
    ("lost", "message"),
    [
        ("input_blocks.3.", "3 input_blocks do not form 2 levels"),
        (".attn2.to_k.weight", "no row has cross attention"),
        ("out.2.weight", "there is no key out.2.weight"),
        ("", "0 input_blocks"),
    ],
)
def test_keys_that_are_no_unet_are_refused(lost, message):
    shapes = {key: shape for key, shape in shapes_of(on_meta(SMALL)).items() if lost not in key}
    with pytest.raises(CheckpointError, match=message):
        UNetSpec.from_shapes(shapes)


@pytest.mark.parametrize(
    "change", [{"heads": None}, {"head_channels": 8}, {"input_depths": (1,)}, {"output_depths": (1, 1)}]
)
def test_a_spec_that_contradicts_itself_is_refused(change):
    with pytest.raises(ValueError, match=next(iter(change))):
        replace(SMALL, **change)


@pytest.mark.parametrize("sides", [(4, 4), (8, 12), (7, 9), (16, 5)])
def test_any_latent_size_comes_back_at_its_size(network, sides):
    x = torch.randn(1, 4, *sides)
    assert network(x, torch.tensor([10.0]), torch.randn(1, 7, 24)).shape == x.shape


def test_a_batch_is_its_items(network):
    x, time, context = torch.randn(3, 4, 8, 8), torch.tensor([3.0, 500.0, 999.0]), torch.randn(3, 77, 24)
    together = network(x, time, context)
    alone = [network(x[i : i + 1], time[i : i + 1], context[i : i + 1]) for i in range(3)]
    torch.testing.assert_close(together, torch.cat(alone), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("changed", ["x", "time", "context"])
def test_every_input_matters(network, changed):
    inputs = {"x": torch.randn(1, 4, 8, 8), "time": torch.tensor([3.0]), "context": torch.randn(1, 77, 24)}
    before = network(*inputs.values())
    after = network(*{**inputs, changed: inputs[changed] + 1}.values())
    assert (after - before).abs().max() > 1e-3


def test_an_untrained_network_predicts_zero():
    out = UNet(SMALL)(torch.randn(1, 4, 8, 8), torch.tensor([3.0]), torch.randn(1, 77, 24))
    assert not out.any()


def test_a_vector_is_asked_for_just_where_the_network_takes_one(network):
    x, time, context, y = (
        torch.randn(1, 4, 8, 8),
        torch.tensor([3.0]),
        torch.randn(1, 77, 24),
        torch.randn(1, 40),
    )
    with pytest.raises(ValueError, match="label_channels is None"):
        network(x, time, context, y)
    with pytest.raises(ValueError, match="label_channels is 40"):
        UNet(SPECS["takes a vector"])(x, time, context)
    assert UNet(SPECS["takes a vector"])(x, time, context, y).shape == x.shape


@pytest.mark.parametrize(
    ("x", "context", "message"),
    [
        (torch.zeros(1, 9, 8, 8), torch.zeros(1, 77, 24), "takes latents of 4 channels, not 9"),
        (torch.zeros(1, 4, 8, 8), torch.zeros(1, 77, 32), "text encodings of 24 channels, not 32"),
    ],
)
def test_latents_and_texts_of_other_models_are_refused(network, x, context, message):
    with pytest.raises(ValueError, match=message):
        network(x, torch.tensor([3.0]), context)


def test_heads_that_do_not_divide_the_channels_are_refused():
    with pytest.raises(ValueError, match="32 channels do not divide among 5 heads"):
        on_meta(replace(SMALL, heads=5))


@pytest.mark.parametrize("time", [[500.0], [500.0, 20.0], [500.0, 20.0] * 3])
@pytest.mark.parametrize("hooks", [NO_HOOKS, Hooks(after_middle=(lambda place, x: x,))])
@pytest.mark.parametrize("vector", [False, True])
def test_latents_for_several_texts_are_shared_out_among_them(time, hooks, vector):
    torch.manual_seed(0)
    unet = UNet(SPECS["takes a vector"] if vector else SMALL).eval().requires_grad_(False)
    for parameter in unet.parameters():
        if parameter.ndim > 1:
            torch.nn.init.normal_(parameter, std=parameter[0].numel() ** -0.5)
    x, context, y = torch.randn(2, 4, 8, 8), torch.randn(6, 5, 24), torch.randn(6, 40) if vector else None
    times = torch.tensor(time)
    shared = unet(x, times, context, y, hooks=hooks)
    each = unet(x.repeat(3, 1, 1, 1), times.repeat(6 // len(times)), context, y)
    torch.testing.assert_close(shared, each, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("x", "time", "message"),
    [
        (torch.zeros(2, 4, 8, 8), torch.zeros(1), "2 latents cannot be shared out among 3 texts"),
        (torch.zeros(3, 4, 8, 8), torch.zeros(2), "2 timesteps cannot be shared out among 3 texts"),
    ],
)
def test_what_cannot_be_shared_out_is_refused(network, x, time, message):
    with pytest.raises(ValueError, match=message):
        network(x, time, torch.zeros(3, 7, 24))


@pytest.mark.parametrize(("name", "width"), [("tiny-sdxl", 8), ("small-sdxl", 32)])
def test_outputs_with_a_vector_are_those_of_diffusers(golden, name, width):
    prefix = "model.diffusion_model."
    weights = {key.removeprefix(prefix): value for key, value in golden.weights(name).items()}
    unet = on_meta(UNetSpec.from_shapes({k: tuple(v.shape) for k, v in weights.items()}, head_channels=width))
    unet.load_state_dict(weights, assign=True)
    io = golden.io(name)
    for key, time in {"out_t981": [981.0], "out_t37": [37.0], "out_two_timesteps": [981.0, 37.0]}.items():
        with torch.inference_mode():
            out = unet(io["x"], torch.tensor(time), io["context"], io["y"])
        assert (out - io[key]).abs().max() <= 1e-5 * io[key].abs().max(), key
