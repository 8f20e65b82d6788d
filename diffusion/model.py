"""MODEL: a denoising network and what its numbers mean. Light, immutable, sharing its weights."""

from __future__ import annotations

from dataclasses import dataclass

from .hooks import NO_HOOKS, Hooks
from .latent_format import SD1, LatentFormat
from .prediction import Prediction
from .schedule import NoiseSchedule
from .unet import UNet
from .weights import nbytes


@dataclass(frozen=True, eq=False)
class Model:
    """A denoising network and what its input and output mean; MODEL on the wire."""

    unet: UNet
    prediction: Prediction
    schedule: NoiseSchedule
    latent_format: LatentFormat = SD1
    hooks: Hooks = NO_HOOKS

    @property
    def nbytes(self) -> int:
        """Bytes of memory that the weights take."""
        return nbytes(self.unet)
