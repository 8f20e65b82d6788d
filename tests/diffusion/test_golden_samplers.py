"""Every sampler against recorded trajectories: plain and flow models, short runs, pictures, inpainting."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from inkloom.diffusion.guidance.guiders import cfg_combine
from inkloom.diffusion.noise.brownian import step_noise_for
from inkloom.diffusion.samplers import SAMPLERS, Both, noising_of
from inkloom.diffusion.schedules.continuous_schedule import FlowSchedule
from inkloom.diffusion.schedules.prediction import EPS, FLOW
from inkloom.diffusion.schedules.schedule import discrete_schedule

DATA = Path(__file__).parents[1] / "data" / "samplers"
GOLDEN = json.loads((DATA / "trajectories.json").read_text(encoding="utf-8"))
TENSORS = load_file(DATA / "trajectories.safetensors")

# The reference returns the noise it was given when uni_pc has one step.
BROKEN = {"short1/uni_pc"}
CASES = {tag: case for tag, case in GOLDEN["cases"].items() if tag not in BROKEN}

# Its uni_pc computes in float32 where small differences of large numbers matter.
LOOSE = {"uni_pc": 6e-5, "uni_pc_bh2": 6e-5}
# Samplers whose recorded x is not x before the step, or is none of each step.
NO_X = {"uni_pc", "uni_pc_bh2", "ipndm", "ipndm_v", "deis", "dpm_adaptive"}

SPREADS = torch.tensor(GOLDEN["denoiser"]["s"], dtype=torch.float64)
WEIGHTS = torch.tensor(GOLDEN["denoiser"]["w"], dtype=torch.float64)
MEANS = TENSORS["mu_f64"]


def estimate(x: Tensor, sigma: float, means: Tensor, weights: Tensor) -> Tensor:
    """Return the exact estimate of x0 for pictures from a mixture of Gaussians (see the golden generator)."""
    variance = SPREADS**2 + sigma**2
    distance = ((x - means) ** 2).flatten(1).sum(1)
    chance = torch.softmax(weights.log() - x.numel() / 2 * variance.log() - distance / (2 * variance), 0)
    kept, drawn = chance * SPREADS**2 / variance, chance * sigma**2 / variance
    return x * kept.sum() + (drawn.view(-1, 1, 1, 1) * means).sum(0)


@dataclass
class Golden:
    """The denoiser of the trajectories, guided; it remembers the levels at which it was asked."""

    flow: bool
    levels: list[float] = field(default_factory=list)

    def both(self, x: Tensor, sigma: float, /) -> Both:
        self.levels.append(sigma)
        x, even = x.double(), torch.full_like(WEIGHTS, 0.5)
        if self.flow and sigma >= 1:
            mean = (WEIGHTS.view(-1, 1, 1, 1) * MEANS).sum(0)[None]
            guided, uncond = mean, MEANS.mean(0, keepdim=True) / 2
            return Both(cfg_combine(guided, uncond, GOLDEN["denoiser"]["cfg"]).float(), uncond.float())
        if self.flow:
            x, sigma = x / (1 - sigma), sigma / (1 - sigma)
        cond, uncond = estimate(x, sigma, MEANS, WEIGHTS), estimate(x, sigma, MEANS.flip(0) / 2, even)
        return Both(cfg_combine(cond, uncond, GOLDEN["denoiser"]["cfg"]).float(), uncond.float())

    def __call__(self, x: Tensor, sigma: float, /) -> Tensor:
        return self.both(x, sigma).guided


@dataclass
class Held:
    """A denoiser that keeps the initial latent outside of the golden mask."""

    inner: Golden
    noise: Tensor

    def both(self, x: Tensor, sigma: float, /) -> Both:
        mask, kept = TENSORS["inpaint_mask"], TENSORS["init_latent"]
        around = (FLOW if self.inner.flow else EPS).noised(kept, self.noise, sigma, False)
        guided, uncond = self.inner.both(x * mask + around * (1 - mask), sigma)
        return Both(guided * mask + kept * (1 - mask), uncond * mask + kept * (1 - mask))

    def __call__(self, x: Tensor, sigma: float, /) -> Tensor:
        return self.both(x, sigma).guided


def drawn(seed: int, count: int) -> Tensor:
    """Return draws of one generator, as those of the cases that do not record them."""
    generator = torch.Generator().manual_seed(seed)
    return torch.cat([torch.randn(TENSORS["noise"].shape, generator=generator) for _ in range(count)])


def start(case: dict[str, Any], sigma: float, flow: bool) -> Tensor:
    x0 = TENSORS["init_latent"] if "denoise" in case else torch.zeros_like(TENSORS["noise"])
    return (FLOW if flow else EPS).noised(x0, TENSORS["noise"], sigma, "denoise" not in case)


def far(found: Tensor | None, expected: Tensor) -> float:
    assert found is not None
    return ((found - expected).abs().max() / expected.abs().max()).item()


@pytest.mark.parametrize("tag", CASES)
def test_golden_trajectory(tag: str) -> None:
    case, seed = CASES[tag], GOLDEN["noise_seed"]
    sampler, flow = SAMPLERS[case["sampler"]], case["parameterisation"] == "flow"
    allowed = LOOSE.get(sampler.name, 1e-5)
    sigmas = torch.tensor(case["sigmas"])
    x = start(case, case["sigmas"][0], flow)
    golden = Golden(flow)
    kept_noise = drawn(seed + sampler.kept_noise_offset, 1)
    denoise = Held(golden, kept_noise) if case.get("mask") else golden
    # Recorded draws apart from where they come from; where none are recorded, our own path is held to theirs.
    path = step_noise_for(sampler, x, seed, sigmas) if sampler.noise == "brownian" else None
    draws = TENSORS.get(f"{tag}/noise_draws", drawn(seed, 30))
    intervals: list[tuple[float, float]] = []

    def noise(draw: int, sigma: float, sigma_next: float) -> Tensor:
        intervals.append((sigma, sigma_next))
        recorded = draws[draw : draw + 1]
        if path is None:
            return recorded
        ours = path(draw, sigma, sigma_next)
        if f"{tag}/noise_draws" not in TENSORS:
            return ours
        # A level that differs in the last bit of a float32 may be another place on the path, a little off.
        torch.testing.assert_close(ours, recorded, rtol=0, atol=5e-3)
        return recorded

    schedule = FlowSchedule() if flow else discrete_schedule()
    state = sampler.init(x, sigmas, noising_of(FLOW if flow else EPS, schedule))
    step = 0
    while not state.done:
        if f"{tag}/x" in TENSORS and sampler.name not in NO_X:
            assert far(state.x, TENSORS[f"{tag}/x"][step]) < allowed, step
        state = sampler.step(state, denoise, noise)
        if f"{tag}/denoised" in TENSORS and sampler.name != "dpm_adaptive":
            assert far(state.denoised, TENSORS[f"{tag}/denoised"][step]) < allowed, step
        step += 1
    # There, the two that stop above the schedule's 0 leave a flow model's picture at less than full strength.
    found = state.x if sampler.name in ("dpm_fast", "dpm_adaptive") else state.result
    assert far(found, TENSORS[f"{tag}/final"]) < allowed
    assert golden.levels == pytest.approx(case["model_calls"], rel=1e-5)
    if sampler.stochastic:
        flat = [level for interval in intervals for level in interval]
        expected = [level for interval in case.get("noise_calls", []) for level in interval]
        assert flat == pytest.approx(expected, rel=1e-5)
    else:
        assert intervals == []


def test_there_is_a_golden_trajectory_of_every_sampler() -> None:
    for group in ("sd0", "sd1", "flow2"):
        assert {f"{group}/{name}" for name in SAMPLERS if not name.endswith("_gpu")} <= CASES.keys()


@pytest.mark.parametrize("name", [name for name in SAMPLERS if name.endswith("_gpu")])
def test_the_samplers_with_noise_on_the_device_are_those_without(name: str) -> None:
    plain = SAMPLERS[name.removesuffix("_gpu")]
    assert (SAMPLERS[name].advance, SAMPLERS[name].options) == (plain.advance, plain.options)
