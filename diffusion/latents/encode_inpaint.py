"""Pictures with a hole, encoded to be filled in."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

from ..vae import PictureCoder
from ..values import Latent
from .noise_masks import resized_mask

GREY = 0.5


def encode_for_inpaint(vae: PictureCoder, image: Tensor, mask: Tensor, grow: int) -> Latent:
    """Encode IMAGE [B,H,W,C] with mid-grey where MASK [N,h,w] is 1 (0.5 and more), and say to repaint there.

    The mask is resized (bilinear) to the picture. What is repainted reaches further than the hole: it is
    grown to all pixels that a square of `grow` pixels around one of the hole covers.
    """
    mask = resized_mask(mask, *image.shape[1:3]).to(image).round()
    cut, mask = vae.cut(image), vae.cut(mask.movedim(1, -1)).movedim(-1, 1)
    return {"samples": vae.encode(hollowed(cut, mask)), "noise_mask": grown(mask, grow)}


def hollowed(image: Tensor, mask: Tensor) -> Tensor:
    """Return IMAGE [B,H,W,C] with mid-grey where a mask [1 or B,1,H,W] is 1."""
    return image.lerp(image.new_tensor(GREY), mask.movedim(1, -1))


def grown(mask: Tensor, by: int) -> Tensor:
    """Grow the ones of a mask [N,1,H,W] by a square of `by` pixels; an even one reaches further up left."""
    if by < 2:
        return mask
    height, width = mask.shape[2:]
    return F.max_pool2d(mask, by, stride=1, padding=by // 2)[..., :height, :width]
