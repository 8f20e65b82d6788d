"""FreeU: a stronger backbone and weaker low frequencies of the skips, where a U-Net puts both together.

Si et al. 2023, "FreeU: Free Lunch in Diffusion U-Net" (arXiv:2309.11497).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import tau

import torch
from torch import Tensor

from ..model import Model
from .hooks import Hooks, Place, Streams


@dataclass(frozen=True)
class FreeU:
    """Scale by `b1`, `s1` where the backbone is four times the network's base width; `b2`, `s2` at twice.

    Half of the backbone's channels are multiplied by b: evenly, or, if `structured` (the paper's second
    version), more where the mean over all channels is high. The skips' low frequencies are multiplied by s.
    """

    b1: float
    b2: float
    s1: float
    s2: float
    structured: bool = False

    def __call__(self, place: Place, streams: Streams) -> Streams:
        """Change both streams before an output row."""
        hidden, skip = streams
        factors = {4 * place.base: (self.b1, self.s1), 2 * place.base: (self.b2, self.s2)}
        if hidden.shape[1] not in factors:
            return streams
        backbone, low = factors[hidden.shape[1]]
        half = hidden.shape[1] // 2
        factor = (backbone - 1) * _structure(hidden) + 1 if self.structured else backbone
        hidden = torch.cat([hidden[:, :half] * factor, hidden[:, half:]], 1)
        return Streams(hidden, scale_low_frequencies(skip, low))


def with_freeu(
    model: Model, b1: float, b2: float, s1: float, s2: float, *, structured: bool = False
) -> Model:
    """Return the model with FreeU; all factors 1 change nothing."""
    if b1 == b2 == s1 == s2 == 1:
        return model
    return replace(model, hooks=model.hooks + Hooks(before_output=(FreeU(b1, b2, s1, s2, structured),)))


def _structure(hidden: Tensor) -> Tensor:
    """Return the mean over channels, stretched to 0..1 in each item: [B,1,h,w]."""
    mean = hidden.float().mean(1, keepdim=True)
    low, high = mean.amin((2, 3), keepdim=True), mean.amax((2, 3), keepdim=True)
    return ((mean - low) / (high - low).clamp_min(torch.finfo(mean.dtype).tiny)).to(hidden.dtype)


def scale_low_frequencies(x: Tensor, factor: float) -> Tensor:
    """Multiply the lowest frequencies of maps [B,C,h,w] by `factor`: 0 and -1 along both sides.

    That box of two by two around the zero frequency has no mirror image, so a real map gets a complex one;
    its real part is taken. No transform is needed for four frequencies: they are two small matrices a side.
    """
    (rows_even, rows_odd), (columns_even, columns_odd) = (_lowpass(side, x) for side in x.shape[2:])
    exact = x.float()
    low = rows_even @ exact @ columns_even.mT - rows_odd @ exact @ columns_odd.mT
    return (exact + (factor - 1) * low).to(x.dtype)


def _lowpass(side: int, x: Tensor) -> tuple[Tensor, Tensor]:
    """Return the real and the imaginary part of the projection [side,side] on frequencies 0 and -1."""
    place = torch.arange(side, dtype=torch.float32, device=x.device)
    angle = tau / side * (place[:, None] - place)
    if side == 1:  # both frequencies are the same one
        return angle.cos(), angle.sin()
    return (1 + angle.cos()) / side, -angle.sin() / side
