"""Pictures laid over others, and their transparency: IMAGE float32 [B,H,W,C], MASK [B,H,W], both in 0..1."""

from __future__ import annotations

import torch
from torch import Tensor

from ..latents.compositing import paste
from ..latents.noise_masks import repeated_to, resized_mask
from .image_batch import with_channels
from .images import scale_image


def composite_images(
    below: Tensor, above: Tensor, x: int, y: int, mask: Tensor | None, *, resize: bool
) -> Tensor:
    """Lay pictures over others with their first pixel at column `x`, row `y`, where a mask is 1.

    Without a mask they cover all of their place. `resize` first stretches them (bilinear) over all of what is
    below. The mask is resized to them (bilinear); what hangs over is cut off; batch and channels are those of
    the pictures below.
    """
    if resize:
        above = scale_image(above, "bilinear", below.shape[2], below.shape[1], "disabled")
    above = with_channels(above, below.shape[3])
    cover = torch.ones(1) if mask is None else resized_mask(mask, *above.shape[1:3])
    return paste(below.movedim(-1, 1), above.movedim(-1, 1), x, y, cover).movedim(1, -1)


def split_alpha(image: Tensor) -> tuple[Tensor, Tensor]:
    """Return the colours [B,H,W,3] of pictures and how see-through they are [B,H,W]: 0 without alpha."""
    if image.shape[3] < 4:
        return with_channels(image, 3).clone(), image.new_zeros(image.shape[:3])
    return image[..., :3].clone(), 1 - image[..., 3]


def join_alpha(image: Tensor, mask: Tensor) -> Tensor:
    """Return pictures [B,H,W,4] that are see-through where the mask is 1; any alpha they had is lost.

    The mask takes the picture's size (bilinear); the longer batch holds for both.
    """
    masks = resized_mask(mask, *image.shape[1:3])[:, 0, :, :, None]
    count = max(len(image), len(masks))
    colours = repeated_to(with_channels(image, 3), count)
    return torch.cat([colours, 1 - repeated_to(masks, count).to(colours)], -1)
