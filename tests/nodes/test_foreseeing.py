"""What nodes foresee is what they give and need."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from inkloom import diffusion
from inkloom.executor import Context, Foreseen, Manager, Memory, NoRoomError
from inkloom.nodes import NODES, open_folders
from inkloom.nodes.data_folder import BUNDLED
from inkloom.nodes.engine import ran_out


@pytest.fixture(scope="module")
def parts() -> dict[str, Any]:
    """Return what inputs of these nodes are called, with values."""
    [folder] = BUNDLED["checkpoints"]
    loaded = diffusion.load_checkpoint(folder / "inklet.safetensors")
    with torch.inference_mode():
        positive, negative = (loaded.clip.encode(text) for text in ("a red circle", ""))
    model = loaded.model
    given: dict[str, Any] = {"model": model, "vae": loaded.vae, "positive": positive, "negative": negative}
    given |= {"seed": 1, "noise_seed": 1, "steps": 2, "cfg": 5.0, "sampler_name": "euler"}
    given |= {"scheduler": "normal", "add_noise": "enable", "return_with_leftover_noise": "disable"}
    given |= {"start_at_step": 0, "end_at_step": 9, "tile_size": 64, "denoise": 1.0}
    given |= {"width": 128, "height": 64, "batch_size": 3, "upscale_method": "bilinear", "crop": "center"}
    given |= {"scale_by": 1.3, "sigmas": diffusion.sigmas_for(model.schedule, "normal", 2)}
    given |= {"sampler": diffusion.sampler_by_name("euler"), "noise": diffusion.RandomNoise(1)}
    given |= {"guider": diffusion.CfgGuider(model, positive, negative, 5.0)}
    given["latent_image"] = given["samples"] = diffusion.empty_latent(72, 96, 2)
    given["pixels"] = torch.zeros(2, 70, 100, 3)
    return given


FORESEEING = [name for name, kind in NODES.types.items() if kind.foresees is not None]


def context(folder: Path, budget: int | None = None) -> Context:
    manager = Manager() if budget is None else Manager({"cpu": budget})
    return Context(folders=open_folders(folder), memory=Memory(manager, ran_out=ran_out))


def called(name: str, ctx: Context, parts: dict[str, Any]) -> tuple[object, ...]:
    kind = NODES[name]
    given = {key: parts[key] for key in kind.inputs if key in parts}
    if name == "SamplerCustom":
        given["add_noise"] = True
    with torch.inference_mode():
        found: Any = kind.function(*([ctx] if kind.takes_context else []), **given)
    return tuple(found) if kind.returns_tuple else (found,)


def foreseen(name: str, parts: dict[str, Any]) -> Foreseen:
    helper = NODES[name].foresees
    assert helper is not None
    found = helper.ask(parts)
    assert isinstance(found, Foreseen)
    return found


def shape(value: Any) -> tuple[int, ...]:
    tensor: Tensor = value["samples"] if isinstance(value, dict) else value
    return tuple(tensor.shape)


def test_the_nodes_that_take_memory_foresee():
    wanted = {
        "KSampler",
        "KSamplerAdvanced",
        "SamplerCustom",
        "SamplerCustomAdvanced",
        "VAEDecode",
        "VAEEncode",
    }
    assert wanted <= set(FORESEEING)


@pytest.mark.parametrize("name", FORESEEING)
def test_outputs_have_the_sizes_that_were_foreseen(name: str, tmp_path: Path, parts: dict[str, Any]):
    given = called(name, context(tmp_path), parts)
    told = foreseen(name, parts).outputs[: len(given)]
    assert [shape(value) for value in told] == [shape(value) for value in given]


@pytest.mark.parametrize("name", FORESEEING)
def test_what_is_foreseen_not_to_fit_does_not_and_what_does_not_is_foreseen(
    name: str, tmp_path: Path, parts: dict[str, Any]
):
    told = foreseen(name, parts)
    if not told.ways:
        return
    least = min(way.needs(told.weights) for way in told.ways)
    tight, enough = context(tmp_path, least - 1), context(tmp_path, least)
    with pytest.raises(NoRoomError):
        tight.memory.foresee(told.weights, told.ways)
    with pytest.raises(NoRoomError):
        called(name, tight, parts)
    enough.memory.foresee(told.weights, told.ways)
    called(name, enough, parts)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("KSampler", {"denoise": 0.0}),
        ("KSamplerAdvanced", {"start_at_step": 2}),
        ("SamplerCustom", {"sigmas": torch.zeros(1)}),
    ],
)
def test_a_sampler_without_steps_needs_nothing(
    name: str, change: dict[str, Any], tmp_path: Path, parts: dict[str, Any]
):
    changed = parts | change
    assert foreseen(name, changed).ways == ()
    called(name, context(tmp_path, 1), changed)
