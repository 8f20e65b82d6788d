"""What inpainting and editing networks see beside the noisy latent, in further channels.

Rombach et al. 2022, arXiv 2112.10752 (inpainting); Brooks et al. 2023, arXiv 2211.09800 (editing).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from ..latents.noise_masks import repeated_to
from ..model import Model
from .canvas import Canvas, to_model

GREY = (0.8223, -0.6876, 0.6364, 0.1380)
"""What the autoencoder of Stable Diffusion 1 makes of mid-grey, in the model's scale: a picture all hole."""


def beside_latent(model: Model, canvas: Canvas, options: Mapping[str, Any]) -> Tensor | None:
    """Return the further channels [B,c,h,w] that the model's network takes, None where it takes none.

    For inpainting [mask, latent of the picture with grey in the hole]: `concat_mask` (resized bilinearly,
    then rounded) and `concat_latent_image` of the conditioning; or else the canvas's own mask and latents; or
    else a mask of ones and grey. For editing the latent `concat_latent_image`, or else zeros: no picture. A
    picture of another size is resized bilinearly. Networks that take none leave these options unread.
    Raises ValueError for latents of another kind.
    """
    image = model.family.image
    if image is None:
        return None
    latent: Tensor | None = options.get("concat_latent_image")
    if image.kind == "edit":
        if latent is None:
            return torch.zeros_like(canvas.kept)
        return _fitted(to_model(model, latent) if image.scaled else latent, canvas)
    mask: Tensor | None = options.get("concat_mask")
    mask = canvas.fitted(mask) if mask is not None else canvas.mask
    if latent is not None:
        picture = _fitted(to_model(model, latent), canvas)
    elif mask is not None:
        picture = canvas.kept
    else:
        picture = canvas.kept.new_tensor(GREY)[:, None, None].expand_as(canvas.kept)
    hole = torch.ones_like(canvas.kept[:, :1]) if mask is None else mask.round()
    return torch.cat([hole, picture], 1)


def _fitted(latent: Tensor, canvas: Canvas) -> Tensor:
    channels = canvas.kept.shape[1]
    if latent.ndim != 4 or latent.shape[1] != channels:
        raise ValueError(
            f"this model takes a picture's latents [B, {channels}, h, w] beside its own, "
            f"not {list(latent.shape)}"
        )
    latent = latent.to(canvas.kept)
    size = (canvas.height, canvas.width)
    if latent.shape[2:] != size:
        latent = F.interpolate(latent, size, mode="bilinear")
    return repeated_to(latent, canvas.batch)
