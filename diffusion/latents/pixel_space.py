"""Pictures as their own latents, for networks that denoise pixels."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from ..networks.tiling import Report, unheard

CHANNELS = 3


@dataclass(frozen=True)
class PixelVae:
    """No autoencoder at all: latents [B,3,H,W] are the pixels in -1..1; VAE on the wire."""

    def cut(self, image: Tensor) -> Tensor:
        """Return pictures [B,H,W,C] as they are: every size is a whole number of pixels."""
        return image

    def encode(self, image: Tensor, tile: int | None = None, report: Report = unheard) -> Tensor:
        """Give latents [B,3,H,W] of IMAGE [B,H,W,C]; an alpha channel is left out, never in tiles."""
        del tile, report
        return image[..., :CHANNELS].movedim(-1, 1) * 2 - 1

    def decode(self, samples: Tensor, tile: int | None = None, report: Report = unheard) -> Tensor:
        """Give IMAGE [B,H,W,3] in 0..1 of latents [B,3,H,W], never in tiles.

        Raises ValueError for latents of another kind.
        """
        del tile, report
        if samples.shape[1] != CHANNELS:
            raise ValueError(f"pixels have {CHANNELS} channels, but these latents have {samples.shape[1]}")
        return (samples.float() / 2 + 0.5).clamp(0, 1).movedim(1, -1)

    @property
    def nbytes(self) -> int:
        """No weights, no bytes."""
        return 0
