"""Nodes that keep latents as files."""

from __future__ import annotations

from typing import Annotated

from .. import diffusion
from ..executor import Context, Files, Hidden, Json, Ui, node
from .numbered import save_numbered, workflow_texts
from .ports import Latent


@node("SaveLatent", category="_for_testing", output=True, lane="files")
def save_latent(
    ctx: Context,
    *,
    samples: Latent,
    filename_prefix: str = "latents/ComfyUI",
    prompt: Annotated[Json, Hidden("PROMPT")],
    extra_pnginfo: Annotated[Json, Hidden("EXTRA_PNGINFO")],
) -> Ui:
    """Save a latent as a numbered `.latent` file in the output folder, with the workflow inside.

    To use it in another workflow, put it into the input folder.
    """
    root = ctx.folders.root("output").resolve()
    content = diffusion.latent_bytes(samples, workflow_texts(prompt, extra_pnginfo))
    path = save_numbered(
        root, filename_prefix, ".latent", lambda file: file.write(content), receipt=ctx.receipt()
    )
    shown: Json = {
        "filename": path.name,
        "subfolder": "/".join(path.parent.relative_to(root).parts),
        "type": "output",
    }
    return Ui(shown={"latents": [shown]}, files=(path,))


@node("LoadLatent", category="_for_testing", lane="worker")
def load_latent(ctx: Context, *, latent: Annotated[str, Files("input", suffixes=(".latent",))]) -> Latent:
    """Load a latent from a `.latent` file in the input folder."""
    return diffusion.read_latent(ctx.folders.path("input", latent))
