"""Nodes for batches of latents."""

from __future__ import annotations

from typing import Annotated

from .. import diffusion
from ..executor import Choice, Range, node
from .ports import Latent


@node("LatentFromBatch", category="latent/batch", display_name="Latent From Batch")
def latent_from_batch(
    *,
    samples: Latent,
    batch_index: Annotated[int, Range(0, 63)] = 0,
    length: Annotated[int, Range(1, 64)] = 1,
) -> Latent:
    """Take `length` items of a batch; sampled alone they give the pictures they give in the batch."""
    return diffusion.latent_from_batch(samples, batch_index, length)


@node("RepeatLatentBatch", category="latent/batch", display_name="Repeat Latent Batch")
def repeat_latent_batch(*, samples: Latent, amount: Annotated[int, Range(1, 64)] = 1) -> Latent:
    """Repeat a whole batch several times; each repetition is sampled from noise of its own."""
    return diffusion.repeat_latent(samples, amount)


@node("LatentBatch", category="latent/batch")
def latent_batch(*, samples1: Latent, samples2: Latent) -> Latent:
    """Put two batches together; the second is cut and scaled to the size of the first.

    The first items of both are sampled from the same noise, and so are the second ones.
    """
    return diffusion.join_batches(samples1, samples2)


@node("RebatchLatents", category="latent/batch", display_name="Rebatch Latents")
def rebatch_latents(*, latents: list[Latent], batch_size: Annotated[int, Range(1, 4096)] = 1) -> list[Latent]:
    """Make batches of at most `batch_size` of all latents of a list, for what follows to run once for each.

    Latents of another size begin a new batch. Each is sampled from noise of its own.
    """
    return diffusion.rebatch_latents(latents, batch_size)


@node("LatentBatchSeedBehavior", category="latent/advanced")
def latent_batch_seed_behavior(
    *, samples: Latent, seed_behavior: Annotated[str, Choice(("random", "fixed"))] = "fixed"
) -> Latent:
    """Choose whether all items of a batch are sampled from the same noise ("fixed") or each from its own."""
    return diffusion.seed_behaviour(samples, seed_behavior)
