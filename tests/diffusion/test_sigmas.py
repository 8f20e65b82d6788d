"""Sigma schedules against golden tables for discrete and flow models, and the rules for parts of a run."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from inkloom.diffusion.names import SCHEDULE_NAMES, UnknownNameError
from inkloom.diffusion.schedules.continuous_schedule import FlowSchedule
from inkloom.diffusion.schedules.schedule import NoiseSchedule, discrete_schedule
from inkloom.diffusion.schedules.sigmas import SCHEDULES, part_of, sigmas_for

DATA = Path(__file__).parents[1] / "data" / "sigmas"
TABLES = json.loads((DATA / "sigmas.json").read_text(encoding="utf-8"))["tables"]


MODELS: dict[str, NoiseSchedule] = {
    "sd1_sdxl_eps": discrete_schedule(),
    "sd_ztsnr": discrete_schedule(zero_terminal_snr=True),
    "ddpm_linear_1e-4_2e-2": discrete_schedule("linear"),
    "sd3_shift3": FlowSchedule(3.0),
    "flow_shift1": FlowSchedule(1.0),
    "flux_mu1.15": FlowSchedule(math.exp(1.15), 1.0, 10_000),
}
SD = MODELS["sd1_sdxl_eps"]


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("model", TABLES)
def test_levels_are_the_golden_ones(model: str, name: str) -> None:
    for steps, expected in TABLES[model][name].items():
        sigmas = sigmas_for(MODELS[model], name, int(steps))
        if None in expected:  # kl_optimal of one step is 0/0 elsewhere
            expected = [MODELS[model].sigmas[-1].item(), 0.0]
        assert sigmas.tolist() == pytest.approx(expected, rel=1e-6, abs=1e-12), steps
        assert sigmas.dtype == torch.float32


@pytest.mark.parametrize("steps", [1, 2, 3, 7, 50, 999, 1000, 1500])
@pytest.mark.parametrize("name", SCHEDULES)
def test_levels_fall_to_zero(name: str, steps: int) -> None:
    sigmas = sigmas_for(SD, name, steps)
    assert bool((sigmas.diff() <= 0).all())
    assert sigmas[-1] == 0
    assert sigmas[0] <= SD.sigmas[-1] * (1 + 1e-6)
    assert sigmas[-2] > 0
    if name not in ("ddim_uniform", "beta"):
        assert len(sigmas) == steps + 1


def test_a_table_that_begins_at_zero_ends_there_by_itself() -> None:
    fine = FlowSchedule(0.001)
    assert fine.sigmas[0] < 1e-5
    sigmas = sigmas_for(fine, "normal", 4)
    assert len(sigmas) == 5
    assert 0 < sigmas[-1] < 1e-5
    assert sigmas_for(fine, "ddim_uniform", 4)[-1] == fine.sigmas[1]


def test_the_list_of_names_is_the_table() -> None:
    assert tuple(SCHEDULES) == SCHEDULE_NAMES


@pytest.mark.parametrize("name", SCHEDULES)
def test_partial_denoise_is_the_end_of_a_longer_run(name: str) -> None:
    part = sigmas_for(SD, name, 6, 0.6)
    assert torch.equal(part, sigmas_for(SD, name, 10)[-7:])


@pytest.mark.parametrize(("denoise", "count"), [(0.0, 0), (0.9999, 7), (1.0, 7), (0.01, 7)])
def test_denoise_at_its_ends(denoise: float, count: int) -> None:
    assert len(sigmas_for(SD, "normal", 6, denoise)) == count


@pytest.mark.parametrize("denoise", [1.0, 0.5])
def test_discarded_penultimate_sigma(denoise: float) -> None:
    full = sigmas_for(SD, "normal", int(6 / denoise) + 1)
    sigmas = sigmas_for(SD, "normal", 6, denoise, discard_penultimate=True)
    assert sigmas.tolist() == [*full[:-2].tolist(), 0.0][-7:]


@pytest.mark.parametrize(
    ("start", "end", "force", "expected"),
    [
        (0, 10000, False, [5, 4, 3, 2, 1, 0]),
        (0, 3, False, [5, 4, 3, 2]),
        (2, 4, False, [3, 2, 1]),
        (2, 4, True, [3, 2, 0]),
        (2, 10000, True, [3, 2, 1, 0]),
        (4, 5, False, [1, 0]),
        (5, 10000, False, []),
        (3, 3, False, []),
        (9, 10000, True, []),
        (0, 0, True, []),
    ],
)
def test_part_of_a_run(start: int, end: int, force: bool, expected: list[float]) -> None:
    sigmas = torch.tensor([5.0, 4, 3, 2, 1, 0])
    assert part_of(sigmas, start, end, force_full_denoise=force).tolist() == expected
    assert sigmas.tolist() == [5, 4, 3, 2, 1, 0]


def test_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(UnknownNameError) as error:
        sigmas_for(SD, "Karass", 5)
    assert error.value.known[0] == "karras"
    assert set(error.value.known) == set(SCHEDULES)
    assert "'Karass'" in str(error.value)


@pytest.mark.parametrize(
    ("steps", "denoise", "says"),
    [
        (0, 1.0, "at least 1"),
        (5, -0.1, r"0\.\.1"),
        (5, 1.1, r"0\.\.1"),
        (5, math.nan, r"0\.\.1"),
        (5, 1e-9, "too many"),
    ],
)
def test_numbers_that_make_no_run(steps: int, denoise: float, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        sigmas_for(SD, "normal", steps, denoise)


def test_names_can_be_listed_without_torch() -> None:
    code = (
        "import sys; from inkloom import diffusion as d; d.SAMPLER_NAMES, d.SCHEDULE_NAMES;"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
