"""Nodes that put conditionings together and say where, when and how strongly they hold."""

from __future__ import annotations

from typing import Annotated

from .. import diffusion
from ..executor import Choice, Range, node
from .latent import MAX_SIDE
from .ports import Conditioning, Mask

CATEGORY = "conditioning"
ADVANCED = "advanced/conditioning"

Side = Annotated[int, Range(64, MAX_SIDE, step=8)]
Offset = Annotated[int, Range(0, MAX_SIDE, step=8)]
Share = Annotated[float, Range(0.0, 1.0, step=0.01)]
Strength = Annotated[float, Range(0.0, 10.0, step=0.01)]
Percent = Annotated[float, Range(0.0, 1.0, step=0.001)]


@node("ConditioningCombine", category=CATEGORY, display_name="Conditioning (Combine)")
def conditioning_combine(*, conditioning_1: Conditioning, conditioning_2: Conditioning) -> Conditioning:
    """Follow two prompts at once: what the model predicts for each is averaged by their weights."""
    return [*conditioning_1, *conditioning_2]


@node("ConditioningAverage", category=CATEGORY, display_name="ConditioningAverage")
def conditioning_average(
    *, conditioning_to: Conditioning, conditioning_from: Conditioning, conditioning_to_strength: Share = 1.0
) -> Conditioning:
    """Mix the encodings of two prompts: `conditioning_to` by its strength, the other by what is left to 1.

    Of `conditioning_from` only the first prompt is used; it is cut or lengthened with zeros to the other.
    """
    return diffusion.average_conditioning(conditioning_to, conditioning_from, conditioning_to_strength)


@node("ConditioningConcat", category=CATEGORY, display_name="Conditioning (Concat)")
def conditioning_concat(*, conditioning_to: Conditioning, conditioning_from: Conditioning) -> Conditioning:
    """Append the first prompt of `conditioning_from` to each prompt, as if the text went on."""
    return diffusion.concat_conditioning(conditioning_to, conditioning_from)


@node("ConditioningSetArea", category=CATEGORY, display_name="Conditioning (Set Area)")
def conditioning_set_area(
    *,
    conditioning: Conditioning,
    width: Side = 64,
    height: Side = 64,
    x: Offset = 0,
    y: Offset = 0,
    strength: Strength = 1.0,
) -> Conditioning:
    """Let a prompt hold in a rectangle, given in pixels; what sticks out of the picture is cut off.

    Its weight rises from the rectangle's edges over 64 pixels, or a quarter of a small side.
    """
    area = (height // 8, width // 8, y // 8, x // 8)
    return diffusion.with_options(conditioning, area=area, strength=strength, set_area_to_bounds=False)


@node(
    "ConditioningSetAreaPercentage", category=CATEGORY, display_name="Conditioning (Set Area with Percentage)"
)
def conditioning_set_area_percentage(
    *,
    conditioning: Conditioning,
    width: Share = 1.0,
    height: Share = 1.0,
    x: Share = 0.0,
    y: Share = 0.0,
    strength: Strength = 1.0,
) -> Conditioning:
    """Let a prompt hold in a rectangle, given in shares of the picture (0 to 1)."""
    area = ("percentage", height, width, y, x)
    return diffusion.with_options(conditioning, area=area, strength=strength, set_area_to_bounds=False)


@node("ConditioningSetAreaStrength", category=CATEGORY, display_name="ConditioningSetAreaStrength")
def conditioning_set_area_strength(*, conditioning: Conditioning, strength: Strength = 1.0) -> Conditioning:
    """Set the weight of a prompt among those that hold at the same place."""
    return diffusion.with_options(conditioning, strength=strength)


@node("ConditioningSetMask", category=CATEGORY, display_name="Conditioning (Set Mask)")
def conditioning_set_mask(
    *,
    conditioning: Conditioning,
    mask: Mask,
    strength: Strength = 1.0,
    set_cond_area: Annotated[str, Choice(("default", "mask bounds"))],
) -> Conditioning:
    """Let a prompt hold where a mask is white; masks of another size are resized.

    With "mask bounds" the network is shown only the box around the mask, at least 64 pixels a side.
    """
    bounds = set_cond_area == "mask bounds"
    return diffusion.with_options(conditioning, mask=mask, mask_strength=strength, set_area_to_bounds=bounds)


@node("ConditioningSetTimestepRange", category=ADVANCED, display_name="ConditioningSetTimestepRange")
def conditioning_set_timestep_range(
    *, conditioning: Conditioning, start: Percent = 0.0, end: Percent = 1.0
) -> Conditioning:
    """Let a prompt hold for a part of a full run: from 0, where there is only noise, to 1, the picture."""
    return diffusion.with_options(conditioning, start_percent=start, end_percent=end)


@node("ConditioningZeroOut", category=ADVANCED, display_name="ConditioningZeroOut")
def conditioning_zero_out(*, conditioning: Conditioning) -> Conditioning:
    """Put zeros in the place of a prompt's encoding: a negative prompt for models trained with that."""
    return diffusion.zero_conditioning(conditioning)
