"""Arithmetic on latents, number by number and along the directions of their vectors.

Where two latents differ in size, the second is brought to the sides of the first (`sized_like`) and repeated
to its batch; everything but the samples is the first's. Where they differ in channels, all raise ValueError.
"""

from __future__ import annotations

import torch
from torch import Tensor

from ..values import Latent
from .noise_masks import repeated_to
from .sizes import sized_like


def add_latents(first: Latent, second: Latent) -> Latent:
    """Add two latents."""
    return {**first, "samples": first["samples"] + fitted(second, first)}


def subtract_latents(first: Latent, second: Latent) -> Latent:
    """Subtract the second latent from the first."""
    return {**first, "samples": first["samples"] - fitted(second, first)}


def multiply_latent(latent: Latent, multiplier: float) -> Latent:
    """Multiply a latent by a number."""
    return {**latent, "samples": latent["samples"] * multiplier}


def blend_latents(first: Latent, second: Latent, share: float) -> Latent:
    """Mix two latents number by number; `share` in 0..1 is the first's. Sizes are matched bicubically."""
    return {**first, "samples": torch.lerp(fitted(second, first, "bicubic"), first["samples"], share)}


def interpolate_latents(first: Latent, second: Latent, share: float) -> Latent:
    """Mix the directions of each cell's vector, then its length; `share` in 0..1 is the first's.

    Unit vectors are mixed linearly and brought to length 1 again; where they cancel out, the result is 0.
    """
    a, b = first["samples"], fitted(second, first)
    length_a, length_b = lengths(a), lengths(b)
    mixed = torch.lerp(units(b, length_b), units(a, length_a), share)
    return {**first, "samples": units(mixed, lengths(mixed)) * torch.lerp(length_b, length_a, share)}


def slerp_latents(first: Latent, second: Latent, share: float) -> Latent:
    """Turn the second latent towards the first along the arc between them; `share` in 0..1 is the first's.

    A whole item is one vector here (`slerp`), which is how start noise is interpolated (Song et al. 2020,
    arXiv:2010.02502, appendix D.5).
    """
    return {**first, "samples": slerp(fitted(second, first), first["samples"], share)}


def slerp(a: Tensor, b: Tensor, t: float) -> Tensor:
    """Turn the items of `a` [B,...] to those of `b` along the arc between them (Shoemake 1985).

    The angle goes linearly with t, and so does the length. Items that are parallel, opposite or zero span no
    arc: they go straight.
    """
    flat_a, flat_b = a.flatten(1).double(), b.flatten(1).double()
    length_a, length_b = lengths(flat_a), lengths(flat_b)
    unit_a, unit_b = units(flat_a, length_a), units(flat_b, length_b)
    angle = (unit_a * unit_b).sum(1, keepdim=True).clamp(-1, 1).acos()
    arc = (((1 - t) * angle).sin() * unit_a + (t * angle).sin() * unit_b) / angle.sin()
    spans = (angle.sin() > 1e-6) & (length_a > 0) & (length_b > 0)
    turned = torch.where(spans, arc * torch.lerp(length_a, length_b, t), torch.lerp(flat_a, flat_b, t))
    return turned.reshape(a.shape).to(a.dtype)


def fitted(latent: Latent, other: Latent, method: str = "bilinear") -> Tensor:
    """Return a latent's samples with the sides and the batch of another's."""
    return repeated_to(sized_like(latent, other, method)["samples"], len(other["samples"]))


def lengths(vectors: Tensor) -> Tensor:
    """Return the lengths [B,1,...] of the vectors along dimension 1."""
    return vectors.square().sum(1, keepdim=True).sqrt()


def units(vectors: Tensor, length: Tensor) -> Tensor:
    """Return vectors divided by their lengths; zero stays zero."""
    return torch.where(length > 0, vectors / length, 0)
