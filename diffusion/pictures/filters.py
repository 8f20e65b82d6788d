"""Blurring, sharpening and the shapes of light and dark areas. IMAGE is float32 [B,H,W,C] in 0..1."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
import torch.nn.functional as F

from ..names import row

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

SHARPEN_GAIN = 10
"""How often the difference to the blurred picture is added for a strength of 1: the field's unit."""


def blur_image(image: Tensor, radius: int, sigma: float) -> Tensor:
    """Blur pictures [B,H,W,C] by a Gaussian over 2 * radius + 1 pixels each way.

    `sigma` counts radii, not pixels, as saved workflows do: with sigma 0.5 the Gaussian has two standard
    deviations on each side. Beyond its edge a picture is mirrored, as often as the radius asks for.
    """
    return _blurred(image, sigma * radius, radius, dims=(1, 2))


def sharpen_image(image: Tensor, radius: int, sigma: float, alpha: float) -> Tensor:
    """Add ten times `alpha` what `blur_image` takes away (unsharp masking); clipped to 0..1."""
    return torch.lerp(blur_image(image, radius, sigma), image, 1 + SHARPEN_GAIN * alpha).clamp(0, 1)


def blurred(samples: Tensor, sigma: float, radius: int) -> Tensor:
    """Blur [B,C,H,W] by a Gaussian of `sigma` pixels, cut off at `radius` pixels, mirrored at the edges."""
    return _blurred(samples, sigma, radius, dims=(2, 3))


def _blurred(samples: Tensor, sigma: float, radius: int, dims: tuple[int, int]) -> Tensor:
    """Take the weighted mean along one side after the other: a Gaussian is a product of its rows."""
    weights = gaussian_weights(sigma, radius)
    for dim in dims:
        size = samples.shape[dim]
        padded = samples.index_select(dim, _mirrored(size, radius, samples.device))
        samples = padded.narrow(dim, 0, size) * weights[0]
        for place, weight in enumerate(weights[1:], 1):
            samples.add_(padded.narrow(dim, place, size), alpha=weight)
    return samples


def gaussian_weights(sigma: float, radius: int) -> list[float]:
    """Return a Gaussian at -radius .. radius, its sum 1."""
    weights = [math.exp(-(at * at) / (2 * sigma * sigma)) for at in range(-radius, radius + 1)]
    total = sum(weights)
    return [weight / total for weight in weights]


def _mirrored(size: int, reach: int, device: torch.device) -> Tensor:
    """Return the places -reach .. size - 1 + reach, mirrored into 0 .. size - 1 without doubling the edge."""
    period = max(2 * (size - 1), 1)
    at = torch.arange(-reach, size + reach, device=device).remainder(period)
    return torch.minimum(at, period - at)


def morph_image(image: Tensor, operation: str, size: int) -> Tensor:
    """Apply one of `MORPHOLOGY` with a square of `size` x `size` pixels to each channel of [B,H,W,C].

    Beyond its edge a picture has nothing. Raises UnknownNameError for another operation.
    """
    return row(MORPHOLOGY, operation, "operation")(image.movedim(-1, 1), size).movedim(1, -1)


def erode(samples: Tensor, size: int) -> Tensor:
    """Give each cell of [B,C,H,W] the least value in a square around it (size / 2 up and left)."""
    return -_highest(-samples, size, size // 2)


def dilate(samples: Tensor, size: int) -> Tensor:
    """Give each cell of [B,C,H,W] the greatest value in a square around it: the mirror image of `erode`'s.

    So opening and closing stay in place for squares of an even size too.
    """
    return _highest(samples, size, (size - 1) // 2)


def _highest(samples: Tensor, size: int, before: int) -> Tensor:
    """Return the greatest of `size` cells along both sides, the first of them `before` cells before each.

    The window is doubled until it is long enough: a logarithm's number of steps instead of `size`.
    """
    for dim in (-2, -1):
        length = samples.shape[dim]
        # A window that sticks out on both sides sees no more than all there is.
        first, last = min(before, length - 1), min(size - 1 - before, length - 1)
        padding = (first, last) if dim == -1 else (0, 0, first, last)
        samples = F.pad(samples, padding, value=float("-inf"))
        window, covered = first + last + 1, 1
        while covered < window:
            shift = min(covered, window - covered)
            rest = samples.shape[dim] - shift
            samples = torch.maximum(samples.narrow(dim, 0, rest), samples.narrow(dim, shift, rest))
            covered += shift
    return samples


def _opened(samples: Tensor, size: int) -> Tensor:
    return dilate(erode(samples, size), size)


def _closed(samples: Tensor, size: int) -> Tensor:
    return erode(dilate(samples, size), size)


MORPHOLOGY: dict[str, Callable[[Tensor, int], Tensor]] = {
    "erode": erode,
    "dilate": dilate,
    "open": _opened,
    "close": _closed,
    "gradient": lambda samples, size: dilate(samples, size) - erode(samples, size),
    "bottom_hat": lambda samples, size: _closed(samples, size) - samples,
    "top_hat": lambda samples, size: samples - _opened(samples, size),
}
"""Mathematical morphology (Serra 1982), by name."""
