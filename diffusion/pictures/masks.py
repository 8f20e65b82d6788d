"""Masks: where something is done (1) and where not (0). MASK is float32 [B,H,W] in 0..1."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor

from ..latents.noise_masks import repeated_to
from ..names import row
from .filters import dilate
from .image_transform import crop_image

if TYPE_CHECKING:
    from collections.abc import Callable

CHANNELS = ("red", "green", "blue", "alpha")


def solid_mask(value: float, width: int, height: int) -> Tensor:
    """Return a mask [1,H,W] of one value."""
    return torch.full((1, height, width), value)


def batched(mask: Tensor) -> Tensor:
    """Return masks [...,H,W] as [B,H,W]: one alone may come without its batch, or with a channel."""
    return mask.reshape(-1, *mask.shape[-2:])


def crop_mask(mask: Tensor, width: int, height: int, x: int, y: int) -> Tensor:
    """Cut a piece out of masks [...,H,W] as `crop_image` does out of pictures."""
    return crop_image(batched(mask), width, height, x, y)


def image_to_mask(image: Tensor, channel: str) -> Tensor:
    """Return one channel of pictures [B,H,W,C] as masks; a picture of one channel is grey in every colour.

    Raises UnknownNameError for a channel not in `CHANNELS`, ValueError where a picture has no such channel.
    """
    number = row({name: at for at, name in enumerate(CHANNELS)}, channel, "channel")
    if image.shape[3] == 1 and channel != "alpha":
        number = 0
    if number >= image.shape[3]:
        raise ValueError(f"a picture with {image.shape[3]} channels has no {channel} channel")
    return image[..., number].clone()


def mask_to_image(mask: Tensor) -> Tensor:
    """Return masks as grey pictures [B,H,W,3]."""
    return batched(mask)[..., None].expand(-1, -1, -1, 3).clone()


def colour_to_mask(image: Tensor, colour: int) -> Tensor:
    """Return 1 where pictures [B,H,W,C>=3], rounded to 8 bits, have exactly the colour 0xRRGGBB.

    Raises ValueError for pictures without colours.
    """
    if image.shape[3] < 3:
        raise ValueError(f"a picture with {image.shape[3]} channels has no colours to look for")
    wanted = torch.tensor([colour >> shift & 255 for shift in (16, 8, 0)], device=image.device)
    levels = (image[..., :3].clamp(0, 1) * 255).round().long()
    return (levels == wanted).all(-1).float()


def composite_masks(destination: Tensor, source: Tensor, x: int, y: int, operation: str) -> Tensor:
    """Combine `source` into `destination` [B,H,W] where it lies with its first pixel at column `x`, row `y`.

    What lies outside of the destination is left out; the batch is the destination's. Clipped to 0..1.
    Raises UnknownNameError for an operation that is not in `OPERATIONS`.
    """
    combine = row(OPERATIONS, operation, "operation")
    result = batched(destination).clone()
    source = repeated_to(batched(source), len(result)).to(result)
    height, width = (max(0, n) for n in (result.shape[1] - y, result.shape[2] - x))
    source = source[:, :height, :width]
    place = result[:, y : y + source.shape[1], x : x + source.shape[2]]
    place.copy_(combine(place, source))
    return result.clamp(0, 1)


def _both(a: Tensor, b: Tensor) -> tuple[Tensor, Tensor]:
    """Return masks as yes or no: no up to a half."""
    return a.round().bool(), b.round().bool()


OPERATIONS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "multiply": torch.mul,
    "add": torch.add,
    "subtract": torch.sub,
    "and": lambda a, b: torch.logical_and(*_both(a, b)).to(a),
    "or": lambda a, b: torch.logical_or(*_both(a, b)).to(a),
    "xor": lambda a, b: torch.logical_xor(*_both(a, b)).to(a),
}
"""How two masks are combined, by name."""


def feather_mask(mask: Tensor, left: int, top: int, right: int, bottom: int) -> Tensor:
    """Let a mask [...,H,W] rise evenly from its edges: over n pixels 1/n, 2/n, ... 1 of what it was."""
    height, width = mask.shape[-2:]
    down = _ramp(height, top) * _ramp(height, bottom).flip(0)
    across = _ramp(width, left) * _ramp(width, right).flip(0)
    return batched(mask) * down[:, None].to(mask) * across.to(mask)


def _ramp(size: int, length: int) -> Tensor:
    """Return `size` factors, of which the first `length`, all at most, rise to 1."""
    length = min(length, size)
    ramp = torch.ones(size)
    ramp[:length] = torch.arange(1, length + 1) / max(length, 1)
    return ramp


def grow_mask(mask: Tensor, expand: int, tapered_corners: bool) -> Tensor:
    """Grow the light areas of masks [...,H,W] by `expand` pixels each way, or shrink them if it is negative.

    Every pixel gets the greatest (least) value within that distance: counted along rows and columns with
    tapered corners, which makes a diamond of a point, and along the longer of both without, a square. Beyond
    its edge a mask has nothing.
    """
    masks = batched(mask)[:, None]
    if expand < 0:
        return -grow_mask(-mask, -expand, tapered_corners)
    # Further than from corner to corner nothing is left to reach.
    reach = min(expand, masks.shape[-2] + masks.shape[-1])
    if not tapered_corners:
        return dilate(masks, 2 * reach + 1)[:, 0]
    for _ in range(reach):
        masks = _spread(masks)
    return masks[:, 0]


def _spread(masks: Tensor) -> Tensor:
    """Give every pixel the greatest of itself and its four neighbours."""
    spread = masks.clone()
    for dim in (-2, -1):
        rest = masks.shape[dim] - 1
        for to, source in ((1, 0), (0, 1)):
            part = spread.narrow(dim, to, rest)
            torch.maximum(part, masks.narrow(dim, source, rest), out=part)
    return spread
