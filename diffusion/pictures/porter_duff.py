"""Pictures with transparency laid over each other: Porter and Duff 1984, and the modes added to theirs since.

Here as in this field a MASK [B,H,W] is 1 where a picture is see-through: 1 - alpha.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import torch

from ..latents.noise_masks import repeated_to, resized_mask
from ..names import row
from .image_batch import with_channels
from .images import scale, scale_image

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

LEAST_ALPHA = 1e-5
"""Below it a pixel counts as see-through: its colour is black, since it can't be told."""


class Layer(NamedTuple):
    """A picture whose colours [B,H,W,C] were multiplied by its alpha [B,H,W,1]."""

    colour: Tensor
    alpha: Tensor


def composite_layers(
    source: Tensor, source_mask: Tensor, destination: Tensor, destination_mask: Tensor, mode: str
) -> tuple[Tensor, Tensor]:
    """Return pictures [B,H,W,3] and how see-through they are [B,H,W], by one of `PORTER_DUFF_MODES`.

    Each mask is brought to the size of its picture (bilinear), then the source with its mask to that of the
    destination (bicubic, cut evenly). The longest batch holds for all.
    Raises UnknownNameError for another mode.
    """
    combine = row(PORTER_DUFF_MODES, mode, "mode")
    height, width = destination.shape[1:3]
    source_cover = resized_mask(source_mask, *source.shape[1:3])
    source_cover = scale(source_cover, "bicubic", width, height, "center").clamp(0, 1)
    source = scale_image(source, "bicubic", width, height, "center").clamp(0, 1)
    covers = (source_cover, resized_mask(destination_mask, height, width))
    count = max(map(len, (source, destination, *covers)))
    layers: list[Layer] = []
    for picture, cover in zip((source, destination), covers, strict=True):
        alpha = 1 - repeated_to(cover, count).movedim(1, -1).to(picture)
        layers.append(Layer(repeated_to(with_channels(picture, 3), count) * alpha, alpha))
    colour, alpha = combine(*layers)
    seen = alpha > LEAST_ALPHA
    colour = torch.where(seen, colour / torch.where(seen, alpha, 1), 0).clamp(0, 1)
    return colour, 1 - alpha[..., 0]


def _parts(
    of_source: Callable[[Tensor], Tensor | float], of_destination: Callable[[Tensor], Tensor | float]
) -> Callable[[Layer, Layer], Layer]:
    """Return the operator that keeps so much of each layer, found from the other layer's alpha.

    Porter and Duff 1984: these two fractions are all that tells their operators apart.
    """

    def combined(source: Layer, destination: Layer) -> Layer:
        kept, left = of_source(destination.alpha), of_destination(source.alpha)
        return Layer(
            source.colour * kept + destination.colour * left, source.alpha * kept + destination.alpha * left
        )

    return combined


def _blended(meet: Callable[[Layer, Layer], Tensor]) -> Callable[[Layer, Layer], Layer]:
    """Return the mode that shows each layer where it is alone and `meet` of both where they meet.

    W3C, Compositing and Blending Level 1, with source-over.
    """

    def combined(source: Layer, destination: Layer) -> Layer:
        alone = source.colour * (1 - destination.alpha) + destination.colour * (1 - source.alpha)
        return Layer(alone + meet(source, destination), _union(source.alpha, destination.alpha))

    return combined


def _union(a: Tensor, b: Tensor) -> Tensor:
    return a + b - a * b


def _add(source: Layer, destination: Layer) -> Layer:
    return Layer(
        (source.colour + destination.colour).clamp(0, 1), (source.alpha + destination.alpha).clamp(0, 1)
    )


def _overlay(source: Layer, destination: Layer) -> Tensor:
    dark = 2 * source.colour * destination.colour
    light = source.alpha * destination.alpha - 2 * (destination.alpha - destination.colour) * (
        source.alpha - source.colour
    )
    return torch.where(2 * destination.colour < destination.alpha, dark, light)


def _all(_: Tensor) -> float:
    return 1.0


def _none(_: Tensor) -> float:
    return 0.0


def _inside(alpha: Tensor) -> Tensor:
    return alpha


def _outside(alpha: Tensor) -> Tensor:
    return 1 - alpha


PORTER_DUFF_MODES: dict[str, Callable[[Layer, Layer], Layer]] = {
    "ADD": _add,
    "CLEAR": _parts(_none, _none),
    "DARKEN": _blended(lambda s, d: torch.minimum(s.colour * d.alpha, d.colour * s.alpha)),
    "DST": _parts(_none, _all),
    "DST_ATOP": _parts(_outside, _inside),
    "DST_IN": _parts(_none, _inside),
    "DST_OUT": _parts(_none, _outside),
    "DST_OVER": _parts(_outside, _all),
    "LIGHTEN": _blended(lambda s, d: torch.maximum(s.colour * d.alpha, d.colour * s.alpha)),
    "MULTIPLY": lambda s, d: Layer(s.colour * d.colour, s.alpha * d.alpha),
    "OVERLAY": _blended(_overlay),
    "SCREEN": lambda s, d: Layer(_union(s.colour, d.colour), _union(s.alpha, d.alpha)),
    "SRC": _parts(_all, _none),
    "SRC_ATOP": _parts(_inside, _outside),
    "SRC_IN": _parts(_inside, _none),
    "SRC_OUT": _parts(_outside, _none),
    "SRC_OVER": _parts(_all, _outside),
    "XOR": _parts(_outside, _outside),
}
"""What two layers give, by the field's names. MULTIPLY keeps only where both are, as its users know it."""
