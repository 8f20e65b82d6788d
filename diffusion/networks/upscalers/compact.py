"""Real-ESRGAN's small network: a row of convolutions at the picture's own size, added to the picture.

Wang et al. 2021, arXiv 2107.10833, whose authors publish it for videos; the last step is that of Shi et al.
2016, arXiv 1609.05158.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

import torch.nn.functional as F
from torch import Tensor, nn

from ..autoencoder_blocks import Step
from .base import UpscaleNetwork, laid


@dataclass(frozen=True, kw_only=True)
class CompactSpec:
    """The shape of a compact network: `layers` convolutions of `width` channels, one before, one after."""

    width: int = 64
    layers: int = 16
    scale: int = 4
    channels: int = 3


class CompactNet(UpscaleNetwork):
    """A row of convolutions with a PReLU behind each but the last, whose channels become pixels."""

    def __init__(self, spec: CompactSpec) -> None:
        super().__init__()
        self.spec, self.scale = spec, spec.scale
        width = spec.width
        layers: list[nn.Module] = [nn.Conv2d(spec.channels, width, 3, padding=1), nn.PReLU(width)]
        for _ in range(spec.layers):
            layers += [nn.Conv2d(width, width, 3, padding=1), nn.PReLU(width)]
        last = nn.Conv2d(width, spec.channels * spec.scale**2, 3, padding=1)
        self.body = nn.Sequential(*layers, last)

    def steps(self) -> list[Step]:
        """Return the one step that the network is: so cheap that tiles may see all of what they need."""
        reach = (self.spec.layers + 2) * self.scale
        return [Step(self._all, self.spec.channels, scale=Fraction(self.scale), reach=reach, rest=True)]

    def _all(self, x: Tensor, _: Tensor) -> tuple[Tensor, Tensor]:
        larger = F.interpolate(x, scale_factor=float(self.scale), mode="nearest")
        y = F.pixel_shuffle(self.body(laid(x)), self.scale) + larger
        return y, y
