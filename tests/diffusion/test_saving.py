"""Saving: what is written loads again, to the bit, with the same meaning."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from inkloom.diffusion.clip import Clip
from inkloom.diffusion.files.checkpoint import Checkpoint, load_checkpoint, load_unet, load_vae
from inkloom.diffusion.files.clip_files import load_clip
from inkloom.diffusion.files.saving import (
    checkpoint_tensors,
    clip_tensors,
    metadata_of,
    model_tensors,
    vae_tensors,
    write_tensors,
)
from inkloom.diffusion.files.tensorfile import open_tensors
from inkloom.diffusion.networks.text import TOWER_KINDS, TextSpec, TextTower
from inkloom.diffusion.schedules.model_sampling import with_continuous_sampling, with_discrete_sampling


def written(path: Path, tensors: dict[str, Tensor], metadata: dict[str, str] | None = None) -> Path:
    with path.open("wb") as file:
        write_tensors(file, tensors, metadata or {})
    return path


def same(one: torch.nn.Module, other: torch.nn.Module) -> bool:
    ours, theirs = one.state_dict(), other.state_dict()
    return ours.keys() == theirs.keys() and all(torch.equal(t, theirs[key]) for key, t in ours.items())


def test_a_file_is_what_other_programs_read(tmp_path):
    tensors = {
        "b": torch.arange(6.0).reshape(2, 3).t(),
        "half": torch.ones(3, dtype=torch.bfloat16),
        "empty": torch.zeros(0),
        "one": torch.tensor(5),
    }
    path = written(tmp_path / "a.safetensors", tensors, {"prompt": json.dumps({"ü": 1})})
    read = load_file(path)
    assert read.keys() == tensors.keys()
    assert all(
        torch.equal(read[key], tensor) and read[key].dtype == tensor.dtype for key, tensor in tensors.items()
    )
    assert open_tensors(path).metadata == {"prompt": json.dumps({"ü": 1})}
    assert int.from_bytes(path.read_bytes()[:8], "little") % 64 == 56  # the data lie at a multiple of 64


def test_a_checkpoint_comes_back_to_the_bit(tiny_checkpoint, tiny_loaded: Checkpoint, tiny_tensors):
    tensors = checkpoint_tensors(tiny_loaded.model, tiny_loaded.clip, tiny_loaded.vae)
    assert tensors.keys() == tiny_tensors.keys()
    again = load_checkpoint(written(tiny_checkpoint.with_name("again.safetensors"), tensors))
    assert same(again.model.unet, tiny_loaded.model.unet)
    assert same(again.vae.autoencoder, tiny_loaded.vae.autoencoder)
    assert same(again.clip.towers["clip_l"], tiny_loaded.clip.towers["clip_l"])


@pytest.mark.parametrize(
    ("change", "prediction", "highest"),
    [
        (lambda m: m, "eps", 14.6146),
        (lambda m: with_discrete_sampling(m, "v_prediction"), "v", 14.6146),
        (lambda m: with_discrete_sampling(m, "v_prediction", zero_terminal_snr=True), "v", 4518.76),
        (lambda m: with_continuous_sampling(m, "v_prediction", 0.01, 90.0), "v", 90.0),
        (lambda m: with_continuous_sampling(m, "edm", 0.002, 80.0), "edm", 80.0),
    ],
)
def test_a_model_keeps_its_meaning(tmp_path, tiny_loaded, change: Any, prediction, highest):
    model = change(tiny_loaded.model)
    path = written(tmp_path / "unet.safetensors", model_tensors(model), metadata_of(model, {"prompt": "{}"}))
    again = load_unet(path)
    assert again.prediction.name == prediction
    assert again.schedule.sigmas[-1].item() == pytest.approx(highest, rel=1e-5)
    assert same(again.unet, model.unet)


def test_metadata_tell_the_family_and_the_prediction(tiny_loaded):
    model = with_discrete_sampling(tiny_loaded.model, "v_prediction")
    told = metadata_of(model, {"prompt": "{}"})
    assert told["modelspec.architecture"] == "stable-diffusion-v1"
    assert told["modelspec.prediction_type"] == "v"
    assert told["prompt"] == "{}"


def test_an_autoencoder_comes_back(tmp_path, tiny_loaded):
    vae = load_vae(written(tmp_path / "vae.safetensors", vae_tensors(tiny_loaded.vae)))
    assert same(vae.autoencoder, tiny_loaded.vae.autoencoder)


def towers(*kinds: str) -> dict[str, TextTower]:
    torch.manual_seed(0)
    widths = {"clip_l": 24, "open_clip_h": 1024, "open_clip_g": 1280}
    return {
        kind: TextTower(
            TextSpec(
                vocabulary=515,
                width=widths[kind],
                layers=2,
                heads=max(1, widths[kind] // 64),
                hidden=48,
                activation=TOWER_KINDS[kind].activation,
                projection=None if kind == "clip_l" else 32,
            )
        ).requires_grad_(False)
        for kind in kinds
    }


@pytest.mark.parametrize(
    "kinds", [("clip_l",), ("open_clip_h",), ("open_clip_g",), ("clip_l", "open_clip_g")]
)
def test_text_encoders_come_back_from_checkpoints_and_files_of_their_own(tiny_checkpoint, tiny_loaded, kinds):
    clip = Clip(towers(*kinds), tiny_loaded.clip.tokenizer)
    tensors = checkpoint_tensors(tiny_loaded.model, clip, tiny_loaded.vae)
    whole = written(tiny_checkpoint.with_name("whole.safetensors"), tensors)
    kind = "sdxl" if len(kinds) == 2 else "stable_diffusion"
    parts = [
        written(tiny_checkpoint.with_name(f"{name}.safetensors"), state)
        for name, state in clip_tensors(clip).items()
    ]
    for paths in ([whole], parts, parts[::-1]):
        read = load_clip(paths, kind)
        assert tuple(read.towers) == kinds
        assert all(same(read.towers[name], tower) for name, tower in clip.towers.items())


def test_numbers_the_format_does_not_have_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"a has the dtype torch\.complex64"):
        written(tmp_path / "a.safetensors", {"a": torch.zeros(1, dtype=torch.complex64)})


def test_a_model_of_another_kind_of_levels_has_no_marks(tiny_loaded):
    plain = model_tensors(tiny_loaded.model).keys()
    assert model_tensors(with_discrete_sampling(tiny_loaded.model, "lcm")).keys() == plain
    assert model_tensors(replace(tiny_loaded.model, dtype=torch.bfloat16)).keys() == plain
