"""Nodes that load models from files."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from .. import diffusion
from ..executor import Context, Files, node
from .ports import Clip, Model, Vae


class LoadedCheckpoint(NamedTuple):
    """The three parts of a Stable Diffusion checkpoint."""

    MODEL: Model
    CLIP: Clip
    VAE: Vae


@node("CheckpointLoaderSimple", category="loaders", display_name="Load Checkpoint")
def checkpoint_loader_simple(
    ctx: Context, *, ckpt_name: Annotated[str, Files("checkpoints")]
) -> LoadedCheckpoint:
    """Load a checkpoint file: the denoising U-Net, the text encoder and the image autoencoder."""
    loaded = diffusion.load_checkpoint(ctx.folders.path("checkpoints", ckpt_name))
    return LoadedCheckpoint(loaded.model, loaded.clip, loaded.vae)


@node("VAELoader", category="loaders", display_name="Load VAE")
def vae_loader(ctx: Context, *, vae_name: Annotated[str, Files("vae")]) -> Vae:
    """Load an image autoencoder on its own, to use in place of a checkpoint's."""
    return diffusion.load_vae(ctx.folders.path("vae", vae_name))
