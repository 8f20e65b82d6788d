"""Loading TAESD, under its own names, diffusers', or with both halves in one file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from ..errors import CheckpointError
from ..latents.latent_format import LatentFormat
from ..networks.taesd import TinyDecoder, TinyEncoder, TinyVae
from ..networks.unfilled import on_meta
from .filling import Part, fill
from .kinds import described
from .tensorfile import open_tensors

# What may stand before a half's own names; diffusers counts the decoder's layers from behind the clamp.
ENCODER_PREFIXES = {"taesd_encoder.": 0, "encoder.layers.": 0}
DECODER_PREFIXES = {"taesd_decoder.": 0, "decoder.layers.": 1}

ENCODER_MARK, DECODER_MARK = "0.weight", "19.weight"
"""Keys that only an encoder's or a decoder's own file has."""


def load_tiny_decoder(path: Path) -> TinyDecoder:
    """Load the half of TAESD that shows latents.

    Raises CheckpointError: no file of tensors, another kind of model, or keys that do not fit.
    """
    tensors = open_tensors(path).tensors
    found = _half(tensors, DECODER_PREFIXES, DECODER_MARK)
    first = found.get("1.weight")
    if first is None or first.ndim != 4:
        raise CheckpointError(f"{path} cannot be loaded: it holds no TAESD decoder. {described(tensors)}")
    decoder = on_meta(TinyDecoder, first.shape[1])
    _fill(path, (decoder, found))
    return decoder


def load_tiny_vae(encoder: Path, decoder: Path, latent_format: LatentFormat) -> TinyVae:
    """Load both halves of TAESD, from two files or one, as a VAE for a format's latents.

    Raises CheckpointError as `load_tiny_decoder` does.
    """
    tensors = open_tensors(encoder).tensors
    found = _half(tensors, ENCODER_PREFIXES, ENCODER_MARK)
    last = found.get("14.weight")
    if last is None or last.ndim != 4:
        raise CheckpointError(f"{encoder} cannot be loaded: it holds no TAESD encoder. {described(tensors)}")
    network = on_meta(TinyEncoder, last.shape[0])
    _fill(encoder, (network, found))
    return TinyVae(network, load_tiny_decoder(decoder), latent_format)


def _half(tensors: Mapping[str, Tensor], prefixes: Mapping[str, int], mark: str) -> dict[str, Tensor]:
    """Return one half's tensors under its own names; none where the file has not got it."""
    for prefix, ahead in prefixes.items():
        below = {key.removeprefix(prefix): value for key, value in tensors.items() if key.startswith(prefix)}
        if below:
            return {_moved(key, ahead): value for key, value in below.items()}
    return dict(tensors) if mark in tensors else {}


def _moved(key: str, ahead: int) -> str:
    return re.sub(r"^\d+", lambda index: str(int(index[0]) + ahead), key)


def _fill(path: Path, pair: tuple[TinyEncoder | TinyDecoder, Mapping[str, Tensor]]) -> None:
    network, tensors = pair
    try:
        fill((network, Part(tensors)))
    except CheckpointError as error:
        raise CheckpointError(f"{path} cannot be loaded: {error}") from error
