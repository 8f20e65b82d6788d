"""Nodes that make latents, scale them, and lay one over another."""

from __future__ import annotations

from typing import Annotated

from .. import diffusion
from ..executor import Choice, Range, node
from .foreseeing import empty, scaled, scaled_by
from .ports import Latent, Mask

MAX_SIDE = 16384
"""Pixels on a side, the field's usual limit."""

CROPS = ("disabled", "center")
LATENT_SCALE_METHODS = ("nearest-exact", "bilinear", "area", "bicubic", "bislerp")

ScaleMethod = Annotated[str, Choice(LATENT_SCALE_METHODS)]
Place = Annotated[int, Range(0, MAX_SIDE, step=8)]
"""Pixels, rounded down to a whole cell of the latent."""


@node("EmptyLatentImage", category="latent", display_name="Empty Latent Image", foresees=empty)
def empty_latent_image(
    *,
    width: Annotated[int, Range(16, MAX_SIDE, step=8, multiple=True)] = 512,
    height: Annotated[int, Range(16, MAX_SIDE, step=8, multiple=True)] = 512,
    batch_size: Annotated[int, Range(1, 4096)] = 1,
) -> Latent:
    """Make a latent of zeros, the start of a picture from nothing but a prompt; sides are in pixels."""
    return diffusion.empty_latent(width, height, batch_size)


@node("LatentUpscale", category="latent", display_name="Upscale Latent", foresees=scaled)
def latent_upscale(
    *,
    samples: Latent,
    upscale_method: ScaleMethod,
    width: Annotated[int, Range(0, MAX_SIDE, step=8, multiple=True)] = 512,
    height: Annotated[int, Range(0, MAX_SIDE, step=8, multiple=True)] = 512,
    crop: Annotated[str, Choice(CROPS)],
) -> Latent:
    """Scale a latent to a size given in pixels; a side of 0 follows the other one's proportion."""
    return diffusion.scale_latent(samples, upscale_method, width, height, crop)


@node("LatentUpscaleBy", category="latent", display_name="Upscale Latent By", foresees=scaled_by)
def latent_upscale_by(
    *,
    samples: Latent,
    upscale_method: ScaleMethod,
    scale_by: Annotated[float, Range(0.01, 8.0, step=0.01)] = 1.5,
) -> Latent:
    """Scale both sides of a latent by a factor, rounded to whole cells of 8 pixels."""
    return diffusion.scale_latent_by(samples, upscale_method, scale_by)


@node("LatentComposite", category="latent", display_name="Latent Composite")
def latent_composite(
    *, samples_to: Latent, samples_from: Latent, x: Place = 0, y: Place = 0, feather: Place = 0
) -> Latent:
    """Lay one latent over another at the place (x, y), its edges blended over `feather`; all in pixels.

    What hangs over is cut off, and an edge that meets one of the latent below is not blended.
    """
    return diffusion.composite_latents(samples_to, samples_from, x, y, feather)


@node("LatentCompositeMasked", category="latent")
def latent_composite_masked(
    *,
    destination: Latent,
    source: Latent,
    x: Place = 0,
    y: Place = 0,
    resize_source: bool = False,
    mask: Mask | None = None,
) -> Latent:
    """Lay one latent over another at the place (x, y) in pixels, where the mask is 1; everywhere without one.

    The mask is resized to the source, whatever its size. What hangs over is cut off.
    """
    return diffusion.composite_latents_masked(destination, source, x, y, mask, resize=resize_source)
