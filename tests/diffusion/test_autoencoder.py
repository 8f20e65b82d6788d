"""The autoencoder against diffusers' numbers, the published key list, and a few laws."""

from __future__ import annotations

import pytest
import torch

from inkloom.diffusion.networks.autoencoder import Autoencoder, AutoencoderSpec, spec_from

PREFIX = "first_stage_model."
SPECS = {
    "two levels": AutoencoderSpec(widths=(32, 64), blocks=1),
    "two blocks a level": AutoencoderSpec(widths=(32, 32), blocks=2),
    "sixteen channels, no quant convolutions": AutoencoderSpec(
        widths=(32,), blocks=1, latent_channels=16, embed_channels=None
    ),
    "VQ": AutoencoderSpec(widths=(32, 32), blocks=1, latent_channels=3, embed_channels=3, codes=64),
    "latent wider than the embedding": AutoencoderSpec(widths=(32, 32), blocks=1, embed_channels=3),
}


def on_meta(spec):
    with torch.device("meta"):
        return Autoencoder(spec)


def shapes_of(network):
    return {key: tuple(value.shape) for key, value in network.state_dict().items()}


@pytest.fixture(scope="module")
def small():
    torch.manual_seed(0)
    return Autoencoder(SPECS["two levels"]).eval().requires_grad_(False)


def loaded(golden, name):
    weights = {key.removeprefix(PREFIX): value for key, value in golden.weights(name).items()}
    autoencoder = Autoencoder(spec_from({key: value.shape for key, value in weights.items()}))
    autoencoder.load_state_dict(weights)
    return autoencoder


@pytest.mark.parametrize("name", ["tiny-vae", "tiny-vae16"])
def test_outputs_are_those_of_diffusers(golden, name):
    io, autoencoder = golden.io(name), loaded(golden, name)
    with torch.inference_mode():
        mean, logvar = autoencoder.encode_moments(io["image_hwc"].movedim(-1, 1) * 2 - 1)
        image = (autoencoder.decode(io["z"]) / 2 + 0.5).clamp(0, 1).movedim(1, -1)
    for seen, name in ((mean, "mean"), (logvar, "logvar"), (image, "decoded_image_hwc")):
        torch.testing.assert_close(seen, io[name], rtol=0, atol=1e-4 * float(io[name].abs().max()))


def test_a_vq_models_latents_are_brought_to_its_codebook(golden):
    io, autoencoder = golden.io("tiny-vq"), loaded(golden, "tiny-vq")
    assert autoencoder.quantize is not None
    with torch.inference_mode():
        latents = autoencoder.encode(io["image_hwc"].movedim(-1, 1) * 2 - 1)
        quantised = autoencoder.quantize(latents)
        decoded = autoencoder.decode(latents)
    near = {"rtol": 0, "atol": 1e-5}
    torch.testing.assert_close(latents, io["latents_before_quantise"], **near)
    torch.testing.assert_close(quantised, io["latents_quantised"], **near)
    torch.testing.assert_close(quantised, autoencoder.quantize.embedding(io["indices"]).movedim(-1, 1))
    torch.testing.assert_close(decoded, io["decoded"], rtol=0, atol=1e-4 * float(io["decoded"].abs().max()))
    with pytest.raises(ValueError, match="no distribution"):
        autoencoder.encode_moments(io["image_hwc"].movedim(-1, 1))


@pytest.mark.parametrize(
    ("name", "more"),
    [
        ("vae-kl-f8", {}),
        ("vae-flux", {"latent_channels": 16, "embed_channels": None}),
        ("vae-sd3", {"latent_channels": 16, "embed_channels": None}),
    ],
)
def test_published_keys_are_the_modules_keys(golden, name, more):
    shapes = {key.removeprefix(PREFIX): shape for key, (_, shape) in golden.keys(name).items()}
    spec = spec_from(shapes)
    assert spec == AutoencoderSpec(widths=(128, 256, 512, 512), blocks=2, **more)
    assert spec.factor == 8
    assert shapes_of(on_meta(spec)) == shapes


@pytest.mark.parametrize("name", SPECS)
def test_spec_is_read_back_from_the_keys(name):
    assert spec_from(shapes_of(on_meta(SPECS[name]))) == SPECS[name]


def test_keys_of_something_else_are_refused():
    shapes = shapes_of(on_meta(SPECS["two levels"]))
    with pytest.raises(ValueError, match=r"no encoder\.conv_in\.weight, decoder\.conv_in\.weight"):
        spec_from({"conv_in.weight": (4, 4, 3, 3)})
    with pytest.raises(ValueError, match=r"no encoder\.down"):
        spec_from({key: shape for key, shape in shapes.items() if ".block." not in key})


def test_encode_gives_the_mean_and_decode_the_size_back(small):
    pictures = torch.rand(2, 3, 16, 24) * 2 - 1
    latents = small.encode(pictures)
    assert latents.shape == (2, 4, 8, 12)
    torch.testing.assert_close(latents, small.encode_moments(pictures)[0])
    assert small.decode(latents).shape == pictures.shape
    torch.testing.assert_close(small(pictures), small.decode(latents))


def test_log_variance_is_bounded(small):
    with torch.inference_mode():
        _, logvar = small.encode_moments(torch.full((1, 3, 8, 8), 1e30))
    assert logvar.nan_to_num().abs().max() <= 30


def test_sides_must_be_multiples_of_the_factor(small):
    with pytest.raises(ValueError, match="a picture of 15x16 pixels: its sides must be multiples of 2"):
        small.encode(torch.zeros(1, 3, 16, 15))
