"""Nodes that cut, turn, mirror and join latents. Noise masks follow."""

from __future__ import annotations

from typing import Annotated

from .. import diffusion
from ..executor import Choice, Range, node
from .latent import MAX_SIDE, Place
from .ports import Latent

ROTATIONS = ("none", "90 degrees", "180 degrees", "270 degrees")
FLIPS = ("x-axis: vertically", "y-axis: horizontally")

Side = Annotated[int, Range(64, MAX_SIDE, step=8)]


@node("LatentRotate", category="latent/transform", display_name="Rotate Latent")
def latent_rotate(*, samples: Latent, rotation: Annotated[str, Choice(ROTATIONS)]) -> Latent:
    """Turn a latent clockwise."""
    return diffusion.rotate_latent(samples, rotation)


@node("LatentFlip", category="latent/transform", display_name="Flip Latent")
def latent_flip(*, samples: Latent, flip_method: Annotated[str, Choice(FLIPS)]) -> Latent:
    """Mirror a latent: top to bottom (about the x axis) or left to right (about the y axis)."""
    return diffusion.flip_latent(samples, flip_method)


@node("LatentCrop", category="latent/transform", display_name="Crop Latent")
def latent_crop(
    *, samples: Latent, width: Side = 512, height: Side = 512, x: Place = 0, y: Place = 0
) -> Latent:
    """Cut a piece out of a latent; size and place are in pixels. What lies outside of it is left out."""
    return diffusion.crop_latent(samples, width, height, x, y)


@node("LatentCut", category="latent/advanced")
def latent_cut(
    *,
    samples: Latent,
    dim: Annotated[str, Choice(("x", "y"))],
    index: Annotated[int, Range(-MAX_SIDE, MAX_SIDE, step=1)] = 0,
    amount: Annotated[int, Range(1, MAX_SIDE, step=1)] = 1,
) -> Latent:
    """Cut columns ("x") or rows ("y") out of a latent, counted in its cells of 8 pixels.

    A negative index counts from the end.
    """
    return diffusion.cut_latent(samples, dim, index, amount)


@node("LatentConcat", category="latent/advanced")
def latent_concat(
    *, samples1: Latent, samples2: Latent, dim: Annotated[str, Choice(("x", "-x", "y", "-y"))]
) -> Latent:
    """Put the second latent to the right of the first ("x"), to its left, below ("y") or above it.

    The second is scaled in its own proportions until the sides that meet are equally long.
    """
    return diffusion.join_latents(samples1, samples2, dim)
