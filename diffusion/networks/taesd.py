"""TAESD, an autoencoder so small that it can show every step: https://github.com/madebyollin/taesd (MIT).

Module names are the original ones, an index in a row of layers. Pixels are 0..1 and latents in the model's
scale, unlike those of the autoencoder that it stands in for.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from ..latents.latent_format import LatentFormat
from ..vae import cut_evenly
from .tiling import Report, unheard
from .weights import example, nbytes

WIDTH = 64
BLOCKS = 3
LEVELS = 3


class Block(nn.Module):
    """Three 3x3 convolutions, added to their input, behind a ReLU."""

    def __init__(self) -> None:
        super().__init__()
        relu = nn.ReLU()
        self.conv = nn.Sequential(_conv(WIDTH), relu, _conv(WIDTH), relu, _conv(WIDTH))

    def forward(self, x: Tensor) -> Tensor:
        """Map [B,64,h,w] to [B,64,h,w]."""
        return F.relu(self.conv(x) + x)


class SoftClamp(nn.Module):
    """Hold latents to -3..3, smoothly: what lies further out is an accident of the sampler."""

    def forward(self, x: Tensor) -> Tensor:
        """Map [B,C,h,w] to [B,C,h,w]."""
        return torch.tanh(x / 3) * 3


class TinyEncoder(nn.Sequential):
    """Pictures [B,3,8h,8w] in 0..1 to latents [B,C,h,w] in the model's scale."""

    def __init__(self, channels: int = 4) -> None:
        layers: list[nn.Module] = [_conv(WIDTH, 3), Block()]
        for _ in range(LEVELS):
            layers += [_conv(WIDTH, stride=2, bias=False), *(Block() for _ in range(BLOCKS))]
        super().__init__(*layers, _conv(channels))

    def encode(self, image: Tensor) -> Tensor:
        """Give latents [B,C,h,w] in the model's scale of IMAGE [B,8h,8w,3] in 0..1."""
        return self(image.movedim(-1, 1).to(example(self))).float().cpu()


class TinyDecoder(nn.Sequential):
    """Latents [B,C,h,w] in the model's scale to pictures [B,3,8h,8w], about 0..1."""

    def __init__(self, channels: int = 4) -> None:
        layers: list[nn.Module] = [SoftClamp(), _conv(WIDTH, channels), nn.ReLU()]
        for _ in range(LEVELS):
            blocks = (Block() for _ in range(BLOCKS))
            layers += [*blocks, nn.Upsample(scale_factor=2), _conv(WIDTH, bias=False)]
        super().__init__(*layers, Block(), _conv(3))

    def decode(self, x: Tensor) -> Tensor:
        """Give IMAGE [B,8h,8w,3] in 0..1 of latents [B,C,h,w] in the model's scale."""
        return self(x.to(example(self))).float().clamp(0, 1).movedim(1, -1).cpu()


@dataclass(frozen=True, eq=False)
class TinyVae:
    """TAESD in the place of an autoencoder: quick, and a little blurred; VAE on the wire.

    Its latents are those of the autoencoder of `latent_format`, not scaled to any model.
    """

    encoder: TinyEncoder
    decoder: TinyDecoder
    latent_format: LatentFormat

    def cut(self, image: Tensor) -> Tensor:
        """Cut pictures [B,H,W,C] evenly to the multiples of 8 pixels that `encode` sees, a view.

        Raises ValueError for a picture smaller than one latent pixel.
        """
        return cut_evenly(image, 2**LEVELS)

    def encode(self, image: Tensor, tile: int | None = None, report: Report = unheard) -> Tensor:
        """Encode IMAGE [B,H,W,C] to latents [B,channels,H//8,W//8], never in tiles."""
        del tile, report
        return self.latent_format.to_autoencoder(self.encoder.encode(self.cut(image)[..., :3]))

    def decode(self, samples: Tensor, tile: int | None = None, report: Report = unheard) -> Tensor:
        """Decode latents [B,channels,h,w] to IMAGE [B,8h,8w,3] in 0..1, never in tiles.

        Raises ValueError for latents of another kind of model.
        """
        del tile, report
        channels = self.latent_format.channels
        if samples.shape[1] != channels:
            raise ValueError(f"this VAE decodes latents of {channels} channels, not {samples.shape[1]}")
        return self.decoder.decode(self.latent_format.to_model(samples)).contiguous()

    @property
    def nbytes(self) -> int:
        """Bytes of memory that the weights take."""
        return nbytes(self.encoder) + nbytes(self.decoder)


def _conv(outputs: int, inputs: int = WIDTH, stride: int = 1, *, bias: bool = True) -> nn.Conv2d:
    return nn.Conv2d(inputs, outputs, 3, stride=stride, padding=1, bias=bias)
