"""What one run paints on: its latents in the model's scale, and where they may be repainted."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from ..latents.latent_format import makers
from ..latents.noise_masks import repeated_to, resized_mask
from ..model import Model
from ..values import Latent


@dataclass(frozen=True, eq=False)
class Canvas:
    """Latents [B,C,h,w] in the model's scale, as they were before any noise, and where to repaint them.

    `mask` [B,1,h,w] in 0..1 is 1 where they are repainted and 0 where they are kept; None repaints all.
    """

    kept: Tensor
    mask: Tensor | None = None

    @property
    def batch(self) -> int:
        """How many latents there are."""
        return self.kept.shape[0]

    @property
    def height(self) -> int:
        """Height in cells."""
        return self.kept.shape[2]

    @property
    def width(self) -> int:
        """Width in cells."""
        return self.kept.shape[3]

    def resized(self, height: int, width: int) -> Canvas:
        """Return the canvas with sides of so many cells, resized bilinearly."""
        kept = F.interpolate(self.kept, (height, width), mode="bilinear")
        return Canvas(kept, None if self.mask is None else resized_mask(self.mask, height, width))

    def fitted(self, mask: Tensor) -> Tensor:
        """Return a mask [N,H,W] or [N,1,H,W] as [B,1,h,w].

        Its sides are resized bilinearly; items are repeated from the first, or left out, to be one a latent.
        """
        return repeated_to(resized_mask(mask.to(self.kept), self.height, self.width), self.batch)


def canvas_of(model: Model, latent: Latent) -> Canvas:
    """Return the canvas of a latent, float32 on the CPU.

    Raises ValueError for latents that are not the model's.
    """
    canvas = Canvas(to_model(model, latent["samples"]))
    mask = latent.get("noise_mask")
    return canvas if mask is None else Canvas(canvas.kept, canvas.fitted(mask))


def to_model(model: Model, samples: Tensor) -> Tensor:
    """Return unscaled latents [B,C,h,w] in the model's scale, float32 on the CPU.

    Raises ValueError for latents that are not the model's.
    """
    form = model.latent_format
    if samples.ndim != 4 or samples.shape[1] != form.channels:
        raise ValueError(
            f"this model needs latents [B, {form.channels}, h, w], not {list(samples.shape)}; "
            f"{model.family.title} takes the latents of the VAE of {form.name}{_others(samples)}"
        )
    x = samples.to(torch.float32)
    # An empty latent stands for "nothing yet", not for the picture that zeros decode to.
    return form.to_model(x) if bool(x.any()) else x


def _others(samples: Tensor) -> str:
    made_by = makers(samples.shape[1]) if samples.ndim == 4 else ""
    return f", and these are of {made_by}" if made_by else ""
