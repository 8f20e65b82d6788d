"""What an output means must agree with what training aims at."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from inkloom.diffusion.schedules.prediction import FLOW, PREDICTIONS, Prediction, edm, lcm
from inkloom.diffusion.schedules.schedule import DistilledSchedule, discrete_schedule

# x = x0 + sigma noise; those whose levels lie in 0..1 are tested by themselves.
KINDS = [*(kind for kind in PREDICTIONS.values() if not kind.flow), edm(1.0)]
NETWORKS = [kind for kind in KINDS if kind.name in ("eps", "v", "x0", "edm")]
SIGMAS = [0.03, 0.5, 1.0, 14.6, 4518.76]


def draw(seed: int) -> Tensor:
    return torch.randn(2, 4, 5, 7, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("sigma", SIGMAS)
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_perfect_network_gives_the_picture_back(kind: Prediction, sigma: float) -> None:
    x0, noise = draw(1), draw(2)
    x = kind.noised(x0, noise, sigma, False)
    torch.testing.assert_close(kind.denoised(x, kind.target(x0, noise, sigma), sigma), x0, rtol=0, atol=1e-9)


@pytest.mark.parametrize("sigma", SIGMAS)
@pytest.mark.parametrize("kind", NETWORKS, ids=lambda kind: kind.name)
def test_the_network_sees_and_says_variance_one(kind: Prediction, sigma: float) -> None:
    x0, noise = torch.randn(2, 100_000, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    x0 = x0 * (0.5 if kind is PREDICTIONS["edm"] else 1.0)
    seen = kind.noised(x0, noise, sigma, False) * kind.scale_in(sigma)
    assert seen.std().item() == pytest.approx(1, rel=0.01)
    assert kind.target(x0, noise, sigma).std().item() == pytest.approx(1, rel=0.01)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_each_item_may_have_its_own_level(kind: Prediction) -> None:
    x0, noise = draw(1), draw(2)
    levels = torch.tensor([0.7, 9.0], dtype=torch.float64)
    together = kind.target(x0, noise, levels.view(-1, 1, 1, 1))
    for item, level in enumerate(levels.tolist()):
        torch.testing.assert_close(together[item], kind.target(x0[item], noise[item], level))


def test_velocity_is_the_published_one() -> None:
    x0, noise, sigma = draw(1), draw(2), 0.8
    alpha = 1 / (1 + sigma**2)
    expected = alpha**0.5 * noise - (1 - alpha) ** 0.5 * x0
    torch.testing.assert_close(PREDICTIONS["v"].target(x0, noise, sigma), expected)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_full_strength_has_the_variance_of_picture_and_noise(kind: Prediction) -> None:
    nothing = torch.zeros(1, dtype=torch.float64)
    assert kind.noised(nothing, nothing + 1, 3.0, True).item() == pytest.approx(10**0.5)
    assert kind.noised(nothing, nothing + 1, 3.0, False).item() == 3.0


@pytest.mark.parametrize("sigma", [0.001, 0.3, 0.9, 1.0])
def test_a_perfect_flow_network_gives_the_picture_back(sigma: float) -> None:
    x0, noise = draw(1), draw(2)
    x = FLOW.noised(x0, noise, sigma, False)
    torch.testing.assert_close(x, (1 - sigma) * x0 + sigma * noise)
    torch.testing.assert_close(FLOW.denoised(x, FLOW.target(x0, noise, sigma), sigma), x0)
    assert torch.equal(FLOW.noised(x0, noise, 1.0, True), noise)
    assert FLOW.scale_in(sigma) == 1.0


def test_edm_of_data_one_is_the_velocity_turned_round() -> None:
    x, output = draw(1), draw(2)
    expected = PREDICTIONS["v"].denoised(x, -output, 3.0)
    torch.testing.assert_close(edm(1.0).denoised(x, output, 3.0), expected)


@pytest.mark.parametrize("sigma", [0.05, 1.0, 14.6])
def test_a_consistency_model_predicts_noise_but_at_the_picture(sigma: float) -> None:
    kind = lcm(DistilledSchedule(discrete_schedule()))
    x0, noise = draw(1), draw(2)
    x = kind.noised(x0, noise, sigma, False)
    torch.testing.assert_close(kind.denoised(x, kind.target(x0, noise, sigma), sigma), x0)
    torch.testing.assert_close(kind.denoised(x, noise, sigma), x0, rtol=0, atol=1e-3)
    # At time 0 the network has no say: x is the picture.
    whole = lcm(discrete_schedule())
    assert torch.equal(whole.denoised(x, noise, 0.029), whole.denoised(x, -noise, 0.029))
