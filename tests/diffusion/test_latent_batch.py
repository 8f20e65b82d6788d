"""Batches of latents: which items, which noise, which masks."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from inkloom.diffusion.latents.latent_batch import (
    join_batches,
    latent_from_batch,
    repeat_latent,
    seed_behaviour,
)
from inkloom.diffusion.noise.random_noise import start_noise
from inkloom.diffusion.values import Latent


def batch(*values: float, **more: object) -> Latent:
    return {"samples": torch.tensor(values).reshape(-1, 1, 1, 1).expand(-1, 4, 2, 2).clone(), **more}  # type: ignore[typeddict-item]


def items(latent: Latent) -> list[float]:
    return latent["samples"][:, 0, 0, 0].tolist()


def mask_of(latent: Latent) -> Tensor:
    mask = latent.get("noise_mask")
    assert mask is not None
    return mask


def test_a_batch_is_repeated_as_a_whole():
    mask = torch.tensor([0.0, 1.0]).reshape(2, 1, 1, 1)
    repeated = repeat_latent(batch(1, 2, noise_mask=mask), 2)
    assert items(repeated) == [1, 2, 1, 2]
    assert mask_of(repeated).flatten().tolist() == [0, 1, 0, 1]
    assert "batch_index" not in repeated


@pytest.mark.parametrize(
    ("index", "repeated"),
    [([0, 1], [0, 1, 2, 3]), ([5], [5, 6]), ([2, 4], [2, 4, 5, 7]), ([3, 3], [3, 3, 4, 4])],
)
def test_repeated_items_have_noise_of_their_own(index: list[int], repeated: list[int]):
    latent = repeat_latent(batch(*index, batch_index=index, batch_size=6), 2)
    assert latent.get("batch_index") == repeated
    size = latent.get("batch_size")
    assert size == max(6, max(repeated) + 1)
    assert len(start_noise(latent["samples"].shape, 0, latent.get("batch_index"), size)) == len(repeated)


def test_a_joined_batch_keeps_the_indices_of_both():
    joined = join_batches(batch(1, 2), latent_from_batch(batch(7, 8, 9), 2, 1))
    assert items(joined) == [1, 2, 9]
    assert joined.get("batch_index") == [0, 1, 2]
    assert "noise_mask" not in joined


def test_what_joins_a_masked_batch_is_repainted_all_over():
    joined = join_batches(batch(1, 2, noise_mask=torch.zeros(1, 1, 5, 5)), batch(3))
    assert mask_of(joined).shape == (3, 1, 16, 16)
    assert mask_of(joined).amin((1, 2, 3)).tolist() == [0, 0, 1]


def test_the_second_of_two_batches_takes_the_size_of_the_first():
    other: Latent = {"samples": torch.ones(1, 4, 4, 8)}
    assert join_batches(batch(0), other)["samples"].shape == (2, 4, 2, 2)
    with pytest.raises(
        ValueError,
        match=r"4 \(.*Stable Diffusion 1.*\) and 16 \(.*Flux\) channels: they",
    ):
        join_batches(batch(0), {"samples": torch.zeros(1, 16, 2, 2)})


def test_fixed_and_random_noise_within_a_batch():
    fixed = seed_behaviour(latent_from_batch(batch(1, 2, 3), 1, 2), "fixed")
    assert fixed.get("batch_index") == [1, 1]
    noise = start_noise(fixed["samples"].shape, 3, fixed.get("batch_index"), fixed.get("batch_size"))
    assert torch.equal(noise[0], noise[1])
    assert seed_behaviour(fixed, "random").keys() == {"samples"}
    with pytest.raises(ValueError, match="unknown seed behaviour 'fix'; known: random, fixed"):
        seed_behaviour(fixed, "fix")
