"""Nodes that turn text into what steers the denoising."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from .. import diffusion
from ..executor import Choice, Context, Folders, Mentions, Range, Text, node
from .fitting import reading
from .ports import Clip, Conditioning

Prompt = Annotated[
    str,
    Text(multiline=True, dynamic_prompts=True),
    Mentions("embeddings", diffusion.EMBEDDING_PATTERN),
]
Pixels = Annotated[int, Range(0, 16_384)]
Factor = Annotated[float, Range(0, 10, step=0.01)]


@dataclass(frozen=True)
class EmbeddingFolder:
    """The textual-inversion files in a user's folders, as prompts name them."""

    folders: Folders

    def names(self) -> tuple[str, ...]:
        """Name the files there are."""
        return self.folders.names("embeddings")

    def find(self, name: str) -> Path | None:
        """Return the file of this name, with or without its ending."""
        found = self.folders.named("embeddings", name)
        return None if found is None else self.folders.path("embeddings", found)


def encoded(ctx: Context, clip: Clip, text: str, notation: str = "comfyui") -> Conditioning:
    """Return a prompt as a node's text encoders read it; raises `Cancelled` between two of their layers."""
    embeddings = EmbeddingFolder(ctx.folders)
    return reading(
        ctx,
        clip,
        lambda: clip.encode(text, syntax=notation, embeddings=embeddings, pause=ctx.check_cancelled),
    )


@node("CLIPTextEncode", category="conditioning", display_name="CLIP Text Encode (Prompt)", version=2)
def clip_text_encode(ctx: Context, *, text: Prompt, clip: Clip) -> Conditioning:
    r"""Encode a prompt with the checkpoint's text encoders; long prompts are encoded 75 tokens at a time.

    `(word)` counts 1.1 times as much, `(word:1.3)` as much as the number says, `\(` is a bracket;
    `embedding:name` inserts a textual inversion from the folder of embeddings.
    """
    return encoded(ctx, clip, text)


@node("EncodePrompt", category="conditioning", display_name="Encode Prompt (choose the notation)")
def encode_prompt(
    ctx: Context,
    *,
    text: Prompt,
    clip: Clip,
    notation: Annotated[str, Choice(diffusion.SYNTAX_NAMES)] = "a1111",
) -> Conditioning:
    """Encode a prompt written for another program.

    "comfyui" is what CLIPTextEncode reads. In "a1111" nested weights multiply, `[word]` counts less, BREAK
    starts a new row of 75 tokens, and weights scale the encoding, not its distance to the empty prompt's.
    """
    return encoded(ctx, clip, text, notation)


@node("CLIPSetLastLayer", category="conditioning", display_name="CLIP Set Last Layer")
def clip_set_last_layer(
    *, clip: Clip, stop_at_clip_layer: Annotated[int, Range(-24, -1, step=1)] = -1
) -> Clip:
    """Take the text encoding from an earlier layer ("clip skip"): -1 is the last one, -2 that before it."""
    return clip.with_last_layer(stop_at_clip_layer)


@node("CLIPTextEncodeSDXL", category="advanced/conditioning")
def clip_text_encode_sdxl(
    ctx: Context,
    *,
    clip: Clip,
    width: Pixels = 1024,
    height: Pixels = 1024,
    crop_w: Pixels = 0,
    crop_h: Pixels = 0,
    target_width: Pixels = 1024,
    target_height: Pixels = 1024,
    text_g: Prompt,
    text_l: Prompt,
) -> Conditioning:
    """Encode a prompt for each text encoder of SDXL, with what training would have known of the picture.

    Size, crop from the left and top, and target size are in pixels.
    """

    def encode() -> Conditioning:
        texts = {"clip_l": text_l, "open_clip_g": text_g}
        return clip.encode_each(texts, embeddings=EmbeddingFolder(ctx.folders), pause=ctx.check_cancelled)

    return diffusion.with_options(
        reading(ctx, clip, encode),
        width=width,
        height=height,
        crop_w=crop_w,
        crop_h=crop_h,
        target_width=target_width,
        target_height=target_height,
    )


@node("CLIPTextEncodeSDXLRefiner", category="advanced/conditioning")
def clip_text_encode_sdxl_refiner(
    ctx: Context,
    *,
    ascore: Annotated[float, Range(0, 1000, step=0.01)] = 6.0,
    width: Pixels = 1024,
    height: Pixels = 1024,
    text: Prompt,
    clip: Clip,
) -> Conditioning:
    """Encode a prompt for the SDXL refiner, with a size in pixels and how beautiful, about 1 to 10."""
    read = encoded(ctx, clip, text)
    return diffusion.with_options(read, aesthetic_score=ascore, width=width, height=height)


@node("CLIPAttentionMultiply", category="_for_testing/attention_experiments", experimental=True)
def clip_attention_multiply(
    *, clip: Clip, q: Factor = 1.0, k: Factor = 1.0, v: Factor = 1.0, out: Factor = 1.0
) -> Clip:
    """Multiply the queries, keys, values and outputs of the text encoders' attention; 1 changes nothing."""
    return clip.with_scaled_attention(q=q, k=k, v=v, out=out)
