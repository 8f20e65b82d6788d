"""Handles: what a loaded checkpoint is to the rest of the house. Light, immutable, sharing their weights."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import TypeAlias

import torch
from torch import Tensor, nn

from .autoencoder import Autoencoder
from .prediction import Prediction
from .schedule import NoiseSchedule
from .text import TextTower
from .tokenizer import Tokenizer
from .unet import UNet
from .values import Conditioning

Patch: TypeAlias = Callable[[nn.Module], AbstractContextManager[None]]
"""Changes what a network computes while it is entered, and undoes it on leaving."""


@dataclass(frozen=True)
class LatentFormat:
    """How a family's model sees the autoencoder's latents: `(z - shift) * scale`, of `channels` channels."""

    channels: int
    scale: float
    shift: float = 0.0

    def to_model(self, z: Tensor) -> Tensor:
        """Bring an autoencoder's latent to the model's scale."""
        return (z - self.shift) * self.scale

    def to_autoencoder(self, x: Tensor) -> Tensor:
        """Bring a model's latent back to the autoencoder's scale."""
        return x / self.scale + self.shift


SD1 = LatentFormat(channels=4, scale=0.18215)


@dataclass(frozen=True, eq=False)
class Model:
    """A denoising network and what its input and output mean; MODEL on the wire."""

    unet: UNet
    prediction: Prediction
    schedule: NoiseSchedule
    latent_format: LatentFormat = SD1
    patches: tuple[Patch, ...] = ()

    def with_patches(self, *more: Patch) -> Model:
        """Return a handle on the same weights with further patches."""
        return replace(self, patches=self.patches + more)

    @property
    def nbytes(self) -> int:
        """Bytes of memory that the weights take."""
        return _nbytes(self.unet)


@dataclass(frozen=True, eq=False)
class Clip:
    """A text encoder; CLIP on the wire. `last_layer` counts from the end: -1 is the last layer."""

    tower: TextTower
    tokenizer: Tokenizer
    last_layer: int = -1

    def with_last_layer(self, last_layer: int) -> Clip:
        """Return a handle that takes the encoding from an earlier layer ("clip skip").

        Raises ValueError for a layer that the tower does not have.
        """
        layers = self.tower.spec.layers
        if not -layers <= last_layer <= -1:
            raise ValueError(f"this text encoder has layers -{layers} to -1, there is no layer {last_layer}")
        return replace(self, last_layer=last_layer)

    def encode(self, text: str) -> Conditioning:
        """Encode a text for cross attention: [1, 77 * rows, width], and `pooled_output` [1, width].

        A text of more than 75 tokens is encoded in several rows, laid end to end; the first is pooled.
        """
        ids = torch.tensor(self.tokenizer.rows(text, self.tower.spec.positions))
        ids = ids.to(next(self.tower.parameters()).device)
        hidden, pooled = self.tower(ids, self.tokenizer.eos, self.last_layer)
        return [[hidden.flatten(0, 1)[None], {"pooled_output": pooled[:1]}]]

    @property
    def nbytes(self) -> int:
        """Bytes of memory that the weights take."""
        return _nbytes(self.tower)


@dataclass(frozen=True, eq=False)
class Vae:
    """An image autoencoder; VAE on the wire. Its latents are not scaled to any model."""

    autoencoder: Autoencoder

    def encode(self, image: Tensor) -> Tensor:
        """Encode IMAGE [B,H,W,C] to latents [B,channels,H//8,W//8]; sides are cut evenly to multiples of 8.

        An alpha channel is left out. Raises ValueError for a picture smaller than one latent pixel.
        """
        factor = self.autoencoder.spec.factor
        height, width = image.shape[1:3]
        if height < factor or width < factor:
            raise ValueError(f"a picture of {width}x{height} pixels is too small: {factor}x{factor} at least")
        top, left = height % factor // 2, width % factor // 2
        cut = image[:, top : top + height // factor * factor, left : left + width // factor * factor, :3]
        return self.autoencoder.encode(cut.movedim(-1, 1).to(_of(self.autoencoder)) * 2 - 1)

    def decode(self, samples: Tensor) -> Tensor:
        """Decode latents [B,channels,h,w] to IMAGE [B,8h,8w,3] in 0..1.

        Raises ValueError for latents of another kind of model.
        """
        channels = self.autoencoder.spec.channels
        if samples.shape[1] != channels:
            raise ValueError(f"this VAE decodes latents of {channels} channels, not {samples.shape[1]}")
        pixels = self.autoencoder.decode(samples.to(_of(self.autoencoder)))
        return (pixels.float() / 2 + 0.5).clamp(0, 1).movedim(1, -1).contiguous()

    @property
    def nbytes(self) -> int:
        """Bytes of memory that the weights take."""
        return _nbytes(self.autoencoder)


def _of(network: nn.Module) -> Tensor:
    """Return a tensor with the network's dtype and device."""
    return next(network.parameters())


def _nbytes(network: nn.Module) -> int:
    return sum(tensor.nbytes for tensor in (*network.parameters(), *network.buffers()))
