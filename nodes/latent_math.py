"""Nodes that reckon with latents. Where two differ in size, the second is brought to that of the first."""

from __future__ import annotations

from typing import Annotated

from .. import diffusion
from ..executor import Range, node
from .ports import Latent, LatentOperation

Share = Annotated[float, Range(0.0, 1.0, step=0.01)]
"""How much of the first: 1 is all of it."""


@node("LatentAdd", category="latent/advanced")
def latent_add(*, samples1: Latent, samples2: Latent) -> Latent:
    """Add two latents."""
    return diffusion.add_latents(samples1, samples2)


@node("LatentSubtract", category="latent/advanced")
def latent_subtract(*, samples1: Latent, samples2: Latent) -> Latent:
    """Subtract the second latent from the first."""
    return diffusion.subtract_latents(samples1, samples2)


@node("LatentMultiply", category="latent/advanced")
def latent_multiply(
    *, samples: Latent, multiplier: Annotated[float, Range(-10.0, 10.0, step=0.01)] = 1.0
) -> Latent:
    """Multiply a latent by a number."""
    return diffusion.multiply_latent(samples, multiplier)


@node("LatentInterpolate", category="latent/advanced")
def latent_interpolate(*, samples1: Latent, samples2: Latent, ratio: Share = 1.0) -> Latent:
    """Go from the second latent (ratio 0) to the first (1), direction and length of each vector apart."""
    return diffusion.interpolate_latents(samples1, samples2, ratio)


@node("LatentSlerp", category="latent/advanced", display_name="Latent Slerp")
def latent_slerp(*, samples1: Latent, samples2: Latent, ratio: Share = 0.5) -> Latent:
    """Go from the second latent (ratio 0) to the first (1) along the arc between them, each item as a whole.

    The way to go between two noises: whatever lies on the arc is as strong as they are.
    """
    return diffusion.slerp_latents(samples1, samples2, ratio)


@node("LatentBlend", category="_for_testing", display_name="Latent Blend")
def latent_blend(*, samples1: Latent, samples2: Latent, blend_factor: Share = 0.5) -> Latent:
    """Mix two latents number by number; a factor of 1 is all of the first."""
    return diffusion.blend_latents(samples1, samples2, blend_factor)


@node("LatentApplyOperation", category="latent/advanced/operations", experimental=True)
def latent_apply_operation(*, samples: Latent, operation: LatentOperation) -> Latent:
    """Apply an operation to a latent, once."""
    return diffusion.apply_operation(samples, operation)


@node("LatentOperationTonemapReinhard", category="latent/advanced/operations", experimental=True)
def latent_operation_tonemap_reinhard(
    *, multiplier: Annotated[float, Range(0.0, 100.0, step=0.01)] = 1.0
) -> LatentOperation:
    """Make an operation that holds back a latent's longest vectors, as a tone curve holds back highlights.

    The smaller the multiplier, the more it takes; every vector gets shorter.
    """
    return diffusion.TonemapReinhard(multiplier)


@node("LatentOperationSharpen", category="latent/advanced/operations", experimental=True)
def latent_operation_sharpen(
    *,
    sharpen_radius: Annotated[int, Range(1, 31, step=1)] = 9,
    sigma: Annotated[float, Range(0.1, 10.0, step=0.1)] = 1.0,
    alpha: Annotated[float, Range(0.0, 5.0, step=0.01)] = 0.1,
) -> LatentOperation:
    """Make an operation that sharpens a latent: it takes away a Gaussian blur, `alpha` saying how much.

    The radius is in cells of 8 pixels and `sigma` in radii.
    """
    return diffusion.Sharpen(sharpen_radius, sigma, alpha)
