"""Nodes that change the look of pictures, and find their edges."""

from __future__ import annotations

from typing import Annotated

from .. import diffusion
from ..executor import Choice, Range, Seed, node
from .ports import Image

BLEND_MODES = ("normal", "multiply", "screen", "overlay", "soft_light", "difference")
DITHERS = ("none", "floyd-steinberg", "bayer-2", "bayer-4", "bayer-8", "bayer-16")
MORPHOLOGY = ("erode", "dilate", "open", "close", "gradient", "bottom_hat", "top_hat")

Radius = Annotated[int, Range(1, 31, step=1)]
Threshold = Annotated[float, Range(0.01, 0.99, step=0.01)]


@node("ImageBlend", category="image/postprocessing")
def image_blend(
    *,
    image1: Image,
    image2: Image,
    blend_factor: Annotated[float, Range(0.0, 1.0, step=0.01)] = 0.5,
    blend_mode: Annotated[str, Choice(BLEND_MODES)],
) -> Image:
    """Mix the second picture into the first: at 0 the first stays, at 1 it is the blend of both.

    A second picture of another size is scaled to the first's (bicubic, cut evenly).
    """
    return diffusion.blend_images(image1, image2, blend_factor, blend_mode)


@node("ImageBlur", category="image/postprocessing")
def image_blur(
    *,
    image: Image,
    blur_radius: Radius = 1,
    sigma: Annotated[float, Range(0.1, 10.0, step=0.1)] = 1.0,
) -> Image:
    """Blur pictures by a Gaussian that reaches `blur_radius` pixels; `sigma` counts radii, not pixels."""
    return diffusion.blur_image(image, blur_radius, sigma)


@node("ImageSharpen", category="image/postprocessing")
def image_sharpen(
    *,
    image: Image,
    sharpen_radius: Radius = 1,
    sigma: Annotated[float, Range(0.1, 10.0, step=0.01)] = 1.0,
    alpha: Annotated[float, Range(0.0, 5.0, step=0.01)] = 1.0,
) -> Image:
    """Sharpen pictures: add ten times `alpha` what a blur of that radius and sigma takes away."""
    return diffusion.sharpen_image(image, sharpen_radius, sigma, alpha)


@node("ImageQuantize", category="image/postprocessing")
def image_quantize(
    *,
    image: Image,
    colors: Annotated[int, Range(1, 256, step=1)] = 256,
    dither: Annotated[str, Choice(DITHERS)],
) -> Image:
    """Reduce each picture to so many colours at most, chosen for it; dithering hides the steps."""
    return diffusion.quantise_image(image, colors, dither)


@node("Morphology", category="image/postprocessing", display_name="ImageMorphology")
def morphology(
    *,
    image: Image,
    operation: Annotated[str, Choice(MORPHOLOGY)],
    kernel_size: Annotated[int, Range(3, 999, step=1)] = 3,
) -> Image:
    """Shrink (`erode`) or widen (`dilate`) what is light by a square of pixels, or both in turn.

    `open` takes off light specks, `close` dark ones; `top_hat` and `bottom_hat` give only those specks, and
    `gradient` the outlines.
    """
    return diffusion.morph_image(image, operation, kernel_size)


@node("ImageAddNoise", category="image")
def image_add_noise(
    *,
    image: Image,
    seed: Annotated[int, Seed()] = 0,
    strength: Annotated[float, Range(0.0, 1.0, step=0.01)] = 0.5,
) -> Image:
    """Add Gaussian noise to pictures; `strength` is its standard deviation."""
    return diffusion.add_noise_to_image(image, seed, strength)


@node("Canny", category="image/preprocessors")
def canny(*, image: Image, low_threshold: Threshold = 0.4, high_threshold: Threshold = 0.8) -> Image:
    """Find edges, white on black.

    They are lines steeper than `low_threshold` that have a point steeper than `high_threshold`.
    """
    return diffusion.canny_edges(image, low_threshold, high_threshold)
