"""Nodes that turn text into what steers the denoising."""

from __future__ import annotations

from typing import Annotated

from ..executor import Range, Text, node
from .ports import Clip, Conditioning


@node("CLIPTextEncode", category="conditioning", display_name="CLIP Text Encode (Prompt)")
def clip_text_encode(
    *, text: Annotated[str, Text(multiline=True, dynamic_prompts=True)], clip: Clip
) -> Conditioning:
    """Encode a prompt with the checkpoint's text encoder; long prompts are encoded 75 tokens at a time."""
    return clip.encode(text)


@node("CLIPSetLastLayer", category="conditioning", display_name="CLIP Set Last Layer")
def clip_set_last_layer(
    *, clip: Clip, stop_at_clip_layer: Annotated[int, Range(-24, -1, step=1)] = -1
) -> Clip:
    """Take the text encoding from an earlier layer ("clip skip"): -1 is the last one, -2 that before it."""
    return clip.with_last_layer(stop_at_clip_layer)
