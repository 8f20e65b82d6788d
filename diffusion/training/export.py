"""Write the trained parts as one checkpoint in the original Stable Diffusion layout."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import safetensors.torch
import torch
from torch import Tensor

from ..files.checkpoint import AUTOENCODER, TEXT, UNET, load_vae
from ..files.tensorfile import open_tensors
from ..latents.latent_format import SD1
from ..latents.previews import COLOURS, fitted_colours
from ..networks.autoencoder import Autoencoder
from .scenes import training_scene
from .train_diffusion import Denoiser
from .train_vae import pictures, to_signed

SCENES = 16
"""Scenes that the colours of the latents are fitted to: 4,096 cells, for 15 numbers."""

METADATA = {
    "format": "pt",
    "modelspec.title": "inklet",
    "modelspec.architecture": "stable-diffusion-v1",
    "modelspec.implementation": "sgm",
    "modelspec.prediction_type": "v",
    "modelspec.license": "Apache-2.0",
    "modelspec.description": "Trained from scratch by inkloom on pictures that it drew itself.",
}


def checkpoint(denoiser: Denoiser, vae: Autoencoder) -> dict[str, Tensor]:
    """Give all weights in float16 under their original names, with the markers of what the U-Net predicts.

    `vae` has the normalisation of its latents folded in.
    """
    parts = {UNET: denoiser.unet, AUTOENCODER: vae, TEXT: denoiser.tower}
    weights = {
        prefix + name: tensor.detach().to("cpu", torch.float16).contiguous()
        for prefix, part in parts.items()
        for name, tensor in part.state_dict().items()
    }
    markers = {"v_pred": torch.zeros(0), "ztsnr": torch.zeros(0)}
    return weights | markers


@torch.no_grad()
def latent_colours(vae: Autoencoder, scenes: int = SCENES) -> str:
    """Fit the colours of an autoencoder's latents to drawn scenes; give them as a checkpoint's metadata."""
    drawn = pictures([training_scene(0, index) for index in range(scenes)])
    weight = next(vae.parameters())
    x = SD1.to_model(vae.encode(to_signed(drawn).to(weight)).cpu().float())
    return json.dumps(fitted_colours(x, drawn.movedim(1, -1) / 255))


def export(path: Path, denoiser: Denoiser, vae: Autoencoder) -> int:
    """Write the checkpoint whole or not at all; give its size in bytes."""
    return _write(path, checkpoint(denoiser, vae), METADATA | {COLOURS: latent_colours(vae)})


def stamp(path: Path) -> str:
    """Fit the colours of the latents of a checkpoint as it is and write them into its metadata; give them."""
    file = open_tensors(path)
    colours = latent_colours(load_vae(path).autoencoder.float())
    _write(path, file.tensors, {**file.metadata, COLOURS: colours})
    return colours


def _write(path: Path, tensors: Mapping[str, Tensor], metadata: Mapping[str, str]) -> int:
    temporary = path.with_suffix(".tmp")
    cast("Any", safetensors.torch).save_file(dict(tensors), temporary, metadata=dict(metadata))
    temporary.chmod(0o644)  # safetensors writes for the owner alone
    os.replace(temporary, path)
    return path.stat().st_size
