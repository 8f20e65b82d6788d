"""Sigma schedules with limits of their own, tables found for models, and levels cut and changed."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import Tensor

from inkloom.diffusion.names import UnknownNameError
from inkloom.diffusion.schedules.schedule import discrete_schedule
from inkloom.diffusion.schedules.sigma_curves import (
    exponential_sigmas,
    karras_sigmas,
    laplace_sigmas,
    polyexponential_sigmas,
    vp_sigmas,
)
from inkloom.diffusion.schedules.sigma_edits import (
    extended,
    flipped,
    percent_to_sigma,
    split_at,
    split_denoise,
    with_first,
)
from inkloom.diffusion.schedules.sigma_tables import ALIGN_YOUR_STEPS, align_your_steps, turbo
from inkloom.diffusion.schedules.sigmas import SCHEDULES, beta_sigmas

DATA = Path(__file__).parents[1] / "data" / "sigmas"
GOLDEN = json.loads((DATA / "sigmas.json").read_text(encoding="utf-8"))["ays"]
SD = discrete_schedule()
LOW, HIGH = SD.sigmas[0].item(), SD.sigmas[-1].item()
SIGMAS = torch.tensor([14.0, 7.0, 3.0, 1.0, 0.0])

CURVES: dict[str, Callable[[int], Tensor]] = {
    "karras": lambda steps: karras_sigmas(steps, LOW, HIGH, 3.0),
    "exponential": lambda steps: exponential_sigmas(steps, LOW, HIGH),
    "polyexponential": lambda steps: polyexponential_sigmas(steps, LOW, HIGH, 1.5),
    "laplace": lambda steps: laplace_sigmas(steps, LOW, HIGH),
    "vp": vp_sigmas,
    "turbo": lambda steps: turbo(SD, min(steps, 10)),
    **{kind: lambda steps, kind=kind: align_your_steps(kind, steps) for kind in ALIGN_YOUR_STEPS},
}


@pytest.mark.parametrize("steps", [1, 2, 3, 10, 25])
@pytest.mark.parametrize("name", CURVES)
def test_levels_fall_from_the_highest_to_zero(name: str, steps: int) -> None:
    sigmas = CURVES[name](steps)
    assert sigmas.dtype == torch.float32
    assert len(sigmas) == (min(steps, 10) if name == "turbo" else steps) + 1
    assert bool((sigmas.diff() <= 0).all())
    assert sigmas[-1] == 0
    assert sigmas[-2] > 0
    expected = {"vp": (math.exp(19.9 / 2 + 0.1) - 1) ** 0.5, "SVD": 700.0}.get(name, HIGH)
    assert sigmas[0].item() == pytest.approx(expected, rel=1e-5)


def test_curves_in_closed_form() -> None:
    torch.testing.assert_close(karras_sigmas(3, 1.0, 9.0, 2.0), torch.tensor([9.0, 4.0, 1.0, 0.0]))
    torch.testing.assert_close(exponential_sigmas(3, 1.0, 9.0), torch.tensor([9.0, 3.0, 1.0, 0.0]))
    quarter = torch.tensor([16.0, 2.0, 1.0, 0.0])
    torch.testing.assert_close(polyexponential_sigmas(3, 1.0, 16.0, 2.0), quarter)
    torch.testing.assert_close(polyexponential_sigmas(9, LOW, HIGH), exponential_sigmas(9, LOW, HIGH))
    laplace = laplace_sigmas(5, 0.01, 50.0, mu=0.5, beta=0.5)
    inner = [math.exp(0.5 + 0.5 * math.log(2)), math.exp(0.5), math.exp(0.5 - 0.5 * math.log(2))]
    assert laplace[1:4].tolist() == pytest.approx(inner, rel=1e-4)
    assert vp_sigmas(2, 0.0, 1.0, 0.5).tolist() == pytest.approx(
        [(math.e - 1) ** 0.5, (math.e**0.5 - 1) ** 0.5, 0]
    )


@pytest.mark.parametrize("kind", ["SD1", "SDXL", "SVD"])
def test_aligned_steps_are_the_golden_ones(kind: str) -> None:
    for steps, expected in GOLDEN[kind.lower()].items():
        assert align_your_steps(kind, int(steps)).tolist() == pytest.approx(expected, rel=1e-6)


def test_parts_of_aligned_steps_and_of_turbos() -> None:
    assert torch.equal(align_your_steps("SD1", 10, 0.4), align_your_steps("SD1", 10)[-5:])
    assert align_your_steps("SD1", 10, 0.0).tolist() == []
    torch.testing.assert_close(turbo(SD, 1), torch.tensor([HIGH, 0.0]))
    torch.testing.assert_close(turbo(SD, 2, 0.5), torch.tensor([*SD.sigmas[[499, 399]], 0.0]))
    assert turbo(SD, 4, 0.0).tolist() == []


def test_beta_with_its_usual_numbers_is_the_schedule_of_that_name() -> None:
    assert torch.equal(beta_sigmas(SD, 20, 0.6, 0.6), SCHEDULES["beta"](SD, 20))
    assert not torch.equal(beta_sigmas(SD, 20, 2.0, 0.6), SCHEDULES["beta"](SD, 20))


@pytest.mark.parametrize(
    "make",
    [
        lambda: karras_sigmas(5, LOW, HIGH, 0.0),
        lambda: exponential_sigmas(5, 0.0, HIGH),
        lambda: beta_sigmas(SD, 5, 0.0, 1.0),
        lambda: turbo(SD, 0),
        lambda: align_your_steps("SD1", 5, 1.5),
        lambda: split_at(SIGMAS, -1),
        lambda: split_denoise(SIGMAS, 2.0),
        lambda: extended(SIGMAS, 0),
    ],
)
def test_numbers_that_make_no_levels(make: Callable[[], object]) -> None:
    with pytest.raises(ValueError, match="not"):
        make()


def test_unknown_names_list_the_known_ones() -> None:
    with pytest.raises(UnknownNameError, match="unknown model type 'SD2'"):
        align_your_steps("SD2", 5)
    with pytest.raises(UnknownNameError, match="unknown spacing"):
        extended(SIGMAS, 2, spacing="cubic")


@pytest.mark.parametrize(
    ("step", "high", "low"),
    [
        (0, [14], [14, 7, 3, 1, 0]),
        (2, [14, 7, 3], [3, 1, 0]),
        (4, [14, 7, 3, 1, 0], [0]),
        (99, [14, 7, 3, 1, 0], []),
    ],
)
def test_split_at(step: int, high: list[float], low: list[float]) -> None:
    halves = split_at(SIGMAS, step)
    assert (halves.high.tolist(), halves.low.tolist()) == (high, low)


@pytest.mark.parametrize(("denoise", "steps"), [(0.0, 0), (0.25, 1), (0.5, 2), (1.0, 4)])
def test_split_denoise(denoise: float, steps: int) -> None:
    halves = split_denoise(SIGMAS, denoise)
    assert len(halves.low) == steps + 1
    assert torch.cat([halves.high, halves.low[1:]]).tolist() == SIGMAS.tolist()


def test_flipped_levels_rise_from_just_above_zero() -> None:
    assert flipped(SIGMAS).tolist() == pytest.approx([1e-4, 1, 3, 7, 14])
    assert flipped(SIGMAS[:-1]).tolist() == [1, 3, 7, 14]
    assert flipped(SIGMAS[:0]).tolist() == []
    assert SIGMAS[-1] == 0


def test_another_first_level() -> None:
    assert with_first(SIGMAS, 20.0).tolist() == [20, 7, 3, 1, 0]
    assert with_first(SIGMAS[:0], 20.0).tolist() == []
    assert SIGMAS[0] == 14


def test_steps_divided() -> None:
    assert extended(SIGMAS, 2).tolist() == [14, 10.5, 7, 5, 3, 2, 1, 0.5, 0]
    assert extended(SIGMAS, 2, 7.0, 3.0).tolist() == [14, 7, 5, 3, 2, 1, 0]
    assert torch.equal(extended(SIGMAS, 1), SIGMAS)
    close, far = (extended(SIGMAS, 4, spacing=spacing)[1:4] for spacing in ("cosine", "sine"))
    even = extended(SIGMAS, 4)[1:4]
    assert bool((close < even).all())
    assert bool((even < far).all())
    assert extended(SIGMAS[:0], 2).tolist() == []


def test_percent_beyond_all_levels_or_at_their_ends() -> None:
    assert percent_to_sigma(SD, 0.0) > 1e8
    assert percent_to_sigma(SD, 1.0) == 0.0
    assert percent_to_sigma(SD, 0.0, actual=True) == HIGH
    assert percent_to_sigma(SD, 1.0, actual=True) == LOW
    assert percent_to_sigma(SD, 0.3, actual=True) == percent_to_sigma(SD, 0.3)
