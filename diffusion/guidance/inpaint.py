"""Holding on to a picture where a mask says so, whatever the sampler."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from ..model import Model
from ..samplers.base import Both, Denoise, both
from .base import Run
from .canvas import Canvas


@dataclass(frozen=True, eq=False)
class Inpaint:
    """A `denoise` that repaints where `mask` is 1 and holds on to `kept` where it is 0.

    `kept` [B,C,h,w] is in the model's scale, `noise` is unit noise of its shape, `mask` [B,1,h,w]. The rules
    of the run's model may change the mask at each level.
    """

    denoise: Denoise
    kept: Tensor
    mask: Tensor
    noise: Tensor
    run: Run

    def __call__(self, x: Tensor, sigma: float, /) -> Tensor:
        """Return the estimate of x0, `kept` outside of the mask."""
        mask = self._mask(sigma)
        return self._held(self.denoise(self._seen(x, sigma, mask), sigma), mask)

    def both(self, x: Tensor, sigma: float, /) -> Both:
        """Return the guided and the unconditional estimate of x0, both `kept` outside of the mask."""
        mask = self._mask(sigma)
        guided, uncond = both(self.denoise, self._seen(x, sigma, mask), sigma)
        return Both(self._held(guided, mask), self._held(uncond, mask))

    def _mask(self, sigma: float) -> Tensor:
        mask = self.mask
        for rule in self.run.model.guidance:
            mask = rule.repaint(mask, sigma, self.run)
        return mask

    def _seen(self, x: Tensor, sigma: float, mask: Tensor) -> Tensor:
        if x.shape != self.kept.shape:
            raise ValueError(
                "this sampler changes the size of the picture on the way, which a noise mask can't follow; "
                "take the mask away or use another sampler"
            )
        around = self.run.model.prediction.noised(self.kept, self.noise, sigma, False)
        return x * mask + around * (1 - mask)

    def _held(self, estimate: Tensor, mask: Tensor) -> Tensor:
        return estimate * mask + self.kept * (1 - mask)


def inpaint(
    model: Model, denoise: Denoise, canvas: Canvas, noise: Tensor, sigmas: tuple[float, ...]
) -> Denoise:
    """Return `denoise` held to the canvas where its mask is 0, and as it is where the canvas has no mask.

    `noise` [B,C,h,w] is unit noise for what is kept, `sigmas` are the levels of the run.
    """
    if canvas.mask is None:
        return denoise
    return Inpaint(denoise, canvas.kept, canvas.mask, noise.to(canvas.kept), Run(sigmas, model))
