"""Noise depends on the seed, the batch index and the draw number, and on nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from inkloom.diffusion.noise.random_noise import RandomNoise, StepNoise, start_noise, step_seed

GOLDEN = load_file(Path(__file__).parents[1] / "data" / "noise" / "noise.safetensors")
SIZES = [(4, 8, 8), (4, 5, 7), (3, 1, 1), (16, 9, 3)]


def draws(noise: StepNoise, numbers: list[int]) -> Tensor:
    return torch.stack([noise(number, 1.0, 0.5) for number in numbers])


@pytest.mark.parametrize("name", [name for name in GOLDEN if name.startswith("seed_")])
def test_start_noise_is_the_golden_one(name: str) -> None:
    assert torch.equal(start_noise(GOLDEN[name].shape, int(name.removeprefix("seed_"))), GOLDEN[name])


def test_start_noise_by_batch_index_is_the_golden_one() -> None:
    expected = GOLDEN["batch_index_1_1_4_seed42"]
    assert torch.equal(start_noise(expected.shape, 42, [1, 1, 4]), expected)


@pytest.mark.parametrize("size", SIZES)
def test_an_item_of_a_batch_has_the_start_noise_it_has_alone(size: tuple[int, ...]) -> None:
    batch = start_noise((4, *size), 7)
    for index in range(4):
        assert torch.equal(batch[index : index + 1], start_noise((1, *size), 7, [index], 4))


def test_items_of_sixteens_need_no_batch_size() -> None:
    assert torch.equal(start_noise((4, 4, 6, 6), 7)[2:3], start_noise((1, 4, 6, 6), 7, [2]))


@pytest.mark.parametrize("size", SIZES)
def test_an_item_of_a_batch_has_the_step_noise_it_has_alone(size: tuple[int, ...]) -> None:
    batch = draws(StepNoise(torch.empty(4, *size), 7), [0, 1, 2])
    for index in range(4):
        alone = draws(StepNoise(torch.empty(1, *size), 7, [index]), [0, 1, 2])
        assert torch.equal(batch[:, index : index + 1], alone)


def test_the_order_of_draws_does_not_matter() -> None:
    like = torch.empty(2, 4, 6, 6)
    in_order = draws(StepNoise(like, 3), list(range(40)))
    assert torch.equal(StepNoise(like, 3)(37, 1.0, 0.5), in_order[37])
    assert torch.equal(draws(StepNoise(like, 3), [5, 5, 2, 39, 0]), in_order[[5, 5, 2, 39, 0]])


def test_the_first_item_draws_from_the_next_seed() -> None:
    generator = torch.Generator().manual_seed(43)
    expected = [torch.randn(1, 4, 6, 6, generator=generator) for _ in range(3)]
    assert torch.equal(draws(StepNoise(torch.empty(1, 4, 6, 6), 42), [0, 1, 2]), torch.stack(expected))


def test_seeds_of_the_other_items_do_not_drift() -> None:
    # A change here changes every saved picture of a batch: it needs new node versions.
    assert [step_seed(42, index) for index in range(3)] == [43, 13219281340672872542, 15972174966003105709]
    assert step_seed(2**64 - 1, 0) == 0


def test_all_noise_is_different_noise() -> None:
    like = torch.empty(3, 4, 8, 8)
    all_noise = torch.cat(
        [
            *draws(StepNoise(like, 1), [0, 1, 2]),
            *draws(StepNoise(like, 2), [0, 1]),
            start_noise(like.shape, 1),
        ]
    ).flatten(1)
    correlation = torch.corrcoef(all_noise) - torch.eye(len(all_noise))
    # Item 0's step noise is, by convention, the start noise of the next seed, which is not among these.
    assert correlation.abs().max() < 0.3
    assert all_noise.mean().abs() < 0.05
    assert abs(all_noise.std().item() - 1) < 0.05


def test_equal_batch_indices_share_noise() -> None:
    noise = StepNoise(torch.empty(3, 4, 2, 2), 9, [2, 0, 2])(1, 1.0, 0.5)
    assert torch.equal(noise[0], noise[2])
    assert not torch.equal(noise[0], noise[1])


def test_step_noise_has_the_form_of_x() -> None:
    like = torch.empty(2, 4, 3, 5, dtype=torch.bfloat16)
    noise = StepNoise(like, 1)(0, 1.0, 0.5)
    assert (noise.shape, noise.dtype) == (like.shape, torch.bfloat16)
    full = StepNoise(like.float(), 1)(0, 1.0, 0.5)
    assert torch.equal(noise, full.bfloat16())


def test_random_noise_is_start_noise_or_none() -> None:
    shape = (2, 4, 3, 5)
    assert torch.equal(RandomNoise(5).at_start(shape, [3, 1], 4), start_noise(shape, 5, [3, 1], 4))
    assert torch.equal(RandomNoise(5, silent=True).at_start(shape, [3, 1], 4), torch.zeros(shape))


def test_step_noise_of_another_size() -> None:
    larger = StepNoise(torch.empty(2, 4, 3, 5), 5, [3, 1]).of_size(6, 7)
    assert torch.equal(larger(2, 1.0, 0.5), StepNoise(torch.empty(2, 4, 6, 7), 5, [3, 1])(2, 1.0, 0.5))


@pytest.mark.parametrize("seed", [-1, 2**64])
def test_seeds_out_of_range(seed: int) -> None:
    with pytest.raises(ValueError, match="seed"):
        start_noise((1, 4, 2, 2), seed)
    with pytest.raises(ValueError, match="seed"):
        StepNoise(torch.empty(1, 4, 2, 2), seed)


@pytest.mark.parametrize("index", [[0], [0, 1, 2], [0, -1]])
def test_batch_index_that_does_not_fit(index: list[int]) -> None:
    with pytest.raises(ValueError, match="batch_index"):
        start_noise((2, 4, 2, 2), 1, index)
    with pytest.raises(ValueError, match="batch_index"):
        StepNoise(torch.empty(2, 4, 2, 2), 1, index)


def test_batch_index_beyond_its_batch() -> None:
    with pytest.raises(ValueError, match="beyond a batch of 3"):
        start_noise((1, 4, 2, 2), 1, [3], 3)


def test_draws_count_from_zero() -> None:
    with pytest.raises(ValueError, match="from 0"):
        StepNoise(torch.empty(1, 4, 2, 2), 1)(-1, 1.0, 0.5)
