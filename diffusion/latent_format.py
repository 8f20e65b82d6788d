"""How each family's model sees the latents of its autoencoder."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor


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
