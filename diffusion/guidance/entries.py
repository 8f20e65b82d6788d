"""The entries of a conditioning, made ready for one run: where, when and how strongly each of them speaks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ..model import Model
from ..names import UnknownNameError, nearest_first
from ..values import CELL, Conditioning
from .areas import Box, area_box, feathered, mask_box
from .beside import beside_latent
from .canvas import Canvas

OPTIONS: Mapping[str, str] = {
    "pooled_output": "the text's encoding as a whole [B,C], for networks that take a vector",
    "strength": "weight among the entries that hold at a place; 1 unless given",
    "area": "(height, width, y, x) in cells, or ('percentage', height, width, y, x) in shares of the picture",
    "mask": "[B,H,W], a weight for every place",
    "mask_strength": "what the mask is multiplied with",
    "set_area_to_bounds": "whether the network sees only the box around the mask",
    "start_percent": "the share of a full run from which on the entry holds",
    "end_percent": "the share of a full run until which the entry holds",
    "width": "SDXL: width in pixels of the picture that training would have seen",
    "height": "SDXL: its height",
    "crop_w": "SDXL: pixels cut off on its left",
    "crop_h": "SDXL: pixels cut off on its top",
    "target_width": "SDXL: width in pixels of what is to be made",
    "target_height": "SDXL: its height",
    "aesthetic_score": "SDXL refiner: how beautiful, about 1 to 10",
    "prompt_type": "'negative' for what a picture should not be, which decides the score if none is given",
    "unclip_conditioning": "unCLIP: pictures, [{clip_vision_output, strength, noise_augmentation}]",
    "concat_latent_image": "a picture's latent [B,C,h,w], not scaled, for inpainting and editing networks",
    "concat_mask": "[B,1,H,W], 1 where an inpainting network repaints",
    "default": "whether the entry holds only where no other one does",
}
"""Everything that an entry's options may say."""


@dataclass(frozen=True, eq=False)
class Entry:
    """One entry of a conditioning on one canvas.

    `context` [B,T,C], `vector` [B,V] and `beside` [B,c,h,w] are what the network is given beside its part of
    x, `box`: the first two lie where it computes, all else on the CPU. `weight` broadcasts against [B,1,h,w]
    of the box. The entry holds at noise levels from `lowest` to `highest`, both included, and with `fills`
    only where no other one does.
    """

    context: Tensor
    vector: Tensor | None
    beside: Tensor | None
    box: Box
    weight: Tensor
    lowest: float
    highest: float
    fills: bool

    @property
    def even(self) -> bool:
        """Whether the weight is the same everywhere on the whole canvas."""
        return self.weight.numel() == 1


def entries_of(model: Model, canvas: Canvas, conditioning: Conditioning) -> tuple[Entry, ...]:
    """Return the entries of a conditioning that have any weight.

    Raises ValueError for a conditioning that does not fit the model or the canvas, UnknownNameError for
    options that are not in `OPTIONS`.
    """
    if not conditioning:
        raise ValueError("a conditioning needs at least one entry")
    found = (entry_of(model, canvas, context, options) for context, options in conditioning)
    return tuple(entry for entry in found if bool((entry.weight > 0).any()))


def entry_of(model: Model, canvas: Canvas, context: Tensor, options: Mapping[str, Any]) -> Entry:
    """Return one entry, made ready. Raises as `entries_of` does."""
    for name in options:
        if name not in OPTIONS:
            raise UnknownNameError("conditioning option", name, nearest_first(name, OPTIONS))
    box, weight = _place(canvas, options)
    beside = beside_latent(model, canvas, options)
    return Entry(
        context=_context(model, canvas, context).to(model.device, model.dtype),
        vector=_vector(model, canvas, options),
        beside=None if beside is None else box.cut(beside),
        box=box,
        weight=weight.to(canvas.kept),
        highest=model.schedule.percent_to_sigma(options.get("start_percent", 0.0)),
        lowest=model.schedule.percent_to_sigma(options.get("end_percent", 1.0)),
        fills=bool(options.get("default", False)),
    )


def _context(model: Model, canvas: Canvas, context: Tensor) -> Tensor:
    width, batch = model.unet.spec.context_channels, canvas.batch
    if context.ndim != 3 or len(context) not in (1, batch) or context.shape[2] != width:
        raise ValueError(
            f"{batch} latents and this model need a conditioning [1 or {batch}, tokens, {width}], "
            f"not {list(context.shape)}; is it from this model's own text encoder?"
        )
    return context.expand(batch, -1, -1)


def _vector(model: Model, canvas: Canvas, options: Mapping[str, Any]) -> Tensor | None:
    if model.family.vector is None:
        return None
    pooled: Tensor | None = options.get("pooled_output")
    if pooled is None:
        raise ValueError(
            f"{model.family.title} needs a conditioning with a pooled output; "
            "encode the prompt with this model's own text encoders"
        )
    if len(pooled) not in (1, canvas.batch):
        raise ValueError(f"{canvas.batch} latents need 1 or {canvas.batch} pooled outputs, not {len(pooled)}")
    vector = model.family.vector
    rows = [vector(row[None], options, canvas.height * CELL, canvas.width * CELL) for row in pooled]
    return torch.cat(rows).expand(canvas.batch, -1).to(model.device, model.dtype)


def _place(canvas: Canvas, options: Mapping[str, Any]) -> tuple[Box, Tensor]:
    """Return where an entry holds and its weight there."""
    height, width = canvas.height, canvas.width
    whole = Box(height, width, 0, 0)
    area, mask = options.get("area"), options.get("mask")
    box = whole if area is None else area_box(area, height, width)
    weight = torch.tensor(float(options.get("strength", 1.0)))
    if mask is None:
        return box, weight if box == whole else weight * feathered(box, height, width)
    mask = canvas.fitted(mask)
    if options.get("set_area_to_bounds", False):
        # A mask that is 0 everywhere has no box, and no weight either.
        box = mask_box(mask) or whole
    return box, weight.to(mask) * float(options.get("mask_strength", 1.0)) * box.cut(mask)
