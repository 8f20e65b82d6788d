"""Models in diffusers' layout: the same numbers as from the original's files."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from inkloom.diffusion.errors import CheckpointError
from inkloom.diffusion.files.checkpoint import load_checkpoint, load_unet, load_vae
from inkloom.diffusion.files.diffusers_folder import load_diffusers
from inkloom.diffusion.files.diffusers_names import renamed, unet_pairs, vae_pairs

UNET, VAE, TEXT = "model.diffusion_model.", "first_stage_model.", "cond_stage_model.transformer."


def theirs(tensors: dict[str, Tensor], prefix: str, pairs: Any, like: list[str]) -> dict[str, Tensor]:
    """Bring the tensors below a prefix to diffusers' names; `like` are keys that show the levels."""
    names = dict(pairs(like))
    return {
        renamed(key.removeprefix(prefix), names): tensor.contiguous()
        for key, tensor in tensors.items()
        if key.startswith(prefix)
    }


# Of these the numbers of levels and blocks are read, and whether an upsampler stands behind attention.
TINY_UNET = [
    *("down_blocks.0.resnets.0.conv1.weight", "down_blocks.1.resnets.0.conv1.weight"),
    "up_blocks.1.attentions.1.norm.weight",
]
TINY_VAE = ["encoder.down_blocks.0.resnets.0.conv1.weight", "encoder.down_blocks.1.resnets.0.conv1.weight"]


@pytest.mark.parametrize("name", ["tiny-sd1-l2", "tiny-sdxl", "tiny-vae"])
def test_every_name_becomes_the_originals_and_back(name):
    with gzip.open(Path(__file__).parents[1] / "data/state-dicts/diffusers-names.json.gz") as file:
        table: dict[str, str] = json.load(file)[name]
    pairs = list((vae_pairs if name == "tiny-vae" else unet_pairs)(table.values()))
    ours, others = {b: a for a, b in pairs}, dict(pairs)
    assert {key: renamed(key, others) for key in table} == table
    assert {key: renamed(key, ours) for key in table.values()} == {b: a for a, b in table.items()}


def write_json(path: Path, content: Any) -> None:
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_text(json.dumps(content), encoding="utf-8")


@pytest.fixture
def folder(tiny_checkpoint: Path, tiny_tensors: dict[str, Tensor]) -> Path:
    """Write the tiny checkpoint in diffusers' layout, beside the original."""
    folder = tiny_checkpoint.parent
    components = {"unet": ["diffusers", "UNet2DConditionModel"], "vae": ["diffusers", "AutoencoderKL"]}
    components |= {
        "text_encoder": ["transformers", "CLIPTextModel"],
        "tokenizer": ["transformers", "CLIPTokenizer"],
    }
    write_json(
        folder / "model_index.json", {"_class_name": "X", **components, "safety_checker": [None, None]}
    )
    write_json(folder / "unet/config.json", {"attention_head_dim": 8, "block_out_channels": [32, 32]})
    vae = {
        key: tensor[:, :, 0, 0] if ".attentions.0.to_" in key and tensor.ndim == 4 else tensor
        for key, tensor in theirs(tiny_tensors, VAE, vae_pairs, TINY_VAE).items()
    }
    parts = {
        "unet/diffusion_pytorch_model": theirs(tiny_tensors, UNET, unet_pairs, TINY_UNET),
        "vae/diffusion_pytorch_model": {key: tensor.contiguous() for key, tensor in vae.items()},
        "text_encoder/model": theirs(tiny_tensors, TEXT, lambda _: (), []),
    }
    for name, tensors in parts.items():
        (folder / name).parent.mkdir(exist_ok=True)
        save_file(tensors, folder / f"{name}.safetensors")
    return folder


def state(network: torch.nn.Module) -> dict[str, Tensor]:
    return network.state_dict()


def test_a_folder_gives_what_the_one_file_gives(folder):
    one, other = load_checkpoint(folder / "tiny.safetensors"), load_diffusers(folder)
    pairs = [
        (one.model.unet, other.model.unet),
        (one.vae.autoencoder, other.vae.autoencoder),
        (one.clip.towers["clip_l"], other.clip.towers["clip_l"]),
    ]
    for ours, read in pairs:
        assert state(ours).keys() == state(read).keys()
        assert all(torch.equal(tensor, state(read)[key]) for key, tensor in state(ours).items())
    assert other.model.family.name == "sd1"
    assert other.clip.tokenizer.size == 515


