"""The handles of a loaded model: text encoder, autoencoder, their sizes."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file


@pytest.fixture
def loaded(tiny_loaded):
    with torch.inference_mode():
        yield tiny_loaded


def test_a_prompt_becomes_one_row_and_its_pooled_output(loaded):
    [[hidden, options]] = loaded.clip.encode("at bat")
    assert hidden.shape == (1, 77, 24)
    assert options["pooled_output"].shape == (1, 24)
    assert torch.equal(options["pooled_output"], hidden[:, 4])  # BOS, three ids, EOS


def test_a_long_prompt_becomes_rows_end_to_end_pooled_over_the_first(loaded):
    [[whole, options]] = loaded.clip.encode("at " * 80)
    [[first, first_options]] = loaded.clip.encode("at " * 75)
    [[second, _]] = loaded.clip.encode("at " * 5)
    torch.testing.assert_close(whole, torch.cat([first, second], dim=1))
    torch.testing.assert_close(options["pooled_output"], first_options["pooled_output"])


def test_an_earlier_layer_gives_another_encoding_and_the_same_pooled_output(loaded):
    earlier = loaded.clip.with_last_layer(-2)
    [[last, last_options]], [[other, options]] = loaded.clip.encode("at"), earlier.encode("at")
    assert not torch.equal(last, other)
    assert torch.equal(last_options["pooled_output"], options["pooled_output"])
    assert torch.equal(earlier.with_last_layer(-1).encode("at")[0][0], last)
    assert loaded.clip.last_layer is None


@pytest.mark.parametrize("layer", [0, -3])
def test_a_layer_the_text_encoder_lacks_is_refused(loaded, layer):
    with pytest.raises(ValueError, match=rf"has layers -2 to -1, there is no layer {layer}"):
        loaded.clip.with_last_layer(layer)


@pytest.mark.parametrize(("height", "width"), [(8, 8), (33, 50), (35, 8)])
def test_a_picture_is_cut_evenly_to_the_latents_grid(loaded, height, width):
    factor = loaded.vae.autoencoder.spec.factor
    image = torch.rand(1, height, width, 4)
    top, left = height % factor // 2, width % factor // 2
    even = image[:, top : top + height // factor * factor, left : left + width // factor * factor, :3]
    latent = loaded.vae.encode(image)
    assert latent.shape == (1, 4, height // factor, width // factor)
    torch.testing.assert_close(latent, loaded.vae.encode(even))


def test_the_cut_is_the_usual_one(loaded):
    pictures = load_file(Path(__file__).parents[1] / "data/text/image.safetensors")
    whole, cut = pictures["image_loaded_hwc"][None], pictures["cropped_hwc"][None]
    # This autoencoder's grid is 4; the numbers are for 8, so leave what both cut alike.
    torch.testing.assert_close(loaded.vae.encode(whole[:, 2:34, 1:49]), loaded.vae.encode(cut))


def test_a_picture_smaller_than_a_latent_pixel_is_refused(loaded):
    with pytest.raises(ValueError, match="a picture of 9x3 pixels is too small: 4x4 at least"):
        loaded.vae.encode(torch.rand(1, 3, 9, 3))


def test_decoded_pictures_are_within_0_and_1(loaded):
    image = loaded.vae.decode(100 * torch.randn(2, 4, 3, 5))
    assert image.shape == (2, 12, 20, 3)
    assert (image.min().item(), image.max().item()) == (0, 1)


def test_latents_of_another_model_are_refused(loaded):
    with pytest.raises(ValueError, match=r"latents of 4 channels \(.*\), not of 16 \(.*Flux\)"):
        loaded.vae.decode(torch.zeros(1, 16, 3, 5))


def test_a_latent_goes_to_the_models_scale_and_back(loaded):
    z = torch.randn(1, 4, 2, 2)
    form = loaded.model.latent_format
    torch.testing.assert_close(form.to_model(z), z * 0.18215)
    torch.testing.assert_close(form.to_autoencoder(form.to_model(z)), z)


def test_handles_know_their_bytes(loaded, tiny_tensors):
    weights = sum(4 * tensor.numel() for tensor in tiny_tensors.values())
    assert loaded.model.nbytes + loaded.clip.nbytes + loaded.vae.nbytes == weights
