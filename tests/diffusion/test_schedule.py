"""Training schedules against golden tables, and what must hold for any of them."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from inkloom.diffusion.names import UnknownNameError
from inkloom.diffusion.schedules.continuous_schedule import ContinuousSchedule, FlowSchedule
from inkloom.diffusion.schedules.schedule import (
    BETAS,
    DiscreteSchedule,
    DistilledSchedule,
    NoiseSchedule,
    discrete_schedule,
)

DATA = Path(__file__).parents[1] / "data" / "sigmas"
GOLDEN = json.loads((DATA / "training_schedules.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", BETAS)
def test_tables_are_the_published_ones(name: str) -> None:
    expected = GOLDEN[name]
    schedule = discrete_schedule(name)
    assert schedule.alphas_cumprod[expected["index"]].tolist() == pytest.approx(
        expected["alpha_cumprod"], rel=1e-12
    )
    assert schedule.sigmas[expected["index"]].tolist() == pytest.approx(expected["sigma"], rel=1e-6)


def test_times_and_levels_map_to_each_other() -> None:
    cases = GOLDEN["interp_scaled_linear"]
    schedule = discrete_schedule()
    assert schedule.timestep(torch.tensor(cases["sigma"])).tolist() == cases["nearest_timestep_of_sigma"]
    assert schedule.sigma(torch.tensor(cases["timestep"])).tolist() == pytest.approx(
        cases["sigma_of_timestep"], rel=1e-6
    )


@pytest.mark.parametrize("zero_snr", [False, True])
@pytest.mark.parametrize("name", BETAS)
def test_every_level_has_its_own_time(name: str, zero_snr: bool) -> None:
    schedule = discrete_schedule(name, zero_terminal_snr=zero_snr)
    times = torch.arange(len(schedule.sigmas))
    assert torch.equal(schedule.timestep(schedule.sigmas), times)
    torch.testing.assert_close(schedule.sigma(times), schedule.sigmas, rtol=1e-6, atol=0)


def test_zero_terminal_snr_keeps_the_start_and_ends_in_noise() -> None:
    plain, stretched = discrete_schedule(), discrete_schedule(zero_terminal_snr=True)
    assert stretched.sigmas[0].item() == pytest.approx(plain.sigmas[0].item(), rel=1e-6)
    assert stretched.sigmas[-1].item() == pytest.approx(4518.76, rel=1e-6)
    assert bool((stretched.alphas_cumprod[1:] < plain.alphas_cumprod[1:]).all())


@pytest.mark.parametrize(
    ("percent", "expected"), [(-1.0, 999999999.9), (0.0, 999999999.9), (1.0, 0.0), (2.0, 0.0)]
)
def test_percent_beyond_the_run(percent: float, expected: float) -> None:
    assert discrete_schedule().percent_to_sigma(percent) == expected


def test_percent_within_the_run_is_a_share_of_the_times() -> None:
    schedule = discrete_schedule()
    assert schedule.percent_to_sigma(0.5) == schedule.sigma(torch.tensor(499.5)).item()
    assert schedule.percent_to_sigma(0.2) > schedule.percent_to_sigma(0.21)


@pytest.mark.parametrize(
    ("alphas", "says"),
    [
        (torch.tensor([0.9, 0.5]), "float64"),
        (torch.tensor([0.9], dtype=torch.float64), "T >= 2"),
        (torch.tensor([0.5, 0.9], dtype=torch.float64), "fall"),
        (torch.tensor([0.5, 0.0], dtype=torch.float64), "between 0 and 1"),
        (torch.tensor([math.nan, 0.1], dtype=torch.float64), "between 0 and 1"),
    ],
)
def test_a_table_that_is_none(alphas: torch.Tensor, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        DiscreteSchedule(alphas)


def test_unknown_betas() -> None:
    with pytest.raises(UnknownNameError) as error:
        discrete_schedule("linaer")
    assert error.value.known == ("linear", "scaled_linear")


def test_a_distilled_network_knows_every_twentieth_level() -> None:
    whole, kept = discrete_schedule(), DistilledSchedule(discrete_schedule())
    assert torch.equal(kept.sigmas, whole.sigmas[19::20])
    assert kept.timestep(kept.sigmas).tolist() == list(range(19, 1000, 20))
    assert kept.timestep(torch.tensor([0.01, 100.0, whole.sigmas[500].item()])).tolist() == [19, 999, 499]
    torch.testing.assert_close(kept.sigma(torch.tensor([19, 499, 999, 0])), whole.sigmas[[19, 499, 999, 19]])
    assert kept.percent_to_sigma(0.5) == pytest.approx(whole.percent_to_sigma(0.5), rel=0.01)


OTHERS: dict[str, NoiseSchedule] = {
    "edm": ContinuousSchedule(0.002, 80.0),
    "v": ContinuousSchedule(0.03, 500.0, tangent=True),
    "flow": FlowSchedule(shift=1.0),
    "distilled": DistilledSchedule(discrete_schedule()),
}


@pytest.mark.parametrize("name", OTHERS)
def test_levels_rise_and_have_their_times(name: str) -> None:
    schedule = OTHERS[name]
    assert bool((schedule.sigmas.diff() > 0).all())
    assert schedule.sigmas.dtype == torch.float32
    torch.testing.assert_close(
        schedule.sigma(schedule.timestep(schedule.sigmas)), schedule.sigmas, rtol=1e-4, atol=0
    )
    shares = [schedule.percent_to_sigma(share / 10) for share in range(11)]
    assert shares == sorted(shares, reverse=True)
    assert schedule.sigmas[0].item() <= shares[5] <= schedule.sigmas[-1].item()


def test_times_that_continuous_networks_are_told() -> None:
    assert OTHERS["edm"].timestep(torch.tensor(80.0)).item() == pytest.approx(0.25 * math.log(80))
    assert OTHERS["v"].timestep(torch.tensor(1.0)).item() == pytest.approx(0.5)
    assert OTHERS["flow"].timestep(torch.tensor(0.5)).item() == 500.0
    assert [schedule.sigmas[-1].item() for schedule in OTHERS.values()][:3] == pytest.approx(
        [80, 500, 1], rel=1e-5
    )


def test_a_shifted_flow_spends_its_time_at_high_levels() -> None:
    assert FlowSchedule(3.0).percent_to_sigma(0.5) == pytest.approx(0.75)
    assert FlowSchedule(3.0).percent_to_sigma(-1) == 1.0
    assert FlowSchedule(3.0).percent_to_sigma(1) == 0.0


@pytest.mark.parametrize(
    "make",
    [
        lambda: ContinuousSchedule(0.0, 1.0),
        lambda: ContinuousSchedule(2.0, 1.0),
        lambda: FlowSchedule(0.0),
        lambda: DistilledSchedule(discrete_schedule(), 1),
        lambda: DistilledSchedule(discrete_schedule(), 1001),
    ],
)
def test_schedules_that_are_none(make: Callable[[], NoiseSchedule]) -> None:
    with pytest.raises(ValueError, match="not"):
        make()
