"""Every sampler: golden trajectories, order of convergence, and the laws of a pure step."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from inkloom.diffusion.names import SAMPLER_NAMES, UnknownNameError
from inkloom.diffusion.noise import StepNoise
from inkloom.diffusion.samplers import SAMPLERS, State, euler_ancestral, sampler_by_name
from inkloom.diffusion.samplers.ancestral import split
from inkloom.diffusion.samplers.lms import LmsState, integrals

DATA = Path(__file__).parents[1] / "data" / "samplers"
GOLDEN = json.loads((DATA / "trajectories.json").read_text(encoding="utf-8"))
TENSORS = load_file(DATA / "trajectories.safetensors")
CASES = {
    tag: case for tag, case in GOLDEN["cases"].items() if not case.get("mask") and case["sampler"] in SAMPLERS
}
STOCHASTIC = [name for name, sampler in SAMPLERS.items() if sampler.stochastic]

Denoise = Callable[[Tensor, float], Tensor]


def mixture(means: Tensor, weights: Tensor, spreads: Tensor) -> Denoise:
    """Return the exact estimate of x0 for pictures from a mixture of Gaussians (see the golden generator)."""

    def denoise(x: Tensor, sigma: float) -> Tensor:
        variance = spreads**2 + sigma**2
        distance = ((x.double() - means) ** 2).flatten(1).sum(1)
        chance = torch.softmax(weights.log() - x.numel() / 2 * variance.log() - distance / (2 * variance), 0)
        kept, drawn = chance * spreads**2 / variance, chance * sigma**2 / variance
        return x * kept.sum() + (drawn.view(-1, 1, 1, 1) * means).sum(0)

    return denoise


def golden_denoise(x: Tensor, sigma: float) -> Tensor:
    means = TENSORS["mu_f64"]
    of = GOLDEN["denoiser"]
    spreads = torch.tensor(of["s"], dtype=torch.float64)
    weights = torch.tensor(of["w"], dtype=torch.float64)
    cond = mixture(means, weights, spreads)(x.double(), sigma)
    uncond = mixture(means.flip(0) / 2, torch.full_like(weights, 0.5), spreads)(x.double(), sigma)
    return (uncond + of["cfg"] * (cond - uncond)).float()


def no_noise(draw: int, sigma: float, sigma_next: float) -> Tensor:
    raise AssertionError("a deterministic sampler asked for noise")


def run(name: str, x: Tensor, sigmas: Tensor, denoise: Denoise, noise: Any = no_noise) -> State:
    state = SAMPLERS[name].init(x, sigmas)
    while not state.done:
        state = SAMPLERS[name].step(state, denoise, noise)
    return state


def far(found: Tensor, expected: Tensor) -> float:
    return ((found - expected).abs().max() / expected.abs().max()).item()


@pytest.mark.parametrize("tag", CASES)
def test_golden_trajectory(tag: str) -> None:
    case, sampler = CASES[tag], SAMPLERS[CASES[tag]["sampler"]]
    sigmas = torch.tensor(case["sigmas"])
    if "denoise" in case:
        x = TENSORS["init_latent"] + TENSORS["noise"] * sigmas[0]
    else:
        x = TENSORS["noise"] * (1 + sigmas[0] ** 2) ** 0.5
    draws = TENSORS.get(f"{tag}/noise_draws", golden_draws(x))
    levels: list[float] = []
    intervals: list[list[float]] = []

    def denoise(x: Tensor, sigma: float) -> Tensor:
        levels.append(sigma)
        return golden_denoise(x, sigma)

    def noise(draw: int, sigma: float, sigma_next: float) -> Tensor:
        intervals.append([sigma, sigma_next])
        return draws[draw : draw + 1]

    state = sampler.init(x, sigmas)
    for step in range(state.steps):
        if f"{tag}/x" in TENSORS:
            assert far(state.x, TENSORS[f"{tag}/x"][step]) < 1e-5
        state = sampler.step(state, denoise, noise)
        if f"{tag}/denoised" in TENSORS:
            assert far(state.denoised, TENSORS[f"{tag}/denoised"][step]) < 1e-5
    assert far(state.x, TENSORS[f"{tag}/final"]) < 1e-5
    assert levels == case["model_calls"]
    assert intervals == case.get("noise_calls", [])


def golden_draws(x: Tensor) -> Tensor:
    """Return the draws of the cases that do not record them: one generator, seeded as the start noise."""
    generator = torch.Generator().manual_seed(GOLDEN["noise_seed"])
    return torch.cat([torch.randn(x.shape, generator=generator) for _ in range(20)])


def test_there_is_a_golden_trajectory_of_every_sampler() -> None:
    assert {case["sampler"] for case in CASES.values()} == set(SAMPLERS)


ORDERS = {"euler": 1, "ddim": 1, "heun": 2, "dpmpp_2m": 2, "lms": 4}


@pytest.mark.parametrize(("name", "order"), ORDERS.items())
def test_order_of_convergence(name: str, order: int) -> None:
    # One Gaussian: the path is known in closed form. No level is 0, where all methods jump to the estimate.
    mean, spread = 0.7, 0.4

    def denoise(x: Tensor, sigma: float) -> Tensor:
        return (x * spread**2 + mean * sigma**2) / (spread**2 + sigma**2)

    def exact(sigma: float) -> Tensor:
        return torch.full((1, 1, 1, 1), mean + 3 * math.hypot(spread, sigma), dtype=torch.float64)

    def error(steps: int) -> float:
        sigmas = torch.linspace(math.log(8), math.log(0.5), steps + 1, dtype=torch.float64).exp()
        state = SAMPLERS[name].init(exact(8.0), sigmas)
        if isinstance(state, LmsState):
            # Its first steps are of lower order and would hide its own: it begins with three exact slopes.
            known = [(s, (exact(s) - denoise(exact(s), s)) / s) for s in state.sigmas[:3]]
            state = replace(state, x=exact(state.sigmas[3]), index=3, slopes=tuple(reversed(known)))
        while not state.done:
            state = SAMPLERS[name].step(state, denoise, no_noise)
        return (state.x - exact(0.5)).abs().item()

    counts = torch.tensor([40.0, 80, 160, 320], dtype=torch.float64)
    errors = torch.tensor([error(int(count)) for count in counts], dtype=torch.float64)
    logs = torch.stack([counts.log(), torch.ones_like(counts)], 1)
    slope = torch.linalg.lstsq(logs, errors.log().unsqueeze(1)).solution[0].item()
    assert -slope == pytest.approx(order, abs=0.25)


def test_every_deterministic_sampler_has_an_order() -> None:
    assert set(ORDERS) == {name for name, sampler in SAMPLERS.items() if not sampler.stochastic}


def test_the_list_of_names_is_the_table() -> None:
    assert tuple(SAMPLERS) == SAMPLER_NAMES


EDGES = {
    "one step to zero": [9.0, 0.0],
    "one step, not to zero": [9.0, 2.0],
    "two steps": [9.0, 2.0, 0.0],
    "last not zero": [9.0, 5.0, 2.0, 1.0, 0.5],
    "last zero": [9.0, 5.0, 2.0, 1.0, 0.5, 0.0],
    "a level twice": [9.0, 5.0, 5.0, 5.0, 2.0, 2.0, 0.0],
    "from pure noise": [4518.76, 1000.0, 200.0, 50.0, 14.0, 4.0, 1.0, 0.3, 0.0],
    "upwards": [0.5, 1.0, 2.0, 5.0],
}


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=["float32", "bfloat16"])
@pytest.mark.parametrize("shape", [(1, 4, 8, 8), (3, 4, 5, 7), (1, 16, 1, 1)], ids=str)
@pytest.mark.parametrize("sigmas", EDGES.values(), ids=EDGES.keys())
@pytest.mark.parametrize("name", SAMPLERS)
def test_edges(name: str, sigmas: list[float], shape: tuple[int, ...], dtype: torch.dtype) -> None:
    x = (torch.randn(shape, generator=torch.Generator().manual_seed(1)) * sigmas[0]).to(dtype)
    # Pictures of spread 1 about 0.3, so that x shall end with values of that size.
    state = run(
        name,
        x,
        torch.tensor(sigmas),
        lambda x, sigma: (x + 0.3 * sigma**2) / (1 + sigma**2),
        StepNoise(x, 5),
    )
    assert state.done
    assert (state.x.shape, state.x.dtype) == (x.shape, dtype)
    assert bool(torch.isfinite(state.x).all())
    assert state.x.abs().max() < 6 * (1 + sigmas[-1])
    if sigmas[-1] == 0:
        assert state.denoised is not None
        torch.testing.assert_close(state.x, state.denoised)


@pytest.mark.parametrize("name", SAMPLERS)
def test_the_end_is_the_estimate_to_the_bit(name: str) -> None:
    x = TENSORS["noise"] * 9
    assert torch.equal(run(name, x, torch.tensor([9.0, 0.0]), golden_denoise).x, golden_denoise(x, 9.0))


@pytest.mark.parametrize("name", SAMPLERS)
def test_a_level_twice_changes_nothing(name: str) -> None:
    x = TENSORS["noise"] * 9
    once = run(name, x, torch.tensor([9.0, 5.0, 2.0, 1.0]), golden_denoise, zeros)
    twice = run(name, x, torch.tensor([9.0, 9.0, 5.0, 5.0, 2.0, 1.0]), golden_denoise, zeros)
    if name == "dpmpp_2m":  # after a step of no length it starts anew
        assert far(twice.x, once.x) < 0.05
    else:
        torch.testing.assert_close(twice.x, once.x)


def zeros(draw: int, sigma: float, sigma_next: float) -> Tensor:
    return torch.zeros_like(TENSORS["noise"])


@pytest.mark.parametrize("name", SAMPLERS)
def test_a_step_is_a_pure_function_and_resumes_to_the_bit(name: str) -> None:
    sampler, x = SAMPLERS[name], TENSORS["noise"] * 9
    sigmas = torch.tensor([9.0, 5.0, 3.0, 2.0, 1.0, 0.5, 0.0])
    states = [sampler.init(x, sigmas)]
    noise = StepNoise(x, 3)
    while not states[-1].done:
        states.append(sampler.step(states[-1], golden_denoise, noise))
    for index, state in enumerate(states[:-1]):
        before = {field.name: getattr(state, field.name) for field in fields(state)}
        copy = replace(state, x=state.x.clone())
        resumed = state
        while not resumed.done:
            resumed = sampler.step(resumed, golden_denoise, StepNoise(x, 3))
        assert torch.equal(resumed.x, states[-1].x)
        assert all(getattr(state, key) is value for key, value in before.items())
        assert torch.equal(copy.x, state.x), f"step {index} wrote into its state"


@pytest.mark.parametrize("name", SAMPLERS)
def test_what_the_table_says_is_true(name: str) -> None:
    sampler, x = SAMPLERS[name], TENSORS["noise"] * 9
    calls: list[str] = []

    def denoise(x: Tensor, sigma: float) -> Tensor:
        calls.append("model")
        return golden_denoise(x, sigma)

    def noise(draw: int, sigma: float, sigma_next: float) -> Tensor:
        calls.append("noise")
        return torch.zeros_like(x)

    sampler.step(sampler.init(x, torch.tensor([9.0, 5.0, 0.0])), denoise, noise)
    assert calls.count("model") == sampler.calls_per_step
    assert calls.count("noise") == (1 if sampler.stochastic else 0)
    assert sampler.name == name


def test_ddpm_draws_from_the_posterior_of_its_paper() -> None:
    sigma, sigma_next = 3.0, 2.0
    x, noise = TENSORS["noise"] * 3, torch.randn(TENSORS["noise"].shape)
    # In the paper's variables: alpha-bar a, x / sqrt(1 + sigma²), and the noise that the network predicts.
    a, a_next = 1 / (1 + sigma**2), 1 / (1 + sigma_next**2)
    alpha, eps = a / a_next, (x - golden_denoise(x, sigma)) / sigma
    mean = (x * a**0.5 - (1 - alpha) / (1 - a) ** 0.5 * eps) / alpha**0.5
    expected = mean + ((1 - alpha) * (1 - a_next) / (1 - a)) ** 0.5 * noise
    found = run("ddpm", x, torch.tensor([sigma, sigma_next]), golden_denoise, lambda *_: noise).x
    torch.testing.assert_close(found, expected / a_next**0.5)


def test_ancestral_sampling_without_noise_is_euler() -> None:
    x, sigmas = TENSORS["noise"] * 9, torch.tensor([9.0, 5.0, 2.0, 1.0, 0.0])
    sampler, state = euler_ancestral(eta=0.0), euler_ancestral(eta=0.0).init(x, sigmas)
    while not state.done:
        state = sampler.step(state, golden_denoise, no_noise)
    torch.testing.assert_close(state.x, run("euler", x, sigmas, golden_denoise).x)


@pytest.mark.parametrize("eta", [0.0, 0.3, 1.0])
@pytest.mark.parametrize(
    ("sigma", "sigma_next"), [(9.0, 5.0), (1.0, 0.999), (4518.0, 0.03), (2.0, 0.0), (1, 1)]
)
def test_split_keeps_the_level(sigma: float, sigma_next: float, eta: float) -> None:
    down, up = split(sigma, sigma_next, eta)
    assert math.hypot(down, up) == pytest.approx(sigma_next)
    if eta == 1.0:
        assert down == pytest.approx(sigma_next**2 / sigma)


@pytest.mark.parametrize("name", STOCHASTIC)
def test_stochastic_samplers_keep_the_distribution(name: str) -> None:
    # Exact estimates for pictures of spread 1 about 2: many small steps must end with such pictures.
    x = torch.randn(1, 1, 200, 200, generator=torch.Generator().manual_seed(0)) * 10
    sigmas = torch.cat([torch.linspace(math.log(10), math.log(0.05), 200).exp(), torch.zeros(1)])
    end = run(name, x + 2, sigmas, lambda x, sigma: (x + 2 * sigma**2) / (1 + sigma**2), StepNoise(x, 1)).x
    assert end.mean().item() == pytest.approx(2, abs=0.03)
    assert end.std().item() == pytest.approx(1, abs=0.03)


@pytest.mark.parametrize("points", [[3.0], [3.0, 4.0], [3.0, 4.5, 5.0], [3.0, 4.0, 6.0, 6.5]])
def test_integrals_are_exact_for_what_the_points_determine(points: list[float]) -> None:
    weights = integrals(points, 3.0, 1.0)
    for power in range(len(points)):
        total = sum(weight * point**power for weight, point in zip(weights, points, strict=True))
        assert total == pytest.approx((1.0 - 3.0 ** (power + 1)) / (power + 1))


@pytest.mark.parametrize("name", SAMPLERS)
@pytest.mark.parametrize("sigmas", [[], [3.0]])
def test_a_run_of_no_steps_is_done(name: str, sigmas: list[float]) -> None:
    state = SAMPLERS[name].init(TENSORS["noise"], torch.tensor(sigmas))
    assert state.done
    assert state.steps == 0
    with pytest.raises(ValueError, match="no next one"):
        SAMPLERS[name].step(state, golden_denoise, no_noise)


@pytest.mark.parametrize("name", SAMPLERS)
@pytest.mark.parametrize(
    ("sigmas", "says"),
    [
        (torch.tensor([3.0, 0.0, 1.0]), "above 0"),
        (torch.tensor([3.0, -1.0]), "above 0"),
        (torch.tensor([math.nan, 1.0]), "finite"),
        (torch.tensor([[3.0, 1.0]]), "one dimension"),
    ],
)
def test_sigmas_that_no_run_can_visit(name: str, sigmas: Tensor, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        SAMPLERS[name].init(TENSORS["noise"], sigmas)


def test_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(UnknownNameError, match="unknown sampler 'eular'") as error:
        sampler_by_name("eular")
    assert error.value.known[0] == "euler"
    assert set(error.value.known) == set(SAMPLERS)
    assert sampler_by_name("heun") is SAMPLERS["heun"]
