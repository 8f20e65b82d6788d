"""Telling what kind of model a file holds, by its keys, for messages about files that do not fit."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ..errors import CheckpointError

# Files that are no model of the Stable Diffusion family, by a pattern that one of their keys has.
OTHERS = {
    r"\.lora_(up|down|A|B)\b|lora_linear_layer|_lora\.(up|down)\.": "a LoRA, which changes another model",
    r"\.(hada|lokr)_|\.on_input$|\.diff$": "a LyCORIS file, which changes another model",
    r"(^|\.)ip_adapter\.": "an IP-Adapter, which is added to another model",
    r"^control_model\.|(^|\.)input_hint_block\.|^lora_controlnet$|^controlnet_": "a ControlNet",
    r"^(adapter\.)?body\.\d+\.(block1|in_conv|resnets)": "a T2I-Adapter",
    r"^position_net\.|\.fuser\.alpha_attn$": "a GLIGEN file, which is added to another model",
    r"double_blocks\.0\.|^single_transformer_blocks\.0\.": "a Flux model",
    r"joint_blocks\.0\.|^transformer_blocks\.0\.attn\.add_k_proj\.": "a Stable Diffusion 3 model",
    r"\.time_stack\.": "a Stable Video Diffusion model",
    r"motion_modules\.\d": "a motion module (AnimateDiff)",
    r"\btime_embed(ding)?\.cond_proj\.": (
        "a U-Net distilled to take its guidance scale as an input (LCM); such a LoRA works instead"
    ),
    r"^(taesd_)?decoder\.layers\.\d+\.conv\.|^\d+\.conv\.\d\.weight$": "a small preview autoencoder (TAESD)",
    r"^emb_params$|^string_to_param|^clip_[gl]$": "a textual-inversion embedding",
    r"^conv_first\.|\bRRDB_trunk\.|^model\.1\.sub\.|^body\.\d+\.weight$": "an upscaler",
}

# Parts of the family, which other loaders read.
PARTS = {
    r"^(model\.diffusion_model\.)?label_emb\.": "an SDXL U-Net",
    r"^model\.diffusion_model\.input_blocks\.0\.|^input_blocks\.0\.": "a U-Net alone",
    r"^down_blocks\.\d+\.(attentions|resnets)\.": "a U-Net under diffusers' names",
    r"^(encoder|decoder)\.mid_block\.": "an image autoencoder under diffusers' names",
    r"^(first_stage_model\.)?decoder\.conv_in\.": "an image autoencoder alone",
    r"^(conditioner\.embedders|cond_stage_model)\.|^text_model\.|^transformer\.resblocks\.0\.": (
        "a text encoder alone"
    ),
    r"^encoder\.block\.0\.layer\.0\.": "a T5 text encoder alone",
}


def described(keys: Iterable[str]) -> str:
    """Say what a file with these keys looks like, in a sentence that shows some of them."""
    keys = sorted(keys)
    if kind := _kind(keys, OTHERS | PARTS):
        return kind
    return f"It has {some(keys)}" if keys else "It holds no tensors"


def refuse_others(keys: Iterable[str]) -> None:
    """Raise CheckpointError for the keys of a file that is no model of the Stable Diffusion family."""
    if kind := _kind(sorted(keys), OTHERS):
        raise CheckpointError(f"it is no model of the Stable Diffusion family. {kind}")


def _kind(keys: list[str], kinds: dict[str, str]) -> str | None:
    for pattern, kind in kinds.items():
        if found := [key for key in keys if re.search(pattern, key)]:
            return f"It looks like {kind}: it has {some(found)}"
    return None


def some(names: Iterable[str], most: int = 3) -> str:
    """Show the first few names in order, and how many there are."""
    names = sorted(names)
    shown = ", ".join(names[:most])
    return f"{shown}, … ({len(names)} in all)" if len(names) > most else shown
