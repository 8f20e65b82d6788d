"""Latents as files."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from inkloom.diffusion.errors import CheckpointError
from inkloom.diffusion.files.latent_files import latent_bytes, read_latent
from inkloom.diffusion.values import Latent


def test_a_latent_comes_back_whole(tmp_path: Path):
    latent: Latent = {
        "samples": torch.randn(2, 4, 3, 5).mT,
        "noise_mask": torch.rand(1, 1, 9, 9),
        "batch_index": [3, 7],
        "batch_size": 9,
    }
    path = tmp_path / "a.latent"
    path.write_bytes(latent_bytes(latent, {"prompt": "{}"}))
    back = read_latent(path)
    assert back.keys() == latent.keys()
    for key, value in latent.items():
        same = torch.equal(back[key], value) if isinstance(value, torch.Tensor) else back[key] == value  # type: ignore[literal-required]
        assert same, key
    assert {"latent_tensor", "latent_format_version_0"} <= load_file(path).keys()
    with safe_open(path, "pt") as file:
        assert file.metadata() == {"prompt": "{}"}


def test_a_latent_without_the_mark_is_in_the_models_scale(tmp_path: Path):
    save_file({"latent_tensor": torch.ones(1, 4, 2, 2, dtype=torch.float16)}, tmp_path / "a.latent")
    samples = read_latent(tmp_path / "a.latent")["samples"]
    torch.testing.assert_close(samples, torch.full((1, 4, 2, 2), 1 / 0.18215))


def test_a_file_that_is_no_latent_is_told_so(tmp_path: Path):
    save_file({"other": torch.ones(1)}, tmp_path / "a.latent")
    with pytest.raises(CheckpointError, match=r"a\.latent is not a latent: it has no latent_tensor"):
        read_latent(tmp_path / "a.latent")
