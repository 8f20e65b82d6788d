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

DTYPES: Mapping[str, torch.dtype] = {"float32": torch.float32, "bfloat16": torch.bfloat16}

LARGE_NETWORK = 30_000_000
"""Networks of fewer weights gain no time that anybody would notice, and stay in full precision."""


def in_precision(part: object, precision: str) -> Any:
    """Return a model or VAE that computes in a precision, "float32" or "bfloat16"; a small one in float32.

    Anything else comes back as it is. Statistics (norms, softmax) and samplers are in float32 always. Raises
    UnknownNameError.
    """
    dtype = row(DTYPES, precision, "precision")
    match part:
        case Model():
            return replace(part, dtype=dtype if _weights(part.unet) >= LARGE_NETWORK else torch.float32)
        case Vae():
            return replace(
                part, dtype=dtype if _weights(part.autoencoder) >= LARGE_NETWORK else torch.float32
            )
        case _:
            return part


def _weights(network: nn.Module) -> int:
    return sum(weight.numel() for weight in network.parameters())
