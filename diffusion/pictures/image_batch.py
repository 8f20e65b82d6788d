"""Batches of pictures: joining, taking and matching them. IMAGE is float32 [B,H,W,C] in 0..1."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from .images import scale_image


def join_images(first: Tensor, second: Tensor) -> Tensor:
    """Put two batches [B,H,W,C] together; the second takes the size of the first (bilinear, cut evenly).

    Where the channels differ, the batch with fewer gets what it lacks (`with_channels`).
    """
    second = scale_image(second, "bilinear", first.shape[2], first.shape[1], "center")
    channels = max(first.shape[3], second.shape[3])
    return torch.cat([with_channels(first, channels), with_channels(second, channels)])


def images_from_batch(image: Tensor, first: int, length: int) -> Tensor:
    """Return `length` pictures of a batch from number `first` on, as many as there are, one at least."""
    first = min(first, len(image) - 1)
    return image[first : first + length].clone()


def rebatch_images(batches: Sequence[Tensor], size: int) -> list[Tensor]:
    """Make batches of at most `size` of all pictures of several, in their order.

    Pictures of another size or with other channels begin a new batch.
    """
    pictures = (picture for batch in batches for picture in batch)
    rebatched: list[Tensor] = []
    for _, found in itertools.groupby(pictures, lambda picture: picture.shape):
        alike = list(found)
        rebatched += (torch.stack(alike[first : first + size]) for first in range(0, len(alike), size))
    return rebatched


def with_channels(image: Tensor, channels: int) -> Tensor:
    """Return pictures [B,H,W,C] with 3 or 4 channels: greys spread out, opaque alpha added, alpha cut off.

    Raises ValueError where that can't be done.
    """
    given = image.shape[3]
    if given == channels:
        return image
    if given == 1 and channels in (3, 4):
        return with_channels(image.expand(-1, -1, -1, 3), channels)
    if (given, channels) == (3, 4):
        return F.pad(image, (0, 1), value=1.0)
    if (given, channels) == (4, 3):
        return image[..., :3]
    raise ValueError(f"a picture with {given} channels can't become one with {channels}")


def add_noise_to_image(image: Tensor, seed: int, strength: float) -> Tensor:
    """Add `strength` times unit normal noise to every channel of [B,H,W,C]; clipped to 0..1.

    A CPU generator draws it for the whole batch at once.
    """
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(image.shape, generator=generator).to(image)
    return (image + strength * noise).clamp(0, 1)
