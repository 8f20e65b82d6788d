"""RebatchImages and RebatchLatents: batches of another size, for lists."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import torch

from inkloom.nodes import NODES
from inkloom.nodes.image_batch import rebatch_images
from inkloom.nodes.latent_batch import rebatch_latents

if TYPE_CHECKING:
    from inkloom.diffusion import Latent


def pictures(count: int, side: int = 4, first: int = 0) -> torch.Tensor:
    return torch.arange(first, first + count).reshape(-1, 1, 1, 1).expand(-1, side, side, 3) / 100


@pytest.mark.parametrize(
    ("given", "size", "sizes"),
    [
        ([5], 2, [2, 2, 1]),
        ([1, 1, 1], 2, [2, 1]),
        ([2, 3], 5, [5]),
        ([3], 1, [1, 1, 1]),
        ([], 2, []),
        ([0], 2, []),
    ],
)
def test_pictures_keep_their_order(given: list[int], size: int, sizes: list[int]) -> None:
    starts = [sum(given[:place]) for place in range(len(given))]
    batches = [pictures(count, first=start) for count, start in zip(given, starts, strict=True)]
    made = rebatch_images(images=batches, batch_size=size)
    assert [len(batch) for batch in made] == sizes
    if made:
        assert torch.equal(torch.cat(made), pictures(sum(given)))


def test_pictures_of_another_size_begin_a_new_batch() -> None:
    made = rebatch_images(images=[pictures(3), pictures(2, side=8), pictures(1)], batch_size=2)
    assert [tuple(batch.shape[:2]) for batch in made] == [(2, 4), (1, 4), (2, 8), (1, 4)]


def latent(count: int, side: int = 4, **more: object) -> Latent:
    return {"samples": torch.rand(count, 4, side, side), **more}  # pyright: ignore[reportReturnType] -- keys


def test_items_have_noise_of_their_own_and_those_of_one_batch_keep_theirs() -> None:
    made = rebatch_latents(latents=[latent(1), latent(2), latent(1, batch_index=[7])], batch_size=3)
    assert [one.get("batch_index") for one in made] == [[0, 1, 2], [7]]
    assert [one.get("batch_size") for one in made] == [4, None]
    apart = rebatch_latents(latents=[latent(3)], batch_size=1)
    assert [(one.get("batch_index"), one.get("batch_size")) for one in apart] == [
        ([0], 3),
        ([1], 3),
        ([2], 3),
    ]
    again = rebatch_latents(latents=apart, batch_size=3)
    assert [(one.get("batch_index"), one.get("batch_size")) for one in again] == [([0, 1, 2], 3)]


def test_samples_keep_their_order_and_sizes_are_not_mixed() -> None:
    given = [latent(3), latent(2, side=8)]
    made = rebatch_latents(latents=given, batch_size=2)
    assert [tuple(one["samples"].shape) for one in made] == [(2, 4, 4, 4), (1, 4, 4, 4), (2, 4, 8, 8)]
    assert torch.equal(torch.cat([one["samples"] for one in made[:2]]), given[0]["samples"])


@pytest.mark.parametrize(("side", "masked"), [(4, 2), (32, 2), (32, 1)])
def test_masks_stay_with_their_items(side: int, masked: int) -> None:
    mask = torch.rand(masked, 1, side, side)
    first, second = rebatch_latents(latents=[latent(2, noise_mask=mask), latent(1)], batch_size=2)
    assert torch.equal(first.get("noise_mask", torch.empty(0)), mask.expand(2, -1, -1, -1))
    assert "noise_mask" not in second
    [both] = rebatch_latents(latents=[latent(1, noise_mask=mask[:1]), latent(1)], batch_size=2)
    assert both.get("noise_mask", torch.empty(0))[1].min() == 1, "an item without a mask is repainted"


def test_they_are_declared_as_lists() -> None:
    for name in ("RebatchImages", "RebatchLatents"):
        assert NODES[name].is_input_list
        assert [output.is_list for output in NODES[name].outputs] == [True]
