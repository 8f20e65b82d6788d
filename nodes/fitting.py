"""Computing with models in the memory there is: what nodes do around every use of weights.

Weights and workspace are leased while a function works. It is called with the first way that fits: all that
can go at once, then fewer prompts in a call or smaller tiles, then weights that pass by layer by layer.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from .. import diffusion
from ..executor import Context, Shape, Way, Weights, whole
from .ports import Clip, ClipVision, Guider, Image, Vae

T = TypeVar("T")

TEXT_BYTES = 2**25
"""What encoding a text takes beside weights: a few rows of 77 tokens."""

PICTURE_BYTES = 2**25
"""What a picture encoder takes beside weights for each picture, of 257 tokens."""


def sampling(ctx: Context, guider: Guider, samples: Image, work: Callable[[int], T]) -> T:
    """Return what `work` makes of latents [B,C,h,w]; it is given the bytes that a network call may take."""
    needs = diffusion.sampling_needs(guider, samples.shape)
    return _computed(ctx, [guider.model.weights], needs, lambda need: work(need.room))


def encoding(ctx: Context, vae: Vae, pixels: Image, work: Callable[[Vae], T], tile: int | None = None) -> T:
    """Return what `work` makes of pictures [B,H,W,C] with the VAE that it is given; `tile` as in `Vae`."""
    if not isinstance(vae, diffusion.Vae):
        return work(vae)  # a small one
    batch, height, width = pixels.shape[:3]
    needs = diffusion.picture_needs(vae, "encode", batch, height, width, tile)
    return _coded(ctx, vae, vae.encoding_weights, needs, work)


def decoding(ctx: Context, vae: Vae, samples: Image, work: Callable[[Vae], T], tile: int | None = None) -> T:
    """Return what `work` makes of latents [B,C,h,w] with the VAE that it is given; `tile` as in `Vae`."""
    if not isinstance(vae, diffusion.Vae):
        return work(vae)  # a small one
    batch, _, height, width = samples.shape
    needs = diffusion.picture_needs(vae, "decode", batch, height * vae.factor, width * vae.factor, tile)
    return _coded(ctx, vae, vae.decoding_weights, needs, work)


def reading(ctx: Context, clip: Clip, work: Callable[[], T]) -> T:
    """Return what `work` makes of texts with these text encoders."""
    return _simply(ctx, clip.weights, TEXT_BYTES, work)


def looking(ctx: Context, clip_vision: ClipVision, pictures: int, work: Callable[[], T]) -> T:
    """Return what `work` makes of so many pictures with this picture encoder."""
    return _simply(ctx, [clip_vision.weights], pictures * PICTURE_BYTES, work)


def _simply(ctx: Context, weights: Sequence[Weights], workspace: int, work: Callable[[], T]) -> T:
    ways = (
        Way(title="at once", workspace=workspace),
        Way(title="weights streamed", workspace=workspace, stream=True),
    )
    return ctx.memory.compute(weights, ways, lambda _: work(), device=ctx.device, waiting=ctx.check_cancelled)


def _coded(
    ctx: Context,
    vae: diffusion.Vae,
    weights: Weights,
    needs: Sequence[diffusion.Need],
    work: Callable[[Vae], T],
) -> T:
    return _computed(ctx, [weights], needs, lambda need: work(replace(vae, room=need.room, tile=need.tile)))


def _computed(
    ctx: Context,
    weights: Sequence[Weights],
    needs: Sequence[diffusion.Need],
    work: Callable[[diffusion.Need], T],
) -> T:
    """Call `work` with the need whose way is taken: as it is, or with the weights streamed."""
    streams = any(one.least < whole(one) for one in weights)
    ways = {
        Way(
            title=need.title + (", weights streamed" if stream else ""),
            workspace=need.estimate,
            stream=stream,
            shape=Shape(model=need.model, shape=need.shape),
        ): need
        for stream in (False, True)[: 1 + streams]
        for need in needs
    }
    found = {way.title: need for way, need in ways.items()}
    return ctx.memory.compute(
        weights,
        tuple(ways),
        lambda way: work(found[way.title]),
        device=ctx.device,
        waiting=ctx.check_cancelled,
    )
