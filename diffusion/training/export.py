"""Write the trained parts as one checkpoint in the original Stable Diffusion layout."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, cast

import safetensors.torch
import torch
from torch import Tensor

from ..autoencoder import Autoencoder
from ..checkpoint import AUTOENCODER, TEXT, UNET
from .train_diffusion import Denoiser

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


def export(path: Path, denoiser: Denoiser, vae: Autoencoder) -> int:
    """Write the checkpoint whole or not at all; give its size in bytes."""
    temporary = path.with_suffix(".tmp")
    cast("Any", safetensors.torch).save_file(checkpoint(denoiser, vae), temporary, metadata=METADATA)
    temporary.chmod(0o644)  # safetensors writes for the owner alone
    os.replace(temporary, path)
    return path.stat().st_size
