"""Nodes that mix the weights of models."""

from __future__ import annotations

from typing import Annotated

from .. import diffusion
from ..executor import Names, Range, node
from .ports import Clip, Model

CATEGORY = "advanced/model_merging"
SPECIFIC = f"{CATEGORY}/model_specific"
Ratio = Annotated[float, Range(0.0, 1.0, step=0.01)]
Multiplier = Annotated[float, Range(-10.0, 10.0, step=0.01)]


@node("ModelMergeSimple", category=CATEGORY)
def model_merge_simple(*, model1: Model, model2: Model, ratio: Ratio = 1.0) -> Model:
    """Mix the weights of two models of one family: `ratio` of the first, the rest of the second."""
    return diffusion.mixed_models(model1, model2, diffusion.blend(ratio))


@node("ModelMergeBlocks", category=CATEGORY)
def model_merge_blocks(
    *, model1: Model, model2: Model, input: Ratio = 1.0, middle: Ratio = 1.0, out: Ratio = 1.0
) -> Model:
    """Mix two models with a ratio of the first for each part of the U-Net; all else goes with `input`."""
    ratios = {"input": input, "middle": middle, "out": out}
    return diffusion.mixed_models(model1, model2, diffusion.blend_by_prefix(ratios))


@node("ModelMergeSubtract", category=CATEGORY)
def model_merge_subtract(*, model1: Model, model2: Model, multiplier: Multiplier = 1.0) -> Model:
    """Take the first model's weights less the second's, times `multiplier`: a difference to be added."""
    return diffusion.mixed_models(model1, model2, diffusion.difference(multiplier))


@node("ModelMergeAdd", category=CATEGORY)
def model_merge_add(*, model1: Model, model2: Model) -> Model:
    """Add the weights of the second model, usually a difference, to those of the first."""
    return diffusion.mixed_models(model1, model2, diffusion.total)


def _rows(inputs: int, outputs: int, end: str) -> tuple[str, ...]:
    rows = {"input_blocks": inputs, "middle_block": 3, "output_blocks": outputs}
    return tuple(f"{part}.{row}{end}" for part, count in rows.items() for row in range(count))


ENDS = ("time_embed.", "label_emb.")
SD1_ROWS = (*ENDS, *_rows(12, 12, "."), "out.")
SDXL_ROWS = (*ENDS, *_rows(9, 9, ""), "out.")


@node("ModelMergeSD1", category=SPECIFIC)
def model_merge_sd1(
    *,
    model1: Model,
    model2: Model,
    **ratios: Annotated[float, Range(0.0, 1.0, step=0.01), Names(SD1_ROWS, default=1.0)],
) -> Model:
    """Mix two Stable Diffusion 1 models with a ratio of the first for each row of the U-Net."""
    return diffusion.mixed_models(model1, model2, diffusion.blend_by_prefix(ratios))


@node("ModelMergeSD2", category=SPECIFIC)
def model_merge_sd2(
    *,
    model1: Model,
    model2: Model,
    **ratios: Annotated[float, Range(0.0, 1.0, step=0.01), Names(SD1_ROWS, default=1.0)],
) -> Model:
    """Mix two Stable Diffusion 2 models with a ratio of the first for each row of the U-Net."""
    return diffusion.mixed_models(model1, model2, diffusion.blend_by_prefix(ratios))


@node("ModelMergeSDXL", category=SPECIFIC)
def model_merge_sdxl(
    *,
    model1: Model,
    model2: Model,
    **ratios: Annotated[float, Range(0.0, 1.0, step=0.01), Names(SDXL_ROWS, default=1.0)],
) -> Model:
    """Mix two SDXL models with a ratio of the first for each row of the U-Net."""
    return diffusion.mixed_models(model1, model2, diffusion.blend_by_prefix(ratios))


@node("CLIPMergeSimple", category=CATEGORY)
def clip_merge_simple(*, clip1: Clip, clip2: Clip, ratio: Ratio = 1.0) -> Clip:
    """Mix the weights of two models' text encoders: `ratio` of the first, the rest of the second."""
    return diffusion.mixed_clips(clip1, clip2, diffusion.blend(ratio))


@node("CLIPMergeSubtract", category=CATEGORY)
def clip_merge_subtract(*, clip1: Clip, clip2: Clip, multiplier: Multiplier = 1.0) -> Clip:
    """Take the first text encoders' weights less the second's, times `multiplier`."""
    return diffusion.mixed_clips(clip1, clip2, diffusion.difference(multiplier))


@node("CLIPMergeAdd", category=CATEGORY)
def clip_merge_add(*, clip1: Clip, clip2: Clip) -> Clip:
    """Add the weights of the second text encoders, usually a difference, to those of the first."""
    return diffusion.mixed_clips(clip1, clip2, diffusion.total)
