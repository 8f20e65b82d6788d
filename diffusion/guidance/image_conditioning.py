"""Conditionings that carry a picture, for networks that see one beside the latent they denoise."""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

from ..latents.encode_inpaint import hollowed
from ..latents.noise_masks import resized_mask
from ..vae import PictureCoder
from ..values import Conditioning, Latent
from .conditioning import with_options


class PictureConditioning(NamedTuple):
    """Two conditionings with the same picture, and the latent to sample."""

    positive: Conditioning
    negative: Conditioning
    latent: Latent


def inpaint_conditioning(
    vae: PictureCoder,
    image: Tensor,
    mask: Tensor,
    positive: Conditioning,
    negative: Conditioning,
    *,
    noise_mask: bool,
) -> PictureConditioning:
    """Give conditionings IMAGE [B,H,W,C] with grey where MASK [N,h,w] is 1 (0.5 and more), and the mask.

    The mask is resized (bilinear) to the picture. The latent is that of the whole picture, with `noise_mask`
    to be repainted only where the mask is.
    """
    mask = resized_mask(mask, *image.shape[1:3]).to(image)
    image, mask = vae.cut(image), vae.cut(mask.movedim(1, -1)).movedim(-1, 1)
    seen = vae.encode(hollowed(image, mask.round()))
    latent: Latent = {"samples": vae.encode(image)}
    if noise_mask:
        latent["noise_mask"] = mask
    given = {"concat_latent_image": seen, "concat_mask": mask}
    return PictureConditioning(with_options(positive, **given), with_options(negative, **given), latent)


def edit_conditioning(
    vae: PictureCoder, image: Tensor, positive: Conditioning, negative: Conditioning
) -> PictureConditioning:
    """Give conditionings IMAGE [B,H,W,C] to be edited, and an empty latent of its size."""
    seen = vae.encode(image)
    latent: Latent = {"samples": torch.zeros_like(seen)}
    given = {"concat_latent_image": seen}
    return PictureConditioning(with_options(positive, **given), with_options(negative, **given), latent)
