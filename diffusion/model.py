"""MODEL: a denoising network and what its numbers mean. Light, immutable, sharing its weights."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field, replace

import torch

from .files.families import SD1_FAMILY, Family
from .guidance.base import Rule
from .latents.latent_format import SD1, LatentFormat
from .networks.compiled import Compilation
from .networks.hooks import NO_HOOKS, Hooks
from .networks.placing import Placed
from .networks.unet import UNet
from .networks.weights import CPU, Copies, held, nbytes
from .schedules.prediction import Prediction
from .schedules.schedule import NoiseSchedule


@dataclass(frozen=True, eq=False)
class Model:
    """A denoising network and what its input and output mean; MODEL on the wire.

    `unet` has its weights as they were loaded, in the file's dtype; `network` is what computes, in `dtype` on
    `device`. All else (latents, samplers, guidance) is computed on the CPU, whatever that is.
    `hooks` change the network from within, `guidance` what is made of its estimates. With a `compilation` it
    is compiled.
    """

    unet: UNet
    prediction: Prediction
    schedule: NoiseSchedule
    latent_format: LatentFormat = SD1
    hooks: Hooks = NO_HOOKS
    family: Family = SD1_FAMILY
    guidance: tuple[Rule, ...] = ()
    dtype: torch.dtype = torch.float32
    copies: Copies = field(default_factory=Copies, repr=False)
    compilation: Compilation | None = None
    device: torch.device = CPU

    def with_rules(self, *rules: Rule) -> Model:
        """Return a handle whose guidance follows these rules too, after those it has."""
        return replace(self, guidance=(*self.guidance, *rules))

    @property
    def network(self) -> UNet:
        """The U-Net ready to compute; its weights are brought there when it is first asked for."""
        if self.compilation is not None:
            return self.compilation.ready(self.unet, self.dtype, self.device)
        return self.copies.ready(self.unet, self.dtype, self.device)

    @property
    def weights(self) -> Placed:
        """What decides where the weights lie while computing: whole, or passing by layer by layer."""
        return self.copies.placed(self.unet, self.dtype, self.device)

    @property
    def nbytes(self) -> int:
        """Bytes of memory that the weights take while computing."""
        return nbytes(self.unet, self.dtype)

    def held(self) -> Mapping[Hashable, int]:
        """Return the bytes that keeping this holds, by weight: other handles of the model share them."""
        return held(self.unet)
