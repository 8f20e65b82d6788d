"""Conditionings as values: options, mixed encodings, texts end to end; nothing is changed in place."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor

from ..networks.vision import ClipVisionOutput
from ..values import Conditioning


def with_options(conditioning: Conditioning, **options: Any) -> Conditioning:
    """Return a conditioning with these options set in every entry; `entries.OPTIONS` lists them."""
    return [[context, {**old, **options}] for context, old in conditioning]


def with_picture(
    conditioning: Conditioning, output: ClipVisionOutput, strength: float, noise_augmentation: float
) -> Conditioning:
    """Return a conditioning that asks an unCLIP model to resemble a picture too, besides those it has.

    `noise_augmentation` (0..1) blurs what is asked for. With strength 0 the conditioning stays as it is.
    """
    if not strength:
        return conditioning
    given = {
        "clip_vision_output": output,
        "strength": strength,
        "noise_augmentation": noise_augmentation,
    }
    return [
        [context, {**old, "unclip_conditioning": [*old.get("unclip_conditioning", ()), given]}]
        for context, old in conditioning
    ]


def as_negative(conditioning: Conditioning) -> Conditioning:
    """Return a conditioning that says of its entries that they are what a picture should not be."""
    return [[context, {"prompt_type": "negative", **options}] for context, options in conditioning]


def zero_conditioning(conditioning: Conditioning) -> Conditioning:
    """Return a conditioning with zeros for every encoding and pooled output."""
    zeros: Conditioning = []
    for context, options in conditioning:
        pooled = options.get("pooled_output")
        changed = options if pooled is None else {**options, "pooled_output": torch.zeros_like(pooled)}
        zeros.append([torch.zeros_like(context), changed])
    return zeros


def average_conditioning(to: Conditioning, start: Conditioning, share: float) -> Conditioning:
    """Return the entries of `to` mixed with the first of `start`: `share` (0..1) of the former.

    The latter's encoding is cut, or lengthened with zeros, to the tokens of the entry. Pooled outputs are
    mixed too; an entry without one takes that of `start`.
    Raises ValueError for an empty `start` and for encodings of other widths.
    """
    other, other_options = _first(start, "conditioning_from")
    other_pooled: Tensor | None = other_options.get("pooled_output")
    mixed: Conditioning = []
    for context, options in to:
        _check_width(context, other)
        tokens = context.shape[1]
        fitted = torch.nn.functional.pad(other, (0, 0, 0, tokens - other.shape[1]))  # a negative number cuts
        changed = dict(options)
        if other_pooled is not None:
            pooled: Tensor = options.get("pooled_output", other_pooled)
            changed["pooled_output"] = pooled * share + other_pooled * (1 - share)
        mixed.append([context * share + fitted * (1 - share), changed])
    return mixed


def concat_conditioning(to: Conditioning, more: Conditioning) -> Conditioning:
    """Return the entries of `to`, each with the tokens of the first entry of `more` after its own.

    Raises ValueError for an empty `more` and for encodings of other widths or batches.
    """
    other, _ = _first(more, "conditioning_from")
    longer: Conditioning = []
    for context, options in to:
        _check_width(context, other)
        batch = max(len(context), len(other))
        if {len(context), len(other)} - {1, batch}:
            raise ValueError(f"encodings of {len(context)} and {len(other)} texts can't be laid end to end")
        rows = [part.expand(batch, -1, -1) for part in (context, other)]
        longer.append([torch.cat(rows, 1), options])
    return longer


def _first(conditioning: Conditioning, name: str) -> tuple[Tensor, dict[str, Any]]:
    if not conditioning:
        raise ValueError(f"{name} has no entry")
    context, options = conditioning[0]
    return context, options


def _check_width(context: Tensor, other: Tensor) -> None:
    if context.shape[-1] != other.shape[-1]:
        raise ValueError(
            f"these encodings have {context.shape[-1]} and {other.shape[-1]} channels; "
            "encode both with the text encoder of the same model"
        )
