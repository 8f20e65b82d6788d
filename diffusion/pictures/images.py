"""Pictures as tensors: scaling, cropping, 8-bit pixels. IMAGE is float32 [B,H,W,C] in 0..1."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image as PilImage

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from torch import Tensor

    Pixels = np.ndarray[tuple[int, ...], np.dtype[np.uint8]]


def empty_image(width: int, height: int, batch_size: int, color: int) -> Tensor:
    """Return `batch_size` pictures [B,H,W,3] of one colour, given as 0xRRGGBB."""
    rgb = torch.tensor([(color >> shift & 255) / 255 for shift in (16, 8, 0)])
    return rgb.expand(batch_size, height, width, 3).clone()


def scale_image(image: Tensor, method: str, width: int, height: int, crop: str) -> Tensor:
    """Scale pictures [B,H,W,C] to `width` x `height` pixels; a side of 0 follows the other one's proportion.

    `crop="center"` first cuts the picture to the target's proportions, `"disabled"` stretches it.
    Raises ValueError for an unknown method, naming those there are.
    """
    width, height = both_sides(width, height, image.shape[2], image.shape[1], least=1)
    return scale(image.movedim(-1, 1), method, width, height, crop).movedim(1, -1)


MEGAPIXEL = 1024 * 1024
"""Pixels: what this field counts by, so that 1 is the size that SDXL was trained on."""


def scale_image_by(image: Tensor, method: str, factor: float) -> Tensor:
    """Scale both sides of pictures [B,H,W,C] by a factor, rounded to whole pixels, one at least.

    Raises ValueError for an unknown method.
    """
    height, width = (max(1, round(side * factor)) for side in image.shape[1:3])
    return scale_image(image, method, width, height, "disabled")


def scale_image_to_megapixels(image: Tensor, method: str, megapixels: float) -> Tensor:
    """Scale pictures [B,H,W,C] in their proportions to so many times 1024 * 1024 pixels.

    Raises ValueError for an unknown method.
    """
    pixels = image.shape[1] * image.shape[2]
    return scale_image_by(image, method, (megapixels * MEGAPIXEL / pixels) ** 0.5)


def scale_image_to_side(image: Tensor, method: str, side: int) -> Tensor:
    """Scale pictures [B,H,W,C] in their proportions until the longer side has so many pixels; 0 keeps them.

    Raises ValueError for an unknown method.
    """
    return scale_image_by(image, method, side / max(image.shape[1:3]) if side else 1)


def scale(samples: Tensor, method: str, width: int, height: int, crop: str) -> Tensor:
    """Scale [B,C,H,W] to exactly `width` x `height` cells by one of `SCALE_METHODS`."""
    if method not in SCALE_METHODS:
        raise ValueError(f"unknown scale method {method!r}; known: {', '.join(SCALE_METHODS)}")
    if crop == "center":
        samples = _centre_cut(samples, width / height)
    elif crop != "disabled":
        raise ValueError(f"unknown crop {crop!r}; known: disabled, center")
    if samples.shape[2:] == (height, width):
        return samples
    return SCALE_METHODS[method](samples, height, width)


def both_sides(width: int, height: int, old_width: int, old_height: int, least: int) -> tuple[int, int]:
    """Replace a side of 0 by the one that keeps the proportions; both 0 leave the size as it is."""
    if not width and not height:
        return old_width, old_height
    if not width:
        return max(least, round(old_width * height / old_height)), height
    if not height:
        return width, max(least, round(old_height * width / old_width))
    return width, height


def _centre_cut(samples: Tensor, proportion: float) -> Tensor:
    """Cut the longer side of [B,C,H,W] evenly on both ends until width / height is `proportion`."""
    old_height, old_width = samples.shape[2:]
    if old_width / old_height > proportion:
        edge = round((old_width - old_height * proportion) / 2)
        return samples[:, :, :, edge : old_width - edge]
    edge = round((old_height - old_width / proportion) / 2)
    return samples[:, :, edge : old_height - edge, :]


def _interpolator(mode: str) -> Callable[[Tensor, int, int], Tensor]:
    def interpolate(samples: Tensor, height: int, width: int) -> Tensor:
        return F.interpolate(samples, (height, width), mode=mode)

    return interpolate


def _lanczos(samples: Tensor, height: int, width: int) -> Tensor:
    """Pillow's windowed sinc, one float channel at a time, so that no value is rounded to 8 bits."""
    planes = samples.detach().cpu().float().numpy()
    scaled = np.stack(
        [
            [
                np.asarray(
                    PilImage.fromarray(plane).resize((width, height), PilImage.Resampling.LANCZOS),
                    dtype=np.float32,
                )
                for plane in item
            ]
            for item in planes
        ]
    )
    return torch.as_tensor(scaled).clamp(0, 1).to(samples)


