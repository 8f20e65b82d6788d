"""Nodes that load, save and mix models, called as plain functions on the embedded model."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from inkloom import diffusion
from inkloom.diffusion.files.tensorfile import open_tensors
from inkloom.executor import Context
from inkloom.nodes import loaders, merging, model_sampling, open_folders, saving
from inkloom.nodes.data_folder import BUNDLED

INKLET = BUNDLED["checkpoints"][0] / "inklet.safetensors"
UNET, TEXT = "model.diffusion_model.", "cond_stage_model.transformer."


@pytest.fixture
def ctx(tmp_path: Path) -> Context:
    return Context(folders=open_folders(tmp_path))


@pytest.fixture(scope="module")
def inklet() -> diffusion.Checkpoint:
    return diffusion.load_checkpoint(INKLET)


def placed(ctx: Context, kind: str, name: str, tensors: dict[str, torch.Tensor]) -> None:
    """Write a model's file into a user's folder, with inklet's tokenizer beside it."""
    folder = ctx.folders.root(kind)
    folder.mkdir(parents=True, exist_ok=True)
    save_file(tensors, folder / name)
    shutil.copytree(INKLET.parent / "tokenizer", folder / "tokenizer", dirs_exist_ok=True)


def below(prefix: str) -> dict[str, torch.Tensor]:
    tensors = load_file(INKLET)
    return {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}


def test_a_unet_loads_on_its_own(ctx: Context, inklet: diffusion.Checkpoint):
    placed(ctx, "diffusion_models", "unet.safetensors", below(UNET))
    model = loaders.unet_loader(ctx, unet_name="unet.safetensors", weight_dtype="default")
    assert model.family is inklet.model.family
    assert model.unet.spec == inklet.model.unet.spec
    small = loaders.unet_loader(ctx, unet_name="unet.safetensors", weight_dtype="fp8_e5m2")
    assert {parameter.dtype for parameter in small.unet.parameters()} == {torch.float8_e5m2}


def test_a_text_encoder_loads_on_its_own(ctx: Context, inklet: diffusion.Checkpoint):
    placed(ctx, "text_encoders", "clip.safetensors", below(TEXT))
    clip = loaders.clip_loader(ctx, clip_name="clip.safetensors", type="stable_diffusion")
    assert torch.equal(clip.encode("a red circle")[0][0], inklet.clip.encode("a red circle")[0][0])


@pytest.mark.parametrize(
    ("config", "prediction", "last_layer"),
    [
        ("model: {params: {parameterization: v}}", "v", None),
        ("model: {params: {parameterization: eps}}", "eps", None),
        ("model: {params: {cond_stage_config: {params: {layer: hidden, layer_idx: -2}}}}", "v", -2),
        ("model: {params: {cond_stage_config: {params: {layer: hidden, layer_idx: 1}}}}", "v", -2),
    ],
)
def test_a_config_says_what_the_keys_do_not(
    ctx: Context, inklet: diffusion.Checkpoint, config: str, prediction: str, last_layer: int | None
):
    folder = ctx.folders.root("configs")
    folder.mkdir(parents=True)
    (folder / "a.yaml").write_text(config, encoding="utf-8")
    loaded = loaders.checkpoint_loader(ctx, config_name="a.yaml", ckpt_name="inklet.safetensors")
    assert loaded.MODEL.prediction.name == prediction
    layers = loaded.CLIP.towers["clip_l"].spec.layers
    expected = 1 - layers - 1 if "layer_idx: 1" in config else last_layer
    assert loaded.CLIP.last_layer == expected


