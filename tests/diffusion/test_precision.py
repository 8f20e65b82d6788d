"""The precision that large networks compute in."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from inkloom.diffusion import precision
from inkloom.diffusion.files.checkpoint import load_checkpoint
from inkloom.diffusion.names import UnknownNameError
from inkloom.diffusion.precision import in_precision
from inkloom.nodes.data_folder import BUNDLED

FILE = next(BUNDLED["checkpoints"][0].glob("*.safetensors"))


@pytest.mark.parametrize(
    ("least", "asked", "found"),
    [
        (1, "bfloat16", torch.bfloat16),
        (1, "float32", torch.float32),
        (10**9, "bfloat16", torch.float32),  # too small to gain by it
    ],
)
def test_large_networks_compute_as_asked(monkeypatch, least, asked, found):
    monkeypatch.setattr(precision, "LARGE_NETWORK", least)
    loaded = load_checkpoint(FILE)
    assert in_precision(loaded.model, asked).dtype == found
    assert in_precision(loaded.vae, asked).dtype == found
    assert in_precision(replace(loaded.model, dtype=torch.float16), asked).dtype == found


def test_an_unknown_precision_names_the_known_ones():
    with pytest.raises(UnknownNameError, match="bfloat16"):
        in_precision(load_checkpoint(FILE).vae, "bfloat61")


def test_a_picture_in_bfloat16_is_the_picture(monkeypatch):
    monkeypatch.setattr(precision, "LARGE_NETWORK", 1)
    vae = load_checkpoint(FILE).vae
    latent = torch.randn(1, vae.autoencoder.spec.channels, 8, 8, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        exact, rounded = (in_precision(vae, name).decode(latent) for name in ("float32", "bfloat16"))
    assert rounded.dtype == torch.float32
    assert not torch.equal(rounded, exact)
    assert (rounded - exact).square().mean() < 10 ** (-35 / 10)
