"""VAE on the wire: an image autoencoder, from pictures to latents and back. Light, immutable."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from .autoencoder import Autoencoder
from .weights import example, nbytes


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
        return self.autoencoder.encode(cut.movedim(-1, 1).to(example(self.autoencoder)) * 2 - 1)

    def decode(self, samples: Tensor) -> Tensor:
        """Decode latents [B,channels,h,w] to IMAGE [B,8h,8w,3] in 0..1.

        Raises ValueError for latents of another kind of model.
        """
        channels = self.autoencoder.spec.channels
        if samples.shape[1] != channels:
            raise ValueError(f"this VAE decodes latents of {channels} channels, not {samples.shape[1]}")
        pixels = self.autoencoder.decode(samples.to(example(self.autoencoder)))
        return (pixels.float() / 2 + 0.5).clamp(0, 1).movedim(1, -1).contiguous()

    @property
    def nbytes(self) -> int:
        """Bytes of memory that the weights take."""
        return nbytes(self.autoencoder)
