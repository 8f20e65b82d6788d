"""Nodes that make, encode, decode and reshape latents."""

from __future__ import annotations

from typing import Annotated

from .. import diffusion
from ..executor import Choice, Range, node
from .ports import Image, Latent, Vae

MAX_SIDE = 16384
"""Pixels on a side, the field's usual limit."""

CROPS = ("disabled", "center")
LATENT_SCALE_METHODS = ("nearest-exact", "bilinear", "area", "bicubic", "bislerp")


@node("EmptyLatentImage", category="latent", display_name="Empty Latent Image")
def empty_latent_image(
    *,
    width: Annotated[int, Range(16, MAX_SIDE, step=8, multiple=True)] = 512,
    height: Annotated[int, Range(16, MAX_SIDE, step=8, multiple=True)] = 512,
    batch_size: Annotated[int, Range(1, 4096)] = 1,
) -> Latent:
    """Make a latent of zeros, the start of a picture from nothing but a prompt; sides are in pixels."""
    return diffusion.empty_latent(width, height, batch_size)


@node("VAEEncode", category="latent", display_name="VAE Encode")
def vae_encode(*, pixels: Image, vae: Vae) -> Latent:
    """Encode a picture to a latent; sides are cut evenly to multiples of 8 pixels."""
    return {"samples": vae.encode(pixels)}


@node("VAEDecode", category="latent", display_name="VAE Decode")
def vae_decode(*, samples: Latent, vae: Vae) -> Image:
    """Decode a latent to a picture eight times its size."""
    return vae.decode(samples["samples"])


@node("LatentUpscale", category="latent", display_name="Upscale Latent")
def latent_upscale(
    *,
    samples: Latent,
    upscale_method: Annotated[str, Choice(LATENT_SCALE_METHODS)],
    width: Annotated[int, Range(0, MAX_SIDE, step=8, multiple=True)] = 512,
    height: Annotated[int, Range(0, MAX_SIDE, step=8, multiple=True)] = 512,
    crop: Annotated[str, Choice(CROPS)],
) -> Latent:
    """Scale a latent to a size given in pixels; a side of 0 follows the other one's proportion."""
    return diffusion.scale_latent(samples, upscale_method, width, height, crop)


@node("LatentFromBatch", category="latent/batch", display_name="Latent From Batch")
def latent_from_batch(
    *,
    samples: Latent,
    batch_index: Annotated[int, Range(0, 63)] = 0,
    length: Annotated[int, Range(1, 64)] = 1,
) -> Latent:
    """Take `length` items of a batch; sampled alone they give the pictures they give in the batch."""
    return diffusion.latent_from_batch(samples, batch_index, length)
