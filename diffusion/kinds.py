"""Telling what kind of model a file holds, by its keys, for messages about files that do not fit."""

from __future__ import annotations

import re
from collections.abc import Iterable

# What a file may be, by a pattern that one of its keys has; the first that fits names it.
KINDS = {
    r"\.lora_(up|down|A|B)\b|lora_linear_layer|_lora\.(up|down)\.": "a LoRA, which changes another model",
    r"\.(hada|lokr)_|\.on_input$|\.diff$": "a LyCORIS file, which changes another model",
    r"(^|\.)ip_adapter\.": "an IP-Adapter, which is added to another model",
    r"^control_model\.|^input_hint_block\.|^lora_controlnet$|^controlnet_": "a ControlNet",
    r"^(adapter\.)?body\.\d+\.(block1|in_conv|resnets)": "a T2I-Adapter",
    r"joint_blocks\.0\.": "a Stable Diffusion 3 model",
    r"double_blocks\.0\.": "a Flux model",
    r"^conditioner\.embedders\.1\.": "an SDXL checkpoint",
    r"^conditioner\.embedders\.0\.model\.": "an SDXL refiner or Stable Diffusion 2 checkpoint",
    r"^cond_stage_model\.model\.": "a Stable Diffusion 2 checkpoint",
    r"^(model\.diffusion_model\.)?label_emb\.": "an SDXL U-Net",
    r"^input_blocks\.0\.": "a U-Net alone",
    r"^down_blocks\.\d+\.(attentions|resnets)\.": "a U-Net under diffusers' names",
    r"^(encoder|decoder)\.mid_block\.": "an image autoencoder under diffusers' names",
    r"^decoder\.conv_in\.": "an image autoencoder alone",
    r"^text_model\.|^transformer\.resblocks\.0\.|^encoder\.block\.0\.layer\.0\.": "a text encoder alone",
    r"^emb_params$|^string_to_param|^clip_[gl]$": "a textual-inversion embedding",
    r"^conv_first\.|\bRRDB_trunk\.|^model\.1\.sub\.": "an upscaler",
}


def described(keys: Iterable[str]) -> str:
    """Say what a file with these keys looks like, in a sentence that shows some of them."""
    keys = sorted(keys)
    for pattern, kind in KINDS.items():
        if found := [key for key in keys if re.search(pattern, key)]:
            return f"It looks like {kind}: it has {some(found)}"
    return f"It has {some(keys)}" if keys else "It holds no tensors"


def some(names: Iterable[str], most: int = 3) -> str:
    """Show the first few names in order, and how many there are."""
    names = sorted(names)
    shown = ", ".join(names[:most])
    return f"{shown}, … ({len(names)} in all)" if len(names) > most else shown
