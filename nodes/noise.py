"""Nodes that make noise, and that add it."""

from __future__ import annotations

from typing import Annotated

from .. import diffusion
from ..executor import Seed, node
from .ports import Latent, Model, Noise, Sigmas

CATEGORY = "sampling/custom_sampling/noise"


@node("RandomNoise", category=CATEGORY, display_name="RandomNoise")
def random_noise(*, noise_seed: Annotated[int, Seed()] = 0) -> Noise:
    """Make a source of noise: for the start of a run, and for samplers that add noise at each step."""
    return diffusion.RandomNoise(noise_seed)


@node("DisableNoise", category=CATEGORY, display_name="DisableNoise")
def disable_noise() -> Noise:
    """Start a run without adding noise; samplers that add noise at each step still do, by the seed 0."""
    return diffusion.RandomNoise(0, silent=True)


@node("AddNoise", category="_for_testing/custom_sampling/noise", display_name="AddNoise")
def add_noise(*, model: Model, noise: Noise, sigmas: Sigmas, latent_image: Latent) -> Latent:
    """Add to a latent the noise between the first and the last of the sigmas; of one sigma, all of it."""
    return diffusion.noised_between(model, latent_image, noise, sigmas)
