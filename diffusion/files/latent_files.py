"""Latents as files: `.latent`, a safetensors file with a tensor `latent_tensor` and a mark of its scale."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import safetensors.torch
import torch

from ..errors import CheckpointError
from ..latents.latent_format import SD1
from ..values import Latent
from .kinds import described
from .tensorfile import open_tensors

TENSOR = "latent_tensor"
UNSCALED = "latent_format_version_0"
"""A key, with nothing below it, that says the latent is in its autoencoder's scale."""

MASK, INDEX, SIZE = "noise_mask", "batch_index", "batch_size"


def latent_bytes(latent: Latent, texts: Mapping[str, str]) -> bytes:
    """Return the content of a `.latent` file; `texts` are its metadata.

    Besides the samples, which is what other programs read, it keeps the noise mask and the batch indices.
    """
    tensors = {TENSOR: latent["samples"].cpu().contiguous(), UNSCALED: torch.zeros(0)}
    if (mask := latent.get("noise_mask")) is not None:
        tensors[MASK] = mask.cpu().contiguous()
    if (index := latent.get("batch_index")) is not None:
        tensors[INDEX] = torch.tensor(index)
    if (size := latent.get("batch_size")) is not None:
        tensors[SIZE] = torch.tensor(size)
    return cast("bytes", cast("Any", safetensors.torch).save(tensors, dict(texts)))


def read_latent(path: Path) -> Latent:
    """Read a `.latent` file; one without the mark of its scale is in that of a Stable Diffusion 1 model.

    Raises CheckpointError for a file that is none or is cut off.
    """
    # Copied: what is mapped from a file must not be written to, and ends when the file is changed.
    tensors = {key: tensor.clone() for key, tensor in open_tensors(path).tensors.items()}
    if TENSOR not in tensors:
        raise CheckpointError(f"{path} is not a latent: it has no {TENSOR}. {described(tensors)}")
    samples = tensors[TENSOR].float()
    latent: Latent = {"samples": samples if UNSCALED in tensors else SD1.to_autoencoder(samples)}
    if MASK in tensors:
        latent["noise_mask"] = tensors[MASK]
    if INDEX in tensors:
        latent["batch_index"] = [int(k) for k in tensors[INDEX]]
    if SIZE in tensors:
        latent["batch_size"] = int(tensors[SIZE])
    return latent
