"""Computing with models in the memory there is: what nodes do around every use of weights.

Weights and workspace are leased while a function works. It is called with the first way that fits: all that
can go at once, then fewer prompts in a call or smaller tiles, then weights that pass by layer by layer. What
of it takes time or concerns others is told: weights that are copied ("copy"), those of other models that make
way ("evict"), and a way that is not the first ("memory").
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
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


def _simply(ctx: Context, weights: Sequence[diffusion.Placed], workspace: int, work: Callable[[], T]) -> T:
    ways = (
        Way(title="at once", workspace=workspace),
        Way(title="weights streamed", workspace=workspace, stream=True),
    )
    return _fitted(ctx, weights, ways, lambda _: work())


def _coded(
    ctx: Context,
    vae: diffusion.Vae,
    weights: diffusion.Placed,
    needs: Sequence[diffusion.Need],
    work: Callable[[Vae], T],
) -> T:
    return _computed(ctx, [weights], needs, lambda need: work(replace(vae, room=need.room, tile=need.tile)))


def _computed(
    ctx: Context,
    weights: Sequence[diffusion.Placed],
    needs: Sequence[diffusion.Need],
    work: Callable[[diffusion.Need], T],
) -> T:
    """Call `work` with the need whose way is taken: as it is, or with the weights streamed."""
    ways = ways_to(weights, needs)
    found = {way.title: need for way, need in ways.items()}
    return _fitted(ctx, weights, tuple(ways), lambda way: work(found[way.title]))


def ways_to(
    weights: Sequence[diffusion.Placed], needs: Sequence[diffusion.Need]
) -> dict[Way, diffusion.Need]:
    """Return the ways to compute with these weights: as the needs say, and then with the weights streamed."""
    streams = any(one.least < whole(one) for one in weights)
    return {
        Way(
            title=need.title + (", weights streamed" if stream else ""),
            workspace=need.estimate,
            stream=stream,
            shape=Shape(model=need.model, shape=need.shape),
        ): need
        for stream in (False, True)[: 1 + streams]
        for need in needs
    }


def _fitted(
    ctx: Context, weights: Sequence[diffusion.Placed], ways: Sequence[Way], work: Callable[[Way], T]
) -> T:
    """Call `work` with the way that is taken, and tell what happens to weights meanwhile."""

    def told(way: Way) -> T:
        if way.title != ways[0].title:
            ctx.mark(way.title, "memory", lane="memory", workspace=way.workspace)
        with ExitStack() as hearing:
            for one in weights:
                hearing.enter_context(one.heard(partial(_tell_brought, ctx, one.name)))
            return work(way)

    return ctx.memory.compute(
        weights,
        ways,
        told,
        device=weights[0].device,
        waiting=ctx.check_cancelled,
        given_up=partial(_tell_given_up, ctx),
        took=ctx.took,
    )


def _tell_brought(ctx: Context, name: str, brought: diffusion.Brought, ago: float) -> None:
    if brought.layers:
        copying = round(brought.seconds, 6)
        ctx.lasted(
            ago, f"{name}, streamed", "copy", bytes=brought.nbytes, layers=brought.layers, copying=copying
        )
    else:
        ctx.lasted(ago, name, "copy", bytes=brought.nbytes)


def _tell_given_up(ctx: Context, weights: Weights, nbytes: int) -> None:
    ctx.mark(f"evicted: {weights.name}", "evict", lane="memory", bytes=nbytes)
