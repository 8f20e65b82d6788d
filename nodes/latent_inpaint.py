"""Nodes that say which part of a latent is repainted."""

from __future__ import annotations

from typing import Annotated

from .. import diffusion
from ..executor import Context, Range, node
from .fitting import encoding
from .ports import Image, Latent, Mask, Vae


@node("VAEEncodeForInpaint", category="latent/inpaint", display_name="VAE Encode (for Inpainting)")
def vae_encode_for_inpaint(
    ctx: Context,
    *,
    pixels: Image,
    vae: Vae,
    mask: Mask,
    grow_mask_by: Annotated[int, Range(0, 64, step=1)] = 6,
) -> Latent:
    """Encode a picture with mid-grey where the mask is 1, to be repainted there and `grow_mask_by` around it.

    The mask is resized to the picture. The hole holds nothing to begin from: sample it with denoise 1.
    """
    return encoding(
        ctx, vae, pixels, lambda vae: diffusion.encode_for_inpaint(vae, pixels, mask, grow_mask_by)
    )


@node("SetLatentNoiseMask", category="latent/inpaint", display_name="Set Latent Noise Mask")
def set_latent_noise_mask(*, samples: Latent, mask: Mask) -> Latent:
    """Have only that part of a latent repainted where the mask is 1; it may be of any size."""
    return diffusion.set_noise_mask(samples, mask)