def _bislerp(samples: Tensor, height: int, width: int) -> Tensor:
    """Bilinear in place, spherical in value: keeps the length of latent vectors that a mean would shorten."""
    across = _slerp_along_last(samples.float(), width)
    return _slerp_along_last(across.mT, height).mT.to(samples.dtype)


def _slerp_along_last(samples: Tensor, size: int) -> Tensor:
    old = samples.shape[-1]
    # Centres of the new cells in coordinates of the old ones, held inside at both ends.
    at = ((torch.arange(size, device=samples.device) + 0.5) * old / size - 0.5).clamp(0, old - 1)
    low = at.floor().long()
    high = (low + 1).clamp(max=old - 1)
    return _slerp(samples[..., low], samples[..., high], (at - low).to(samples.dtype))


def _slerp(a: Tensor, b: Tensor, t: Tensor) -> Tensor:
    """Turn vectors along dimension 1 from `a` to `b`; their length goes linearly (Shoemake 1985)."""
    length_a, length_b = (v.square().sum(1, keepdim=True).sqrt() for v in (a, b))
    unit_a, unit_b = (torch.where(n > 0, v / n, 0) for v, n in ((a, length_a), (b, length_b)))
    cosine = (unit_a * unit_b).sum(1, keepdim=True).clamp(-1, 1)
    angle = cosine.acos()
    sine = angle.sin()
    turned = (((1 - t) * angle).sin() * unit_a + (t * angle).sin() * unit_b) / sine
    # Parallel and opposite vectors span no arc: go straight.
    direction = torch.where(sine.abs() > 1e-5, turned, torch.lerp(unit_a, unit_b, t.expand_as(unit_a)))
    return direction * torch.lerp(length_a, length_b, t.expand_as(length_a))


SCALE_METHODS: dict[str, Callable[[Tensor, int, int], Tensor]] = {
    "nearest-exact": _interpolator("nearest-exact"),
    "bilinear": _interpolator("bilinear"),
    "area": _interpolator("area"),
    "bicubic": _interpolator("bicubic"),
    "lanczos": _lanczos,
    "bislerp": _bislerp,
}


def pixels_to_image(pixels: Pixels) -> Tensor:
    """Return 8-bit pixels [...,H,W,C] as float32 in 0..1."""
    return torch.as_tensor(pixels.astype(np.float32) / 255)


def image_to_pixels(image: Tensor) -> Pixels:
    """Return pictures [...,H,W,C] as 8-bit pixels: clipped and truncated, as this field saves them."""
    return (image.detach().cpu().float() * 255).clamp(0, 255).to(torch.uint8).numpy()


def image_and_mask(colours: Sequence[Pixels], alphas: Sequence[Pixels] | None) -> tuple[Tensor, Tensor]:
    """Return frames [H,W,3] as IMAGE [B,H,W,3], and how see-through they are as MASK [B,H,W].

    Frames without transparency have the mask of this field for "none": zeros [1,64,64].
    """
    image = pixels_to_image(np.stack(colours))
    if alphas is None:
        return image, torch.zeros(1, 64, 64)
    return image, 1 - pixels_to_image(np.stack(alphas))
