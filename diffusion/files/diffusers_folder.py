"""Models as diffusers lays them out: a folder with `model_index.json` and one folder for each component."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from torch import Tensor

from ..errors import CheckpointError
from .checkpoint import (
    NO_HEADS,
    Checkpoint,
    Heads,
    assembled,
    clip_of,
    model_of,
    naming,
    tokenizer_for,
    vae_of,
)
from .kinds import described
from .layouts import autoencoder_part, plain, unet_part
from .parameterization import Marks, marks_of_scheduler, parameterization
from .tensorfile import open_tensors

INDEX = "model_index.json"
NAMES = ("diffusion_pytorch_model", "model", "pytorch_model")
"""How the files of weights are called; the one variant there is, is fp16."""
ENDINGS = (
    "{}.safetensors",
    "{}.safetensors.index.json",
    "{}.fp16.safetensors",
    "{}.safetensors.index.fp16.json",
    "{}.fp16.safetensors.index.json",
    "{}.bin",
    "{}.bin.index.json",
    "{}.fp16.bin",
)
"""The endings of these files, the first that is there is taken: full precision first."""


def load_diffusers(folder: Path, *, prediction: str | None = None) -> Checkpoint:
    """Load a model from a folder in diffusers' layout; single files, shards and the fp16 variant are read.

    `prediction` as for `load_checkpoint`. Raises CheckpointError as it does.
    """
    with naming(folder):
        components = read_json(folder / INDEX)
        encoders = [name for name in ("text_encoder", "text_encoder_2") if _there(components, name)]
        if lacking := [name for name in ("unet", "vae") if not _there(components, name)]:
            raise CheckpointError(
                f"it has no {' and no '.join(lacking)}; its {INDEX} has {', '.join(components)}"
            )
        tensors = {name: component_tensors(folder / name) for name in ("unet", "vae", *encoders)}
        unet, autoencoder = unet_part(tensors["unet"]), autoencoder_part(tensors["vae"])
        if unet is None:
            raise CheckpointError(f"its unet is no U-Net. {described(tensors['unet'])}")
        if autoencoder is None:
            raise CheckpointError(f"its vae is no VAE. {described(tensors['vae'])}")
        marks = marks_of_folder(folder)
        # Of these networks only the schedulers tell that they are no SDXL.
        named = {"edm": "edm_mean", "v_prediction": "edm_vpred.sigma_max"}
        keys = [named.get(marks.prediction or "", "")] if marks.continuous else []
        texts = [(tensors[name], "") for name in encoders]
        parts = assembled(unet, autoencoder, texts, keys, heads_of(folder / "unet"))
        tokens = next(
            (name for name in ("tokenizer", "tokenizer_2") if _there(components, name)), "tokenizer"
        )
        return Checkpoint(
            model=model_of(
                parts.unet,
                parts.family,
                parameterization(parts.family, unet, marks, prediction),
                folder.name,
            ),
            clip=clip_of(parts.towers, tokenizer_for(folder / tokens, parts.towers), folder.name),
            vae=vae_of(parts.autoencoder, folder.name),
        )


def component_tensors(folder: Path) -> dict[str, Tensor]:
    """Return the tensors of a component's file or shards, mapped.

    Raises CheckpointError where there is no file of a known name, or where a shard is not there.
    """
    known = [ending.format(name) for ending in ENDINGS for name in NAMES]
    path = next((folder / name for name in known if (folder / name).is_file()), None)
    if path is None:
        raise CheckpointError(f"there are no weights in {folder}; known names are {', '.join(known[:3])}, …")
    if path.suffix != ".json":
        return plain(open_tensors(path).tensors)
    shards = dict.fromkeys(cast("Mapping[str, str]", read_json(path).get("weight_map", {})).values())
    if unsafe := [name for name in shards if Path(name).name != name]:
        raise CheckpointError(f"{path} names files outside of its folder: {', '.join(unsafe)}")
    return plain({key: t for name in shards for key, t in open_tensors(folder / name).tensors.items()})


def marks_of_folder(folder: Path) -> Marks:
    """Return what a model's scheduler says about its parameterization; without a scheduler nothing."""
    path = folder / "scheduler" / "scheduler_config.json"
    return marks_of_scheduler(read_json(path)) if path.is_file() else Marks()


def heads_of(folder: Path) -> Heads:
    """Return the attention heads that a U-Net's config tells; its `attention_head_dim` is their number.

    Raises CheckpointError for heads of different widths.
    """
    path = folder / "config.json"
    config = read_json(path) if path.is_file() else {}
    told: object = config.get("num_attention_heads") or config.get("attention_head_dim")
    if isinstance(told, int):
        return Heads(heads=told)
    if not isinstance(told, list):
        return NO_HEADS
    numbers, widths = cast("Sequence[int]", told), cast("Sequence[int]", config.get("block_out_channels", ()))
    found = {width // heads for width, heads in zip(widths, numbers, strict=False)}
    if len(found) != 1:
        raise CheckpointError(f"{path}: heads of {sorted(found)} channels; all must have as many")
    return Heads(head_channels=found.pop())


def read_json(path: Path) -> dict[str, Any]:
    """Read a table from a JSON file. Raises CheckpointError where there is none."""
    try:
        content: object = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CheckpointError(f"{path} cannot be read: {error.strerror or error}") from error
    except ValueError as error:
        raise CheckpointError(f"{path} is not JSON: {error}") from error
    if not isinstance(content, dict):
        raise CheckpointError(f"{path} holds no table")
    return cast("dict[str, Any]", content)


def _there(components: Mapping[str, Any], name: str) -> bool:
    """Tell whether `model_index.json` has a component: it is [library, class], or [null, null] where not."""
    return any(components.get(name) or ())
