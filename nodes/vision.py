"""Nodes that look at pictures with CLIP's other half, for adapters to be guided by."""

from __future__ import annotations

from typing import Annotated

from .. import diffusion
from ..executor import Choice, Context, Files, Range, node
from .fitting import looking
from .loading import loading
from .ports import ClipVision, ClipVisionOutput, Conditioning, Image


@node("CLIPVisionLoader", category="loaders", display_name="Load CLIP Vision")
def clip_vision_loader(ctx: Context, *, clip_name: Annotated[str, Files("clip_vision")]) -> ClipVision:
    """Load a picture encoder: CLIP's ViT-L, or OpenCLIP's ViT-H or ViT-bigG."""
    with loading(ctx, "clip_vision", clip_name) as [path]:
        return diffusion.on_device(diffusion.load_clip_vision(path), ctx.device)


@node("CLIPVisionEncode", category="conditioning", display_name="CLIP Vision Encode")
def clip_vision_encode(
    ctx: Context, *, clip_vision: ClipVision, image: Image, crop: Annotated[str, Choice(("center", "none"))]
) -> ClipVisionOutput:
    """Encode pictures of any size: "center" takes the square in the middle, "none" stretches to a square."""
    return looking(ctx, clip_vision, len(image), lambda: clip_vision.encode(image, crop))


@node("unCLIPConditioning", category="conditioning", display_name="unCLIPConditioning")
def unclip_conditioning(
    *,
    conditioning: Conditioning,
    clip_vision_output: ClipVisionOutput,
    strength: Annotated[float, Range(-10.0, 10.0, step=0.01)] = 1.0,
    noise_augmentation: Annotated[float, Range(0.0, 1.0, step=0.01)] = 0.0,
) -> Conditioning:
    """Ask an unCLIP model for something like a picture; several of these nodes mix several pictures.

    The more `noise_augmentation`, the freer it is: 1 leaves nothing of the picture.
    """
    return diffusion.with_picture(conditioning, clip_vision_output, strength, noise_augmentation)
