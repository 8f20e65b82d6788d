"""Nodes that look at pictures with CLIP's other half, for adapters to be guided by."""

from __future__ import annotations

from typing import Annotated

from .. import diffusion
from ..executor import Choice, Context, Files, node
from .ports import ClipVision, ClipVisionOutput, Image


@node("CLIPVisionLoader", category="loaders", display_name="Load CLIP Vision")
def clip_vision_loader(ctx: Context, *, clip_name: Annotated[str, Files("clip_vision")]) -> ClipVision:
    """Load a picture encoder: CLIP's ViT-L, or OpenCLIP's ViT-H or ViT-bigG."""
    return diffusion.load_clip_vision(ctx.folders.path("clip_vision", clip_name))


@node("CLIPVisionEncode", category="conditioning", display_name="CLIP Vision Encode")
def clip_vision_encode(
    *, clip_vision: ClipVision, image: Image, crop: Annotated[str, Choice(("center", "none"))]
) -> ClipVisionOutput:
    """Encode pictures of any size: "center" takes the square in the middle, "none" stretches to a square."""
    return clip_vision.encode(image, crop)