def test_parts_of_a_folder_load_on_their_own(folder, tiny_tensors):
    unet = load_unet(folder / "unet/diffusion_pytorch_model.safetensors").unet
    assert torch.equal(state(unet)["out.2.bias"], tiny_tensors[f"{UNET}out.2.bias"])
    vae = load_vae(folder / "vae/diffusion_pytorch_model.safetensors").autoencoder
    assert torch.equal(
        state(vae)["decoder.mid.attn_1.q.weight"], tiny_tensors[f"{VAE}decoder.mid.attn_1.q.weight"]
    )


@pytest.mark.parametrize("name", ["diffusion_pytorch_model.fp16.safetensors", "diffusion_pytorch_model.bin"])
def test_variants_and_pickles_are_found(folder, name):
    path = folder / "unet/diffusion_pytorch_model.safetensors"
    if name.endswith(".bin"):
        from safetensors.torch import load_file

        torch.save(load_file(path), folder / "unet" / name)
        path.unlink()
    else:
        path.rename(folder / "unet" / name)
    assert load_diffusers(folder).model.family.name == "sd1"


def split(folder: Path) -> Path:
    """Split the U-Net into two shards; return their index."""
    from safetensors.torch import load_file

    path = folder / "unet/diffusion_pytorch_model.safetensors"
    tensors = {key: tensor.clone() for key, tensor in load_file(path).items()}
    path.unlink()
    keys = sorted(tensors)
    shards = {"a.safetensors": keys[::2], "b.safetensors": keys[1::2]}
    for shard, names in shards.items():
        save_file({name: tensors[name] for name in names}, path.with_name(shard))
    index = path.with_name("diffusion_pytorch_model.safetensors.index.json")
    write_json(index, {"weight_map": {name: shard for shard, names in shards.items() for name in names}})
    return index


def test_shards_are_put_together(folder):
    split(folder)
    assert load_diffusers(folder).model.family.name == "sd1"


def test_a_shard_that_is_not_there_is_named(folder):
    split(folder).with_name("b.safetensors").unlink()
    with pytest.raises(CheckpointError, match=r"unet/b\.safetensors cannot be read: No such file"):
        load_diffusers(folder)


def test_an_index_cannot_lead_out_of_its_folder(folder):
    write_json(
        split(folder), {"weight_map": {"conv_in.weight": "../vae/diffusion_pytorch_model.safetensors"}}
    )
    with pytest.raises(CheckpointError, match="names files outside of its folder"):
        load_diffusers(folder)


@pytest.mark.parametrize(
    ("config", "name", "largest"),
    [
        ({"prediction_type": "epsilon"}, "eps", 14.6146),
        ({"prediction_type": "v_prediction", "rescale_betas_zero_snr": True}, "v", 4518.76),
    ],
)
def test_the_scheduler_tells_what_the_network_predicts(folder, config, name, largest):
    write_json(folder / "scheduler/scheduler_config.json", config)
    model = load_diffusers(folder).model
    assert (model.prediction.name, model.schedule.sigmas[-1].item()) == (
        name,
        pytest.approx(largest, rel=1e-5),
    )


@pytest.mark.parametrize(
    ("told", "heads"),
    [({"attention_head_dim": [4, 4]}, 4), ({"attention_head_dim": 8, "num_attention_heads": 2}, 2), ({}, 8)],
)
def test_the_config_tells_the_number_of_heads(folder, told, heads):
    write_json(folder / "unet/config.json", {"block_out_channels": [32, 32], **told})
    assert load_diffusers(folder).model.unet.spec.heads_of(32) == heads


def test_keys_are_told_as_the_file_has_them(folder):
    path = folder / "unet/diffusion_pytorch_model.safetensors"
    from safetensors.torch import load_file

    tensors = {key: tensor.clone() for key, tensor in load_file(path).items()}
    tensors["strange.weight"] = tensors.pop("mid_block.attentions.0.proj_in.bias")
    save_file(tensors, path)
    with pytest.raises(CheckpointError) as caught:
        load_diffusers(folder)
    assert "1 missing (mid_block.attentions.0.proj_in.bias)" in str(caught.value)
    assert "1 unexpected (strange.weight)" in str(caught.value)


@pytest.mark.parametrize(
    ("lacking", "said"),
    [
        ("model_index.json", "model_index.json cannot be read: No such file"),
        ("vae/diffusion_pytorch_model.safetensors", "there are no weights in"),
        ("text_encoder/model.safetensors", "there are no weights in"),
    ],
)
def test_what_a_folder_lacks_is_told(folder, lacking, said):
    (folder / lacking).unlink()
    with pytest.raises(CheckpointError, match=said):
        load_diffusers(folder)
