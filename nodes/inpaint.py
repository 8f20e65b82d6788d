"""Nodes for networks that see a picture beside the latent: inpainting and editing by instruction."""

from __future__ import annotations

from typing import NamedTuple

from .. import diffusion
from ..executor import Context, node
from .fitting import encoding
from .ports import Conditioning, Image, Latent, Mask, Vae


class WithPicture(NamedTuple):
    """Two prompts that carry a picture, and the latent to sample."""

    positive: Conditioning
    negative: Conditioning
    latent: Latent


@node("InpaintModelConditioning", category="conditioning/inpaint", display_name="InpaintModelConditioning")
def inpaint_model_conditioning(
    ctx: Context,
    *,
    positive: Conditioning,
    negative: Conditioning,
    vae: Vae,
    pixels: Image,
    mask: Mask,
    noise_mask: bool = True,
) -> WithPicture:
    """Show an inpainting model the picture around the hole, which is where the mask is white.

    With `noise_mask` everything else stays as it is. The mask is resized to the picture, and both are cut
    evenly to multiples of 8 pixels.
    """

    def shown(vae: Vae) -> diffusion.PictureConditioning:
        return diffusion.inpaint_conditioning(vae, pixels, mask, positive, negative, noise_mask=noise_mask)

    return WithPicture(*encoding(ctx, vae, pixels, shown))


@node("InstructPixToPixConditioning", category="conditioning/instructpix2pix")
def instruct_pix_to_pix_conditioning(
    ctx: Context, *, positive: Conditioning, negative: Conditioning, vae: Vae, pixels: Image
) -> WithPicture:
    """Show an editing model (InstructPix2Pix) the picture to edit; the prompt says what to change."""

    def shown(vae: Vae) -> diffusion.PictureConditioning:
        return diffusion.edit_conditioning(vae, pixels, positive, negative)

    return WithPicture(*encoding(ctx, vae, pixels, shown))
