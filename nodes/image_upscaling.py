"""Nodes that scale pictures, by a formula or by a network."""

from __future__ import annotations

from typing import Annotated

from .. import diffusion
from ..executor import Choice, Context, Files, Range, node
from .latent import CROPS, MAX_SIDE
from .loading import loading
from .ports import Image, UpscaleModel

IMAGE_SCALE_METHODS = ("nearest-exact", "bilinear", "area", "bicubic", "lanczos")

ScaleMethod = Annotated[str, Choice(IMAGE_SCALE_METHODS)]
OpenSide = Annotated[int, Range(0, MAX_SIDE, step=1)]
"""Pixels; 0 leaves it to the other side."""


@node("ImageScale", category="image/upscaling", display_name="Upscale Image")
def image_scale(
    *,
    image: Image,
    upscale_method: ScaleMethod,
    width: OpenSide = 512,
    height: OpenSide = 512,
    crop: Annotated[str, Choice(CROPS)],
) -> Image:
    """Scale pictures; a side of 0 follows the other one's proportion.

    `center` first cuts them evenly to the new proportions, `disabled` stretches them.
    """
    return diffusion.scale_image(image, upscale_method, width, height, crop)


@node("ImageScaleBy", category="image/upscaling", display_name="Upscale Image By")
def image_scale_by(
    *,
    image: Image,
    upscale_method: ScaleMethod,
    scale_by: Annotated[float, Range(0.01, 8.0, step=0.01)] = 1.0,
) -> Image:
    """Scale both sides of pictures by a factor."""
    return diffusion.scale_image_by(image, upscale_method, scale_by)


@node("ImageScaleToTotalPixels", category="image/upscaling")
def image_scale_to_total_pixels(
    *,
    image: Image,
    upscale_method: ScaleMethod,
    megapixels: Annotated[float, Range(0.01, 16.0, step=0.01)] = 1.0,
) -> Image:
    """Scale pictures in their proportions to so many megapixels of 1024 x 1024 pixels."""
    return diffusion.scale_image_to_megapixels(image, upscale_method, megapixels)


@node("ImageScaleToMaxDimension", category="image/upscaling")
def image_scale_to_max_dimension(
    *,
    image: Image,
    # One stands there twice, as on the wire.
    upscale_method: Annotated[
        str, Choice(("area", "lanczos", "bilinear", "nearest-exact", "bilinear", "bicubic"))
    ],
    largest_size: OpenSide = 512,
) -> Image:
    """Scale pictures in their proportions until the longer side has so many pixels; 0 keeps them."""
    return diffusion.scale_image_to_side(image, upscale_method, largest_size)


@node("UpscaleModelLoader", category="loaders", display_name="Load Upscale Model")
def upscale_model_loader(
    ctx: Context, *, model_name: Annotated[str, Files("upscale_models")]
) -> UpscaleModel:
    """Load a network that makes pictures larger: ESRGAN, Real-ESRGAN and its compact networks, BSRGAN.

    Which one it is and by how much it scales, 1 to 8 times, are found from the file's content.
    """
    with loading(ctx, "upscale_models", model_name) as [path]:
        return diffusion.on_device(diffusion.load_upscale_model(path), ctx.device)


@node("ImageUpscaleWithModel", category="image/upscaling", display_name="Upscale Image (using Model)")
def image_upscale_with_model(ctx: Context, *, upscale_model: UpscaleModel, image: Image) -> Image:
    """Scale pictures with a network, by its own factor; transparency is left out.

    Large ones are computed in tiles, with the same result.
    """
    return upscale_model.upscale(diffusion.check_image(image, "image"), ctx.progress)
