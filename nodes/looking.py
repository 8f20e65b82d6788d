"""Nodes that show what a model looks at."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from .. import diffusion
from ..executor import Context, Json, Range, Seed, Ui, node
from .conditioning import EmbeddingFolder, Prompt, encoded
from .fitting import sampling
from .image import Extra, preview
from .image import Prompt as Saved
from .ports import Clip, Image, Latent, Model

CELL = 8
"""Pixels a side that a cell of a latent stands for."""


class Looks(NamedTuple):
    """A picture for each word of a prompt, and the words, one a line."""

    images: Image
    words: str


@node("CrossAttentionMaps", category="sampling/looking", display_name="Cross-Attention Maps", output=True)
def cross_attention_maps(
    ctx: Context,
    *,
    model: Model,
    clip: Clip,
    samples: Latent,
    text: Prompt,
    percent: Annotated[float, Range(0.0, 1.0, step=0.01)] = 0.5,
    seed: Annotated[int, Seed()] = 0,
    prompt: Saved,
    extra_pnginfo: Extra,
) -> Looks | Ui:
    """Show for each word of a prompt where in the picture the model looks for it; bright is where most.

    The latent is noised to the level that sampling has at `percent` of its way, and the model asked once.
    Of several latents the pictures come one after the other. Tang et al. 2022, arXiv 2210.04885.
    """
    embeddings = EmbeddingFolder(ctx.folders)
    words = clip.words(text, embeddings=embeddings)
    if not words:
        raise ValueError("the prompt has no word to look for; write one into text")
    read = encoded(ctx, clip, text)

    def look(call_bytes: int) -> Image:
        return diffusion.attention_maps(
            model, read, samples, percent=percent, seed=seed, call_bytes=call_bytes
        )

    maps = sampling(ctx, diffusion.CfgGuider(model, read), samples["samples"], look)
    images = diffusion.heat_image(diffusion.word_maps(maps, words).flatten(0, 1), CELL)
    shown = preview(ctx, images, prompt, extra_pnginfo)
    names: list[Json] = [word.text for word in words]
    outputs = Looks(images, "\n".join(word.text for word in words))
    return Ui(shown={**shown.shown, "text": names}, files=shown.files, outputs=outputs)
