"""Options of a model: nodes that take a MODEL and give one that computes differently, sharing its weights."""

from __future__ import annotations

from typing import Annotated

from .. import diffusion
from ..executor import Choice, Range, node
from .ports import Model

CATEGORY = "model_patches/unet"
EXPERIMENTS = "_for_testing/attention_experiments"
Factor = Annotated[float, Range(0.0, 10.0, step=0.01)]
Percent = Annotated[float, Range(0.0, 1.0, step=0.001)]
ScaleMethod = Annotated[str, Choice(("bicubic", "nearest-exact", "bilinear", "area", "bislerp"))]


@node("FreeU", category=CATEGORY, display_name="FreeU")
def freeu(*, model: Model, b1: Factor = 1.1, b2: Factor = 1.2, s1: Factor = 0.9, s2: Factor = 0.2) -> Model:
    """Strengthen a U-Net's backbone (b) and weaken the low frequencies that skip it (s).

    b1 and s1 act in the deeper half of the output rows, b2 and s2 in those after; 1 changes nothing.
    """
    return diffusion.with_freeu(model, b1, b2, s1, s2)


@node("FreeU_V2", category=CATEGORY, display_name="FreeU_V2")
def freeu_v2(
    *, model: Model, b1: Factor = 1.3, b2: Factor = 1.4, s1: Factor = 0.9, s2: Factor = 0.2
) -> Model:
    """Do as FreeU, but strengthen the backbone more where its activity is high. 1 changes nothing."""
    return diffusion.with_freeu(model, b1, b2, s1, s2, structured=True)


@node("HyperTile", category=CATEGORY)
def hypertile(
    *,
    model: Model,
    tile_size: Annotated[int, Range(1, 2048)] = 256,
    swap_size: Annotated[int, Range(1, 128)] = 2,
    max_depth: Annotated[int, Range(0, 10)] = 0,
    scale_depth: bool = False,
) -> Model:
    """Let each place attend to its own tile of the picture only, which is faster for large pictures.

    Tiles have at least `tile_size` pixels a side; each timestep draws one of the `swap_size` finest tilings.
    Attention down to `max_depth` halvings is tiled; `scale_depth` doubles the tiles' cells at each.
    """
    return diffusion.with_hypertile(model, tile_size, swap_size, max_depth, scale_depth=scale_depth)


@node("TomePatchModel", category=CATEGORY)
def tome_patch_model(*, model: Model, ratio: Annotated[float, Range(0.0, 1.0, step=0.01)] = 0.3) -> Model:
    """Merge tokens that are alike for self attention, which is faster: a share of them, at most 3/4."""
    return diffusion.with_merged_tokens(model, ratio)


@node("PatchModelAddDownscale", category=CATEGORY, display_name="PatchModelAddDownscale (Kohya Deep Shrink)")
def patch_model_add_downscale(
    *,
    model: Model,
    block_number: Annotated[int, Range(1, 32, step=1)] = 3,
    downscale_factor: Annotated[float, Range(0.1, 9.0, step=0.001)] = 2.0,
    start_percent: Percent = 0.0,
    end_percent: Percent = 0.35,
    downscale_after_skip: bool = True,
    downscale_method: ScaleMethod,
    upscale_method: ScaleMethod,
) -> Model:
    """Compute a network's depths on a smaller map in the first part of a run: for pictures above its size.

    The map is divided by `downscale_factor` after input block `block_number`: with `downscale_after_skip`
    just what goes deeper. On the way back the map is brought to the size of what skipped.
    """
    return diffusion.with_deep_shrink(
        model,
        block_number,
        downscale_factor,
        start_percent,
        end_percent,
        downscale_after_skip=downscale_after_skip,
        downscale_method=downscale_method,
        upscale_method=upscale_method,
    )


@node("UNetSelfAttentionMultiply", category=EXPERIMENTS)
def unet_self_attention_multiply(
    *, model: Model, q: Factor = 1.0, k: Factor = 1.0, v: Factor = 1.0, out: Factor = 1.0
) -> Model:
    """Multiply queries, keys, values and output of all self attentions; 1 changes nothing."""
    return diffusion.with_multiplied_attention(model, "self", q, k, v, out)


@node("UNetCrossAttentionMultiply", category=EXPERIMENTS)
def unet_cross_attention_multiply(
    *, model: Model, q: Factor = 1.0, k: Factor = 1.0, v: Factor = 1.0, out: Factor = 1.0
) -> Model:
    """Multiply queries, keys, values and output of all attentions to the text; 1 changes nothing."""
    return diffusion.with_multiplied_attention(model, "cross", q, k, v, out)
