"""Empty latents, their sizes in pixels, and items of a batch."""

from __future__ import annotations

import pytest
import torch

from inkloom.diffusion.latents import latent_batch
from inkloom.diffusion.latents import sizes as latents
from inkloom.diffusion.latents.noise_masks import repeated_to


def test_an_empty_latent_is_zeros_of_an_eighth_of_the_size():
    samples = latents.empty_latent(24, 16, 3)["samples"]
    assert samples.shape == (3, 4, 2, 3)
    assert not samples.any()
    with pytest.raises(ValueError, match="20x16 pixels: both sides must be multiples of 8"):
        latents.empty_latent(20, 16, 1)


def test_sizes_are_in_pixels_and_everything_else_stays():
    latent = latents.scale_latent(
        {"samples": torch.zeros(1, 4, 8, 16), "batch_index": [5]}, "bilinear", 64, 0, "disabled"
    )
    assert latent["samples"].shape == (1, 4, 8, 8)
    assert latent.get("batch_index") == [5]


@pytest.mark.parametrize(
    ("first", "length", "items"), [(0, 1, [0]), (1, 2, [1, 2]), (2, 9, [2, 3]), (9, 1, [3])]
)
def test_items_of_a_batch_keep_their_index(first: int, length: int, items: list[int]):
    batch = torch.arange(4.0).reshape(4, 1, 1, 1)
    taken = latent_batch.latent_from_batch({"samples": batch}, first, length)
    assert taken["samples"].flatten().tolist() == items
    assert taken.get("batch_index") == items
    assert taken.get("batch_size") == 4
    again = latent_batch.latent_from_batch(taken, len(items) - 1, 1)
    assert again.get("batch_index") == [items[-1]]


@pytest.mark.parametrize(
    ("masks", "taken"), [([7.0], [7.0]), ([1.0, 2.0], [2.0]), ([1.0, 2.0, 3.0, 4.0], [4.0])]
)
def test_the_mask_goes_with_the_item(masks: list[float], taken: list[float]):
    mask = torch.tensor(masks).reshape(-1, 1, 1)
    latent = latent_batch.latent_from_batch({"samples": torch.zeros(4, 1, 1, 1), "noise_mask": mask}, 3, 1)
    cut = latent.get("noise_mask")
    assert cut is not None
    assert cut.flatten().tolist() == taken


def test_an_empty_batch_is_refused_in_words():
    with pytest.raises(ValueError, match="nothing in this one"):
        repeated_to(torch.zeros(0, 1, 2, 2), 3)
