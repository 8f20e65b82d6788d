"""What a sampler's node shows while it works: rough pictures, made only when somebody looks."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from .. import diffusion
from ..executor import Context
from .loading import loading

if TYPE_CHECKING:
    State = diffusion.State

MakePreview = Callable[[], bytes]

COLOURS = "latent2rgb"
"""The way that never loads a decoder; the others use one where it is there."""


def live_preview(ctx: Context, model: diffusion.Model) -> Callable[[State], MakePreview | None]:
    """Return what makes the JPEG of a state of a run with this model, None where nothing can be shown.

    A small decoder (TAESD) is used where `vae_approx` holds the one of the model's latents, or else colours.
    """
    latent_format = model.latent_format
    decoder = None
    if ctx.previews not in (None, COLOURS) and (name := _decoder_file(ctx, latent_format.preview)):
        with loading(ctx, "vae_approx", name) as [path]:
            decoder = diffusion.on_device(diffusion.load_tiny_decoder(path), ctx.device)
    show = None if ctx.previews is None else diffusion.previewer(latent_format, decoder)

    def make(state: State) -> MakePreview | None:
        denoised = state.denoised
        if show is None or denoised is None:
            return None
        return lambda show=show: diffusion.preview_jpeg(show(denoised))

    return make


def _decoder_file(ctx: Context, begins: str) -> str | None:
    """Return the file of a small decoder by the name it is published under, such as taesd_decoder."""
    stems = (f"{begins}_decoder.", f"{begins}.")
    names = ctx.folders.names("vae_approx") if begins else ()
    return next((name for name in names if name.rpartition("/")[2].startswith(stems)), None)