@pytest.mark.parametrize("text", ["[1]", "model: {params: {parameterization: w}}", "a: ["])
def test_a_config_that_says_nothing_known_is_refused(ctx: Context, text: str):
    folder = ctx.folders.root("configs")
    folder.mkdir(parents=True)
    (folder / "a.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(diffusion.CheckpointError, match=r"a\.yaml"):
        loaders.checkpoint_loader(ctx, config_name="a.yaml", ckpt_name="inklet.safetensors")


def test_what_is_saved_lies_where_loaders_look(ctx: Context, inklet: diffusion.Checkpoint):
    told = {"prompt": {"1": {"class_type": "X"}}, "extra_pnginfo": {"workflow": {}}}
    model, clip, vae = inklet.model, inklet.clip, inklet.vae
    written = {
        "checkpoints": saving.checkpoint_save(ctx, model=model, clip=clip, vae=vae, **told),
        "diffusion_models": saving.model_save(ctx, model=model, **told),
        "text_encoders": saving.clip_save(ctx, clip=clip, **told),
        "vae": saving.vae_save(ctx, vae=vae, **told),
    }
    names = {kind: ui.files[0].name for kind, ui in written.items()}
    assert names == {
        "checkpoints": "ComfyUI_00001_.safetensors",
        "diffusion_models": "ComfyUI_00001_.safetensors",
        "text_encoders": "ComfyUI_clip_l_00001_.safetensors",
        "vae": "ComfyUI_vae_00001_.safetensors",
    }
    for kind, ui in written.items():
        assert ctx.folders.path(kind, names[kind]) == ui.files[0]
        metadata = open_tensors(ui.files[0]).metadata
        assert metadata["prompt"] == '{"1": {"class_type": "X"}}'
        assert metadata["workflow"] == "{}"
    again = loaders.unet_loader(ctx, unet_name=names["diffusion_models"], weight_dtype="default")
    assert again.prediction.name == "v"
    assert again.schedule.sigmas[-1] > 1000
    loaded = loaders.vae_loader(ctx, vae_name=names["vae"])
    assert isinstance(loaded, diffusion.Vae)
    assert loaded.autoencoder.spec == vae.autoencoder.spec


def test_saving_again_takes_the_next_number(ctx: Context, inklet: diffusion.Checkpoint):
    for number in (1, 2):
        ui = saving.vae_save(ctx, vae=inklet.vae, filename_prefix="a/b", prompt=None, extra_pnginfo=None)
        assert ui.files[0] == ctx.folders.root("output").resolve() / f"a/b_{number:05}_.safetensors"


def test_models_are_mixed_row_by_row(inklet: diffusion.Checkpoint):
    other = merging.model_merge_subtract(model1=inklet.model, model2=inklet.model, multiplier=1.0)
    ratios = dict.fromkeys(merging.SD1_ROWS, 1.0) | {"out.": 0.5}
    mixed = merging.model_merge_sd1(model1=inklet.model, model2=other, **ratios)
    mine = inklet.model.unet.state_dict()
    for name, tensor in mixed.unet.state_dict().items():
        expected = mine[name] / 2 if name.startswith("out.") else mine[name]
        assert torch.equal(tensor, expected), name


def test_a_model_is_told_what_it_predicts(inklet: diffusion.Checkpoint):
    changed = model_sampling.model_sampling_discrete(model=inklet.model, sampling="eps")
    assert changed.prediction.name == "eps"
    assert changed.schedule.sigmas[-1].item() == pytest.approx(14.6146, rel=1e-5)


@pytest.mark.parametrize("whole", [True, False])
def test_what_is_saved_reads_prompts_as_before(ctx: Context, inklet: diffusion.Checkpoint, whole: bool):
    """inklet has a vocabulary of its own, which must travel with its text encoder."""
    known = {"prompt": None, "extra_pnginfo": None, "clip": inklet.clip}
    if whole:
        ui = saving.checkpoint_save(
            ctx, model=inklet.model, vae=inklet.vae, filename_prefix="checkpoints/a", **known
        )
        again = loaders.checkpoint_loader_simple(ctx, ckpt_name=ui.files[0].name).CLIP
    else:
        ui = saving.clip_save(ctx, filename_prefix="clip/a", **known)
        again = loaders.clip_loader(ctx, clip_name=ui.files[0].name, type="stable_diffusion")
    for text in ("a red circle", "strange words, 3 of them"):
        assert torch.equal(again.encode(text)[0][0], inklet.clip.encode(text)[0][0])
