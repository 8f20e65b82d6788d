"""Brownian step noise: increments of one path an item, whatever the order, the batch and the steps."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor

from inkloom.diffusion.noise.brownian import BrownianNoise, step_noise_for
from inkloom.diffusion.noise.random_noise import StepNoise
from inkloom.diffusion.samplers import SAMPLERS

SIGMAS = (14.6, 7.8, 4.6, 1.9, 0.6, 0.03, 0.0)


def path(batch: int = 1, seed: int = 7, index: list[int] | None = None) -> BrownianNoise:
    return BrownianNoise(torch.empty(batch, 4, 5, 3), seed, SIGMAS, index)


def increment(noise: BrownianNoise, sigma: float, sigma_next: float) -> Tensor:
    return noise(0, sigma, sigma_next) * abs(sigma - sigma_next) ** 0.5


def test_increments_add_up() -> None:
    noise = path()
    whole = increment(noise, 14.6, 0.6)
    parts = increment(noise, 14.6, 7.8) + increment(noise, 7.8, 1.23) + increment(noise, 1.23, 0.6)
    torch.testing.assert_close(parts, whole, rtol=0, atol=1e-4)
    torch.testing.assert_close(increment(noise, 0.6, 14.6), -whole)


def test_the_order_of_questions_does_not_matter() -> None:
    asked = [(14.6, 7.8), (7.8, 4.6), (4.6, 1.9), (9.1, 2.2), (1.9, 0.6), (14.6, 0.03)]
    noise = path()
    forward = {interval: noise(0, *interval) for interval in asked}
    again = path()
    for draw, interval in enumerate(reversed(asked)):
        assert torch.equal(again(draw, *interval), forward[interval])
        assert torch.equal(noise(draw, *interval), forward[interval])


def test_a_finer_run_follows_the_same_path() -> None:
    # The path belongs to the seed and to the ends of the run, not to its steps.
    fine = BrownianNoise(torch.empty(1, 4, 5, 3), 7, torch.linspace(14.6, 0.03, 50))
    assert torch.equal(fine(0, 7.8, 4.6), path()(0, 7.8, 4.6))


def test_an_item_of_a_batch_has_the_noise_it_has_alone() -> None:
    together = path(3)(0, 7.8, 4.6)
    for index in range(3):
        assert torch.equal(together[index : index + 1], path(1, index=[index])(0, 7.8, 4.6))
    assert torch.equal(path(2, index=[1, 1])(0, 7.8, 4.6)[0], together[1])


def test_noise_is_unit_normal_and_of_its_own() -> None:
    draws = torch.cat(
        [path(4, seed)(0, *interval) for seed in (1, 2) for interval in ((14.6, 7.8), (7.8, 0.1))]
    )
    correlation = torch.corrcoef(draws.flatten(1)) - torch.eye(len(draws))
    assert correlation.abs().max() < 0.5
    assert draws.std().item() == pytest.approx(1, abs=0.1)
    assert draws.mean().item() == pytest.approx(0, abs=0.1)


def test_noise_has_the_form_of_x() -> None:
    noise = BrownianNoise(torch.empty(2, 4, 3, 5, dtype=torch.bfloat16), 1, SIGMAS)(0, 7.8, 4.6)
    assert (noise.shape, noise.dtype) == ((2, 4, 3, 5), torch.bfloat16)


def test_ends_and_intervals_that_are_none() -> None:
    noise = path()
    assert torch.equal(noise(0, 20.0, 7.8), noise(0, 14.6, 7.8))
    assert not noise(0, 5.0, 5.0 + 1e-9).any()
    assert not BrownianNoise(torch.empty(1, 4, 5, 3), 7, (9.0, 0.0))(0, 9.0, 0.0).any()


@pytest.mark.parametrize("seed", [-1, 2**64])
def test_seeds_out_of_range(seed: int) -> None:
    with pytest.raises(ValueError, match="seed"):
        path(seed=seed)


def test_the_largest_seed_has_a_path() -> None:
    assert math.isfinite(path(seed=2**64 - 1)(0, 7.8, 4.6).sum().item())


def test_every_sampler_gets_the_noise_it_wants() -> None:
    for name, sampler in SAMPLERS.items():
        noise = step_noise_for(sampler, torch.empty(1, 4, 5, 3), 7, SIGMAS)
        assert isinstance(noise, BrownianNoise if "dpmpp" in name and "sde" in name else StepNoise)
