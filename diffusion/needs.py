"""What computing takes beside weights, by rough estimates: the ways there are, the quickest first."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from .guidance.estimate import CALL_BYTES, bytes_per_item
from .guidance.guiders import Guider
from .model import Model
from .vae import LIVE, Vae

TILES = (512, 256, 128, 64)
"""Pixels on a side of the tiles that a picture is coded in, down to those that take next to no memory."""


@dataclass(frozen=True, kw_only=True)
class Need:
    """A way of computing, `estimate` bytes beside weights.

    `room` and `tile` are what the computation is to be told: bytes for what goes in one call, pixels on a
    side where it goes in tiles. `model` and `shape` name what is computed, to know measurements by: the same
    whatever the weights are.
    """

    title: str
    estimate: int
    room: int
    tile: int | None = None
    model: str
    shape: str


def sampling_needs(guider: Guider, shape: Sequence[int]) -> list[Need]:
    """Return the ways to sample latents [B,C,h,w]: with fewer and fewer prompts in a call of the network."""
    model, (batch, _, height, width) = guider.model, shape
    each = bytes_per_item(model, height, width) * batch
    asked = (*guider.conditionings, *(one for rule in model.guidance for one in rule.asks))
    prompts = max(1, sum(len(one) for one in asked if one is not None))
    counts = [min(prompts, max(1, CALL_BYTES // each))]
    while counts[-1] > 1:
        counts.append(counts[-1] // 2)
    return [_sampling_need(model, shape, count) for count in counts]


def least_sampling_need(model: Model, shape: Sequence[int]) -> Need:
    """Return the thriftiest of the ways to sample latents [B,C,h,w], whatever the prompts are."""
    return _sampling_need(model, shape, 1)


def _sampling_need(model: Model, shape: Sequence[int], count: int) -> Need:
    batch, _, height, width = shape
    nbytes = count * batch * bytes_per_item(model, height, width)
    return Need(
        title="one prompt in a call" if count == 1 else f"{count} prompts in a call",
        estimate=nbytes,
        room=nbytes,
        model=_name("unet", model.unet.spec, model.dtype, model.device),
        shape=f"{count * batch}x{height}x{width}",
    )


def picture_needs(
    vae: Vae, work: str, batch: int, height: int, width: int, tile: int | None = None
) -> list[Need]:
    """Return the ways to encode or decode (`work`) so many pictures of a size in pixels.

    First some at once, as many as the VAE has room for, then one, then in smaller and smaller tiles. With
    `tile` it is in tiles of this size or smaller ones.
    """
    model, size = _name(work, vae.autoencoder.spec, vae.dtype, vae.device), f"{batch}x{height}x{width}"
    item, result = vae.needed(height * width), 24 * batch * height * width
    coarse = LIVE * vae.autoencoder.spec.widths[-1] * vae.dtype.itemsize * height * width // vae.factor**2
    most = 0 if tile else min(batch, vae.room // item)
    whole = [
        Need(
            title="a picture at once" if count == 1 else f"{count} pictures at once",
            estimate=count * item + result,
            room=count * item,
            model=model,
            shape=f"{count} of {size}",
        )
        for count in dict.fromkeys((most, 1))
        if most
    ]
    sizes = (one for one in TILES if (one < tile if tile else vae.needed_in_tiles(one) < item))
    tiled = [
        Need(
            title=f"tiles of {side} pixels",
            estimate=vae.needed_in_tiles(side) + coarse + result,
            room=vae.room,
            tile=side,
            model=model,
            shape=f"tiles {side} of {size}",
        )
        for side in ((tile,) if tile else ()) + tuple(sizes)
    ]
    return [*whole, *tiled]


def hollow(*shape: int) -> torch.Tensor:
    """Return a tensor that has a shape and nothing in it, and takes no memory."""
    return torch.empty(shape, device="meta")


def _name(kind: str, spec: object, dtype: torch.dtype, device: torch.device) -> str:
    digest = hashlib.blake2b(repr(spec).encode(), digest_size=6).hexdigest()
    where = f"{torch.get_num_threads()} threads" if device.type == "cpu" else device.type
    return f"{kind} {digest} {str(dtype).removeprefix('torch.')} {where}"
