"""Nodes that load models from files."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from .. import diffusion
from ..executor import Advanced, Choice, Context, Files, FileSet, node
from .loading import loading
from .ports import Clip, ClipVision, Model, Vae

ADVANCED = "advanced/loaders"

Device = Annotated[str | None, Choice(("default", "cpu")), Advanced()]
"""Where text encoders compute: where all models do, or on the CPU, which leaves a card's room to others."""


class LoadedCheckpoint(NamedTuple):
    """The three parts of a Stable Diffusion checkpoint."""

    MODEL: Model
    CLIP: Clip
    VAE: Vae


def _handles(ctx: Context, loaded: diffusion.Checkpoint) -> LoadedCheckpoint:
    """Return the parts of a checkpoint, to compute where this run does."""
    here = ctx.device
    return LoadedCheckpoint(
        diffusion.on_device(loaded.model, here),
        diffusion.on_device(loaded.clip, here),
        diffusion.on_device(loaded.vae, here),
    )


@node("CheckpointLoaderSimple", category="loaders", display_name="Load Checkpoint")
def checkpoint_loader_simple(
    ctx: Context, *, ckpt_name: Annotated[str, Files("checkpoints")]
) -> LoadedCheckpoint:
    """Load a checkpoint file: the denoising U-Net, the text encoders and the image autoencoder.

    Its family is found from its content: Stable Diffusion 1, 2 and XL, their refiners, inpainting and
    editing models, and distillations.
    """
    with loading(ctx, "checkpoints", ckpt_name) as [path]:
        loaded = diffusion.load_checkpoint(path)
    return _handles(ctx, loaded)


@node(
    "CheckpointLoader",
    category=ADVANCED,
    display_name="Load Checkpoint With Config (DEPRECATED)",
    deprecated=True,
)
def checkpoint_loader(
    ctx: Context,
    *,
    config_name: Annotated[str, Files("configs")],
    ckpt_name: Annotated[str, Files("checkpoints")],
) -> LoadedCheckpoint:
    """Load a checkpoint; a YAML config says what it predicts and which layer of the text encoder it takes."""
    config = ctx.folders.path("configs", config_name)
    with loading(ctx, "checkpoints", ckpt_name) as [path]:
        loaded = diffusion.load_checkpoint_with_config(path, config)
    return _handles(ctx, loaded)


@node("DiffusersLoader", category=f"{ADVANCED}/deprecated")
def diffusers_loader(ctx: Context, *, model_path: Annotated[str, Files("diffusers")]) -> LoadedCheckpoint:
    """Load a model from a folder in the layout of diffusers, with a `model_index.json`."""
    with loading(ctx, "diffusers", model_path) as [path]:
        loaded = diffusion.load_diffusers(path)
    return _handles(ctx, loaded)


class LoadedUnclip(NamedTuple):
    """The parts of an unCLIP checkpoint."""

    MODEL: Model
    CLIP: Clip
    VAE: Vae
    CLIP_VISION: ClipVision


@node("unCLIPCheckpointLoader", category="loaders", display_name="unCLIPCheckpointLoader")
def unclip_checkpoint_loader(
    ctx: Context, *, ckpt_name: Annotated[str, Files("checkpoints")]
) -> LoadedUnclip:
    """Load a checkpoint of Stable Diffusion 2.1 unCLIP, with the vision tower that its pictures come by."""
    with loading(ctx, "checkpoints", ckpt_name) as [path]:
        loaded, vision = diffusion.load_unclip_checkpoint(path)
    return LoadedUnclip(*_handles(ctx, loaded), diffusion.on_device(vision, ctx.device))


@node("UNETLoader", category=ADVANCED, display_name="Load Diffusion Model")
def unet_loader(
    ctx: Context,
    *,
    unet_name: Annotated[str, Files("diffusion_models")],
    weight_dtype: Annotated[str, Choice(("default", "fp8_e4m3fn", "fp8_e4m3fn_fast", "fp8_e5m2"))],
) -> Model:
    """Load a U-Net on its own, under the original's names or those of diffusers.

    With a `weight_dtype` of 8 bits its weights are rounded to that, which costs quality.
    """
    with loading(ctx, "diffusion_models", unet_name) as [path]:
        model = diffusion.on_device(diffusion.load_unet(path), ctx.device)
    return diffusion.with_weight_dtype(model, weight_dtype)


SMALL = ("taesd", "taesdxl")
"""Small autoencoders, as their files are called: for the latents of SD1 and SD2, and for those of SDXL."""

PIXELS = "pixel_space"

VAES = Files(
    "vae",
    sets=(
        *(FileSet(name, "vae_approx", (f"{name}_encoder", f"{name}_decoder")) for name in SMALL),
        FileSet(PIXELS),
    ),
)


@node("VAELoader", category="loaders", display_name="Load VAE")
def vae_loader(ctx: Context, *, vae_name: Annotated[str, VAES]) -> Vae:
    """Load an image autoencoder on its own, to use in place of a checkpoint's.

    `taesd` (for SD1 and SD2) and `taesdxl` are small and quick ones, made of two files in `vae_approx`;
    `pixel_space` takes pixels for latents.
    """
    small = VAES.set_of(vae_name)
    if small is None:
        with loading(ctx, "vae", vae_name) as [path]:
            return diffusion.on_device(diffusion.load_vae(path), ctx.device)
    if vae_name == PIXELS:
        return diffusion.PixelVae()
    found = small.found(ctx.folders.names)
    names = [found.get(stem, stem) for stem in small.stems]
    with loading(ctx, small.folder, *names) as [encoder, decoder]:
        small_vae = diffusion.load_tiny_vae(encoder, decoder, diffusion.SMALL_FORMATS[vae_name])
        return diffusion.on_device(small_vae, ctx.device)


@node("CLIPLoader", category=ADVANCED, display_name="Load CLIP")
def clip_loader(
    ctx: Context,
    *,
    clip_name: Annotated[str, Files("text_encoders")],
    type: Annotated[str, Choice(("stable_diffusion",))],
    device: Device = None,
) -> Clip:
    """Load a text encoder on its own; its kind (CLIP ViT-L, OpenCLIP ViT-H or ViT-bigG) tells the family."""
    with loading(ctx, "text_encoders", clip_name) as [path]:
        clip = diffusion.load_clip([path], type)
    return clip if device == "cpu" else diffusion.on_device(clip, ctx.device)


@node("DualCLIPLoader", category=ADVANCED)
def dual_clip_loader(
    ctx: Context,
    *,
    clip_name1: Annotated[str, Files("text_encoders")],
    clip_name2: Annotated[str, Files("text_encoders")],
    type: Annotated[str, Choice(("sdxl",))],
    device: Device = None,
) -> Clip:
    """Load the two text encoders of SDXL, CLIP ViT-L and OpenCLIP ViT-bigG, in any order."""
    with loading(ctx, "text_encoders", clip_name1, clip_name2) as paths:
        clip = diffusion.load_clip(paths, type)
    return clip if device == "cpu" else diffusion.on_device(clip, ctx.device)
