"""A node between two seeds."""

from __future__ import annotations

from typing import Annotated

from .. import diffusion
from ..executor import Range, node
from .ports import Noise


@node("NoiseInterpolate", category="sampling/custom_sampling/noise", display_name="Interpolate Noise")
def noise_interpolate(
    *, noise1: Noise, noise2: Noise, ratio: Annotated[float, Range(0.0, 1.0, step=0.01)] = 0.5
) -> Noise:
    """Go from one source of noise (ratio 0) to another (1): their pictures turn into each other on the way.

    Use a sampler that adds no noise of its own, such as ddim; otherwise each step's is that of the first.
    """
    return diffusion.mix_noises(noise1, noise2, ratio)
