"""Rough pictures of latents: by colours, and by TAESD."""

from __future__ import annotations

import re
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from inkloom.diffusion.errors import CheckpointError
from inkloom.diffusion.files.taesd_files import load_tiny_decoder, load_tiny_vae
from inkloom.diffusion.latents.latent_format import SD1, SDXL, LatentFormat
from inkloom.diffusion.latents.previews import (
    fitted_colours,
    preview_jpeg,
    previewer,
    rgb_image,
    with_own_colours,
)
from inkloom.diffusion.networks.taesd import TinyDecoder, TinyEncoder

UNKNOWN = LatentFormat(name="of nobody", channels=4, scale=1.0)


def test_colours_are_a_linear_map():
    x = torch.zeros(1, 4, 1, 2)
    x[0, 1, 0, 1] = 1
    seen = rgb_image(SDXL, x)
    torch.testing.assert_close(seen[0, 0, 0], (torch.tensor(SDXL.rgb_bias) + 1) / 2)
    torch.testing.assert_close(seen[0, 0, 1] - seen[0, 0, 0], torch.tensor(SDXL.rgb[1]) / 2)
    with pytest.raises(ValueError, match="the colours of latents of of nobody are not known"):
        rgb_image(UNKNOWN, x)


def test_a_preview_is_the_first_item_in_eight_bits():
    show = previewer(SD1)
    assert show is not None
    x = torch.randn(2, 4, 3, 5, dtype=torch.bfloat16)
    pixels = show(x)
    assert (pixels.shape, pixels.dtype.name) == ((3, 5, 3), "uint8")
    torch.testing.assert_close(torch.tensor(pixels) / 255, rgb_image(SD1, x.float())[0], rtol=0, atol=1 / 254)
    with Image.open(BytesIO(preview_jpeg(pixels, 100))) as picture:
        assert (picture.format, picture.size) == ("JPEG", (100, 60))
    assert previewer(UNKNOWN) is None


def test_colours_are_found_again_and_read_from_metadata():
    x = torch.randn(2, 4, 6, 6, generator=torch.Generator().manual_seed(0)) * 0.3
    small = rgb_image(SDXL, x)
    rows = fitted_colours(x, small.repeat_interleave(8, 1).repeat_interleave(8, 2))
    torch.testing.assert_close(
        torch.tensor(rows), torch.tensor((*SDXL.rgb, SDXL.rgb_bias)), rtol=0, atol=2e-4
    )
    own = with_own_colours(SD1, {"inkloom.latent_colours": str([list(row) for row in rows])})
    assert (own.rgb, own.rgb_bias, own.scale) == (rows[:-1], rows[-1], SD1.scale)
    assert own.preview == ""  # a small decoder of the family would show wrong colours too
    assert with_own_colours(SD1, {"other": "x"}) is SD1
    for wrong in ("[", "[[1, 2]]", "[[1, 2, 3]]", "7"):
        with pytest.raises(CheckpointError, match=r"inkloom\.latent_colours are no rows"):
            with_own_colours(SD1, {"inkloom.latent_colours": wrong})


@pytest.mark.parametrize(
    ("network", "name"), [(TinyEncoder, "taesd-encoder-original"), (TinyDecoder, "taesd-decoder-original")]
)
def test_published_keys_are_the_modules_keys(golden: Any, network: type, name: str):
    with torch.device("meta"):
        have = {key: tuple(value.shape) for key, value in network().state_dict().items()}
    assert have == {key: shape for key, (_, shape) in golden.keys(name).items()}


@pytest.fixture(scope="module")
def tiny() -> tuple[TinyEncoder, TinyDecoder]:
    torch.manual_seed(0)
    return TinyEncoder().eval().requires_grad_(False), TinyDecoder().eval().requires_grad_(False)


def as_diffusers(encoder: TinyEncoder, decoder: TinyDecoder) -> dict[str, torch.Tensor]:
    """Name the layers as diffusers does: the decoder's first, the clamp, has no number there."""
    behind = {
        re.sub(r"^\d+", lambda k: str(int(k[0]) - 1), key): v for key, v in decoder.state_dict().items()
    }
    return {f"encoder.layers.{key}": v for key, v in encoder.state_dict().items()} | {
        f"decoder.layers.{key}": v for key, v in behind.items()
    }


def test_small_decoders_load_under_every_name(
    tmp_path: Path, golden: Any, tiny: tuple[TinyEncoder, TinyDecoder]
):
    encoder, decoder = tiny
    x = torch.randn(1, 4, 3, 2)
    both = as_diffusers(encoder, decoder)
    assert {key: tuple(v.shape) for key, v in both.items()} == {
        key: shape for key, (_, shape) in golden.keys("taesd-diffusers").items()
    }
    together = {f"taesd_encoder.{key}": v for key, v in encoder.state_dict().items()}
    together |= {f"taesd_decoder.{key}": v for key, v in decoder.state_dict().items()}
    for number, tensors in enumerate((decoder.state_dict(), both, together)):
        save_file(dict(tensors), tmp_path / f"{number}.safetensors")
        loaded = load_tiny_decoder(tmp_path / f"{number}.safetensors")
        assert torch.equal(loaded.decode(x), decoder.decode(x))
        assert previewer(UNKNOWN, loaded)(x).shape == (24, 16, 3)  # type: ignore[misc]


def test_a_small_vae_takes_the_place_of_a_big_one(tmp_path: Path, tiny: tuple[TinyEncoder, TinyDecoder]):
    encoder, decoder = tiny
    save_file(encoder.state_dict(), tmp_path / "e.safetensors")
    save_file(decoder.state_dict(), tmp_path / "d.safetensors")
    vae = load_tiny_vae(tmp_path / "e.safetensors", tmp_path / "d.safetensors", SDXL)
    image = torch.rand(1, 19, 24, 4)
    latents = vae.encode(image)
    torch.testing.assert_close(SDXL.to_model(latents), encoder.encode(image[:, 1:17, :, :3]))
    assert vae.decode(latents).shape == (1, 16, 24, 3)
    assert 4_000_000 < vae.nbytes < 12_000_000
    with pytest.raises(ValueError, match="latents of 4 channels, not 16"):
        vae.decode(torch.zeros(1, 16, 2, 2))
    with pytest.raises(CheckpointError, match=r"e\.safetensors cannot be loaded: it holds no TAESD decoder"):
        load_tiny_decoder(tmp_path / "e.safetensors")
    with pytest.raises(CheckpointError, match="it holds no TAESD encoder"):
        load_tiny_vae(tmp_path / "d.safetensors", tmp_path / "d.safetensors", SDXL)
