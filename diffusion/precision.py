"""In which precision a network computes where nobody says it for this one network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import nn

from .model import Model
from .names import row
from .vae import Vae

DTYPES: Mapping[str, torch.dtype] = {
    "float32": torch.float32,
    "bfloat16": torch.bfloat16,
    "float16": torch.float16,
}

VAE_DTYPES: Mapping[str, torch.dtype] = {**DTYPES, "float16": torch.float32}
"""Autoencoders' maps reach beyond what float16 can hold, and come out as black pictures then."""

LARGE_NETWORK = 30_000_000
"""Networks of fewer weights gain no time that anybody would notice, and stay in full precision."""


def in_precision(part: object, precision: str) -> Any:
    """Return a model or VAE that computes in a precision, a row of `DTYPES`; a small one in float32.

    A VAE computes in float32 where a model does in float16. Anything else comes back as it is. Statistics
    (norms, softmax) and samplers are in float32 always. Raises UnknownNameError.
    """
    dtype = row(DTYPES, precision, "precision")
    match part:
        case Model():
            return replace(part, dtype=dtype if _is_large(part.unet) else torch.float32)
        case Vae():
            dtype = VAE_DTYPES[precision]
            return replace(part, dtype=dtype if _is_large(part.autoencoder) else torch.float32)
        case _:
            return part


def _is_large(network: nn.Module) -> bool:
    return sum(weight.numel() for weight in network.parameters()) >= LARGE_NETWORK
