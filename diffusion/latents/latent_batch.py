"""Batches of latents: taking items, repeating them, putting batches together, choosing their noise."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence

import torch

from ..values import Latent
from .noise_masks import full_mask, repeated_to
from .sizes import sized_like


def latent_from_batch(latent: Latent, first: int, length: int) -> Latent:
    """Return `length` items of a batch from item `first` on, as many as there are.

    They keep the batch index that their noise is drawn by, so that sampled alone they give the same pictures.
    """
    count = len(latent["samples"])
    first = min(first, count - 1)
    items = slice(first, first + length)
    index = batch_index_of(latent)
    taken: Latent = {**latent, "samples": latent["samples"][items].clone(), "batch_index": index[items]}
    if "batch_index" not in latent:
        taken["batch_size"] = count
    mask = latent.get("noise_mask")
    if mask is not None and len(mask) > 1:
        taken["noise_mask"] = repeated_to(mask, count)[items].clone()
    return taken


def repeat_latent(latent: Latent, amount: int) -> Latent:
    """Repeat a whole batch `amount` times: 0, 1, 0, 1, ...

    Where the items have batch indices, each repetition has new ones, so that its noise is new too.
    """
    samples, mask = latent["samples"], latent.get("noise_mask")
    repeated: Latent = {**latent, "samples": samples.repeat(amount, 1, 1, 1)}
    if mask is not None and len(mask) > 1:
        repeated["noise_mask"] = repeated_to(mask, len(samples)).repeat(amount, 1, 1, 1)
    if "batch_index" in latent:
        index = latent["batch_index"]
        stride = max(index) - min(index) + 1
        repeated["batch_index"] = [k + turn * stride for turn in range(amount) for k in index]
        if "batch_size" in latent:
            repeated["batch_size"] = max(latent["batch_size"], *(k + 1 for k in repeated["batch_index"]))
    return repeated


def join_batches(first: Latent, second: Latent) -> Latent:
    """Put two batches together; the second is brought to the sides of the first (`sized_like`, bilinear).

    Every item keeps its batch index, so that the first items of both have the same noise. Where one of them
    has a noise mask, all of the other is repainted. Raises ValueError where the channels differ.
    """
    second = sized_like(second, first)
    parts = (first, second)
    joined: Latent = {
        "samples": torch.cat([part["samples"] for part in parts]),
        "batch_index": [index for part in parts for index in batch_index_of(part)],
    }
    if any("noise_mask" in part for part in parts):
        masks = [repeated_to(full_mask(part), len(part["samples"])) for part in parts]
        joined["noise_mask"] = torch.cat(masks)
    return joined


def seed_behaviour(latent: Latent, behaviour: str) -> Latent:
    """Give all items of a batch the noise of its first ("fixed") or noise of their own ("random").

    Raises ValueError for another behaviour.
    """
    if behaviour == "fixed":
        return {**latent, "batch_index": batch_index_of(latent)[:1] * len(latent["samples"])}
    if behaviour != "random":
        raise ValueError(f"unknown seed behaviour {behaviour!r}; known: random, fixed")
    own: Latent = {**latent}
    own.pop("batch_index", None)
    own.pop("batch_size", None)
    return own


def batch_index_of(latent: Latent) -> list[int]:
    """Return the batch index of every item: 0, 1, 2, ... unless the latent says otherwise."""
    return latent.get("batch_index") or list(range(len(latent["samples"])))


def rebatch_latents(batches: Sequence[Latent], size: int) -> list[Latent]:
    """Make batches of at most `size` of all items of several, in their order.

    Items whose samples are of another shape begin a new batch. Those without a batch index are numbered
    through, so that each has noise of its own, and that of one batch taken apart stays as it was. Where an
    item has a noise mask, all of the others in its batch are repainted.
    """
    total = sum(len(latent["samples"]) for latent in batches)
    items: list[Latent] = []
    for latent in batches:
        mask = latent.get("noise_mask")
        masks = None if mask is None else repeated_to(mask, len(latent["samples"]))
        known = latent.get("batch_index")
        for place, sample in enumerate(latent["samples"]):
            item: Latent = {"samples": sample[None], "batch_index": [known[place] if known else len(items)]}
            if not known:
                item["batch_size"] = total
            elif "batch_size" in latent:
                item["batch_size"] = latent["batch_size"]
            if masks is not None:
                item["noise_mask"] = masks[place : place + 1]
            items.append(item)
    return [_joined(group) for group in _alike(items, size)]


def _alike(items: Iterable[Latent], size: int) -> Iterator[list[Latent]]:
    for _, found in itertools.groupby(items, lambda item: item["samples"].shape):
        group = list(found)
        yield from (group[first : first + size] for first in range(0, len(group), size))


def _joined(items: Sequence[Latent]) -> Latent:
    joined: Latent = {
        "samples": torch.cat([item["samples"] for item in items]),
        "batch_index": [index for item in items for index in batch_index_of(item)],
    }
    if sizes := [item["batch_size"] for item in items if "batch_size" in item]:
        joined["batch_size"] = max(sizes)
    if any("noise_mask" in item for item in items):
        masks = [item.get("noise_mask") for item in items]
        shapes = {None if mask is None else mask.shape for mask in masks}
        if len(shapes) > 1:
            masks = [full_mask(item) for item in items]
        joined["noise_mask"] = torch.cat([mask for mask in masks if mask is not None])
    return joined
