"""Nodes that keep models as files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated

from .. import diffusion
from ..executor import Context, Hidden, Json, Ui, node
from .naming import with_values
from .numbered import save_numbered, workflow_texts
from .ports import Clip, Model, Vae

if TYPE_CHECKING:
    from torch import Tensor

CATEGORY = "advanced/model_merging"
Prompt = Annotated[Json, Hidden("PROMPT")]
Extra = Annotated[Json, Hidden("EXTRA_PNGINFO")]


@node("CheckpointSave", category=CATEGORY, display_name="Save Checkpoint", output=True)
def checkpoint_save(
    ctx: Context,
    *,
    model: Model,
    clip: Clip,
    vae: Vae,
    filename_prefix: str = "checkpoints/ComfyUI",
    prompt: Prompt,
    extra_pnginfo: Extra,
) -> Ui:
    """Save U-Net, text encoders and VAE as one numbered safetensors file, with the workflow inside.

    It lies in the output folder, where loaders look for checkpoints as well.
    """
    texts = diffusion.metadata_of(model, workflow_texts(prompt, extra_pnginfo))
    texts |= diffusion.tokenizer_metadata(clip)
    return _saved(ctx, filename_prefix, prompt, diffusion.checkpoint_tensors(model, clip, vae), texts)


@node("CLIPSave", category=CATEGORY, output=True)
def clip_save(
    ctx: Context, *, clip: Clip, filename_prefix: str = "clip/ComfyUI", prompt: Prompt, extra_pnginfo: Extra
) -> Ui:
    """Save each text encoder as a numbered safetensors file whose name tells which one it is."""
    texts = workflow_texts(prompt, extra_pnginfo) | diffusion.tokenizer_metadata(clip)
    saved = [
        _saved(ctx, f"{filename_prefix}_{kind}", prompt, tensors, texts)
        for kind, tensors in diffusion.clip_tensors(clip).items()
    ]
    return Ui(shown={}, files=tuple(path for each in saved for path in each.files))


@node("VAESave", category=CATEGORY, output=True)
def vae_save(
    ctx: Context,
    *,
    vae: Vae,
    filename_prefix: str = "vae/ComfyUI_vae",
    prompt: Prompt,
    extra_pnginfo: Extra,
) -> Ui:
    """Save an image autoencoder as a numbered safetensors file in the output folder."""
    texts = workflow_texts(prompt, extra_pnginfo)
    return _saved(ctx, filename_prefix, prompt, diffusion.vae_tensors(vae), texts)


@node("ModelSave", category=CATEGORY, output=True)
def model_save(
    ctx: Context,
    *,
    model: Model,
    filename_prefix: str = "diffusion_models/ComfyUI",
    prompt: Prompt,
    extra_pnginfo: Extra,
) -> Ui:
    """Save a U-Net as a numbered safetensors file in the output folder."""
    texts = diffusion.metadata_of(model, workflow_texts(prompt, extra_pnginfo))
    return _saved(ctx, filename_prefix, prompt, diffusion.model_tensors(model), texts)


def _saved(
    ctx: Context, prefix: str, prompt: Json, tensors: Mapping[str, Tensor], metadata: dict[str, str]
) -> Ui:
    path = save_numbered(
        ctx.folders.root("output").resolve(),
        with_values(prefix, prompt),
        ".safetensors",
        lambda file: diffusion.write_tensors(file, tensors, metadata),
        receipt=ctx.receipt(),
    )
    return Ui(shown={}, files=(path,))
