"""Laws of every sampler: order of convergence, edges, purity, and what its row in the table says."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import pytest
import torch
from torch import Tensor

from inkloom.diffusion.names import SAMPLER_NAMES, UnknownNameError
from inkloom.diffusion.noise.brownian import step_noise_for
from inkloom.diffusion.noise.random_noise import StepNoise
from inkloom.diffusion.samplers import SAMPLERS, Both, Sampler, State, noising_of, sampler_by_name
from inkloom.diffusion.samplers.adams import uneven
from inkloom.diffusion.samplers.ancestral import euler_ancestral, split
from inkloom.diffusion.samplers.dpm_adaptive import dpm_adaptive
from inkloom.diffusion.samplers.dpmpp_2m_sde import dpmpp_2m_sde
from inkloom.diffusion.samplers.dpmpp_sde import dpmpp_sde
from inkloom.diffusion.samplers.er_sde import er_sde
from inkloom.diffusion.samplers.euler import euler, euler_cfg_pp
from inkloom.diffusion.samplers.heun import heun
from inkloom.diffusion.samplers.lcm import lcm_upscale
from inkloom.diffusion.samplers.lms import integrals, lms
from inkloom.diffusion.samplers.sa_solver import sa_solver
from inkloom.diffusion.schedules.continuous_schedule import FlowSchedule
from inkloom.diffusion.schedules.prediction import FLOW

# The `_gpu` rows are the same functions.
NAMES = [name for name in SAMPLERS if not name.endswith("_gpu")]
STOCHASTIC = [name for name in NAMES if SAMPLERS[name].stochastic]
NOISE = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(42))


class Gaussian:
    """The exact estimate for pictures of one spread about one mean; the path of x is known in closed form."""

    def __init__(
        self, mean: float, spread: float, *, uncond: float | None = None, flow: bool = False
    ) -> None:
        self.mean, self.spread, self.flow = mean, spread, flow
        self.uncond = mean if uncond is None else uncond
        self.calls = 0

    def both(self, x: Tensor, sigma: float, /) -> Both:
        self.calls += 1
        return Both(self._estimate(x, sigma, self.mean), self._estimate(x, sigma, self.uncond))

    def __call__(self, x: Tensor, sigma: float, /) -> Tensor:
        return self.both(x, sigma).guided

    def _estimate(self, x: Tensor, sigma: float, mean: float) -> Tensor:
        return (x * self.spread**2 + mean * sigma**2) / (self.spread**2 + sigma**2)

    def exact(self, sigma: float) -> Tensor:
        return torch.full((1, 1, 1, 1), self.mean + 3 * math.hypot(self.spread, sigma), dtype=torch.float64)


def no_noise(draw: int, sigma: float, sigma_next: float) -> Tensor:
    raise AssertionError("a deterministic sampler asked for noise")


def zeros(draw: int, sigma: float, sigma_next: float) -> Tensor:
    return torch.zeros(())


def finish(sampler: Sampler[Any], state: State, denoise: Any, noise: Any = no_noise) -> State:
    while not state.done:
        state = sampler.step(state, denoise, noise)
    return state


def run(sampler: Sampler[Any] | str, x: Tensor, sigmas: Tensor, denoise: Any, noise: Any = no_noise) -> State:
    sampler = SAMPLERS[sampler] if isinstance(sampler, str) else sampler
    return finish(sampler, sampler.init(x, sigmas), denoise, noise)


def far(found: Tensor, expected: Tensor) -> float:
    return ((found - expected).abs().max() / expected.abs().max()).item()


def still(name: str) -> Sampler[Any]:
    """Return the sampler with its noise turned off."""
    if name == "er_sde":
        return er_sde("ODE")
    sampler = SAMPLERS[name]
    if not sampler.stochastic:
        return sampler
    return replace(sampler, options=tuple({**dict(sampler.options), "eta": 0.0}.items()))


# First steps, for want of memory, and last steps, by design, of a multistep method are of lower order: an
# error of order 2 where its own is higher. Weights for even steps (ipndm) are none of uneven ones.
ORDERS = {
    **dict.fromkeys(["euler", "ddim", "euler_cfg_pp", "euler_ancestral", "euler_ancestral_cfg_pp"], 1),
    **dict.fromkeys(["heunpp2", "gradient_estimation", "gradient_estimation_cfg_pp"], 1),
    **dict.fromkeys(["heun", "dpm_2", "dpm_2_ancestral", "dpmpp_2s_ancestral", "dpmpp_sde", "seeds_2"], 2),
    **dict.fromkeys(["dpmpp_2m", "dpmpp_2m_cfg_pp", "dpmpp_2m_sde", "dpmpp_2m_sde_heun", "dpmpp_3m_sde"], 2),
    **dict.fromkeys(["res_multistep", "res_multistep_cfg_pp"], 2),
    **dict.fromkeys(["res_multistep_ancestral", "res_multistep_ancestral_cfg_pp"], 2),
    **dict.fromkeys(["ipndm", "uni_pc", "uni_pc_bh2", "sa_solver", "sa_solver_pece"], 2),
    **dict.fromkeys(["ipndm_v", "deis", "dpm_fast", "seeds_3"], 3),
    "lms": 4,
    "er_sde": 1.5,  # its integrals are sums of 200 terms, as in the program published with the paper
}
# The first two have noise by nature. The third is moved by the difference of two estimates from different
# places, which does not vanish as steps grow finer. The last chooses its own steps.
NO_ORDER = {"ddpm", "lcm", "dpmpp_2s_ancestral_cfg_pp", "dpm_adaptive"}


@pytest.mark.parametrize(("name", "order"), ORDERS.items())
def test_order_of_convergence(name: str, order: float) -> None:
    # No level is 0, where all methods jump to the estimate.
    denoise, sampler = Gaussian(0.7, 0.4), still(name)

    def error(steps: int) -> float:
        sigmas = torch.linspace(math.log(8), math.log(0.5), steps + 1, dtype=torch.float64).exp()
        state = sampler.init(denoise.exact(8.0), sigmas)
        if name == "lms":
            # Its first steps are of lower order and would hide its own: it begins with three exact slopes.
            exact = {s: denoise.exact(s) for s in state.sigmas[:4]}
            known = [(s, (exact[s] - denoise(exact[s], s)) / s) for s in state.sigmas[:3]]
            state = replace(state, x=exact[state.sigmas[3]], index=3, slopes=tuple(reversed(known)))
        return (finish(sampler, state, denoise).x - denoise.exact(0.5)).abs().item()

    counts = torch.tensor([41.0, 80, 161], dtype=torch.float64)
    errors = torch.tensor([error(int(count)) for count in counts], dtype=torch.float64)
    logs = torch.stack([counts.log(), torch.ones_like(counts)], 1)
    slope = torch.linalg.lstsq(logs, errors.log().unsqueeze(1)).solution[0].item()
    assert -slope == pytest.approx(order, abs=0.3)


def test_every_sampler_has_an_order_or_a_reason() -> None:
    assert set(ORDERS) | NO_ORDER == set(NAMES)


def test_the_adaptive_sampler_takes_as_many_steps_as_its_tolerance_needs() -> None:
    denoise, sigmas = Gaussian(0.7, 0.4), torch.tensor([8.0, 3.0, 0.5], dtype=torch.float64)
    errors, counts = [], []
    for rtol in (1e-2, 1e-4, 1e-6):
        state = run(dpm_adaptive(rtol=rtol, atol=rtol / 10), denoise.exact(8.0), sigmas, denoise)
        errors.append(far(state.x, denoise.exact(0.5)))
        counts.append(state.index)
    assert errors[0] > 5 * errors[1] > 25 * errors[2]
    assert 2 * counts[0] < 4 * counts[1] < 2 * counts[2]


@pytest.mark.parametrize("order", [2, 3])
def test_the_adaptive_sampler_goes_both_ways(order: int) -> None:
    denoise = Gaussian(0.7, 0.4)
    up = run(dpm_adaptive(order, rtol=1e-3, atol=1e-4), denoise.exact(0.5), torch.tensor([0.5, 8.0]), denoise)
    assert far(up.x, denoise.exact(8.0)) < 1e-3


def test_the_adaptive_sampler_gives_up_where_no_step_is_short_enough() -> None:
    def shaken(x: Tensor, sigma: float) -> Tensor:
        return torch.full_like(x, math.sin(1e9 * sigma))

    with pytest.raises(ValueError, match="no step is short enough"):
        run(dpm_adaptive(rtol=0.0, atol=1e-12), NOISE * 8, torch.tensor([8.0, 1.0]), shaken)


def test_the_adaptive_sampler_tells_how_far_it_is() -> None:
    sampler = SAMPLERS["dpm_adaptive"]
    state, left = sampler.init(NOISE * 8, torch.tensor([8.0, 3.0, 0.1, 0.0])), []
    while not state.done:
        sigma, sigma_next = state.interval
        assert 0.1 <= sigma_next < sigma == state.level
        left.append(state.steps - state.index)
        state = sampler.step(state, Gaussian(0.3, 1), no_noise)
    assert state.steps == state.index
    assert left[-1] == 1
    assert left[0] > 20


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
    "there and back": [5.0, 2.0, 1.0, 2.0, 5.0, 2.0, 1.0, 0.0],
}


# Samplers whose end is not the last step's first estimate: they stop at the schedule's least level above 0,
# or next to 0, or estimate once more.
ENDS_ABOVE = {"dpm_fast", "dpm_adaptive", "uni_pc", "uni_pc_bh2", "sa_solver_pece"}


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=["float32", "bfloat16"])
@pytest.mark.parametrize("shape", [(1, 4, 8, 8), (3, 4, 5, 7)], ids=str)
@pytest.mark.parametrize("name", NAMES)
def test_edges(name: str, shape: tuple[int, ...], dtype: torch.dtype) -> None:
    # Pictures of spread 1 about 0.3, so that x shall end with values of that size.
    sampler, denoise = SAMPLERS[name], Gaussian(0.3, 1.0, uncond=0.2)
    for edge, levels in EDGES.items():
        x = (torch.randn(shape, generator=torch.Generator().manual_seed(1)) * levels[0]).to(dtype)
        sigmas = torch.tensor(levels)
        state = run(sampler, x, sigmas, denoise, step_noise_for(sampler, x, 5, sigmas))
        assert state.done
        assert (state.x.shape, state.x.dtype) == (x.shape, dtype)
        assert bool(torch.isfinite(state.x).all()), edge
        # Three long steps from pure noise let rounding grow in bfloat16.
        limit = 12 if name == "dpm_fast" else 7
        assert state.x.abs().max() < limit * (1 + state.level), edge
        if levels[-1] == 0 and name not in ENDS_ABOVE:
            assert state.denoised is not None
            torch.testing.assert_close(state.x, state.denoised)


@pytest.mark.parametrize("name", NAMES)
def test_one_step_to_zero_is_the_estimate(name: str) -> None:
    denoise, x = Gaussian(0.3, 1.0), NOISE * 9
    end = run(name, x, torch.tensor([9.0, 0.0]), denoise).x
    # UniPC stops at 0.001.
    allowed = 5e-3 if name.startswith("uni_pc") else 0.0
    torch.testing.assert_close(end, denoise(x, 9.0), rtol=0, atol=allowed)


@pytest.mark.parametrize("name", NAMES)
def test_a_level_twice_is_no_step(name: str) -> None:
    sampler, denoise = SAMPLERS[name], Gaussian(0.3, 1.0)
    once = run(sampler, NOISE * 9, torch.tensor([9.0, 5.0, 2.0, 1.0]), denoise, zeros)
    twice = run(sampler, NOISE * 9, torch.tensor([9.0, 9.0, 5.0, 5.0, 2.0, 1.0]), denoise, zeros)
    assert torch.equal(twice.x, once.x)


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("lcm", "dpmpp_2s_ancestral_cfg_pp")])
def test_up_and_down_again_is_where_it_was(name: str) -> None:
    # Unsampling: a picture brought back to its noise along rising levels gives that picture again.
    denoise, sampler = Gaussian(0.3, 1.0), still(name) if name != "ddpm" else SAMPLERS["euler"]
    falling = torch.linspace(math.log(8), math.log(0.05), 61, dtype=torch.float64).exp()
    picture = NOISE.double() / 2
    noisy = run(sampler, picture, falling.flip(0), denoise).x
    assert noisy.std() > 5 * picture.std()
    assert far(run(sampler, noisy, falling, denoise).x, picture) < 0.15


@pytest.mark.parametrize("name", NAMES)
def test_a_step_is_a_pure_function_and_resumes_to_the_bit(name: str) -> None:
    sampler, x, denoise = SAMPLERS[name], NOISE * 9, Gaussian(0.3, 0.5, uncond=0.2)
    sigmas = torch.tensor([9.0, 5.0, 3.0, 2.0, 1.0, 0.5, 0.0])
    states = [sampler.init(x, sigmas)]
    noise = step_noise_for(sampler, x, 3, sigmas)
    while not states[-1].done:
        states.append(sampler.step(states[-1], denoise, noise))
    for index, state in enumerate(states[:-1]):
        before = {field.name: getattr(state, field.name) for field in fields(state)}
        copy = replace(state, x=state.x.clone())
        resumed = finish(sampler, state, denoise, step_noise_for(sampler, x, 3, sigmas))
        assert torch.equal(resumed.x, states[-1].x)
        assert all(getattr(state, key) is value for key, value in before.items())
        assert torch.equal(copy.x, state.x), f"step {index} wrote into its state"
        assert all(plain(value) for value in before.values())


def plain(value: Any) -> bool:
    """Whether a value is a tensor, a number, None or a tuple of such, so that it can be stored."""
    if isinstance(value, tuple):
        return all(plain(part) for part in value)
    return value is None or isinstance(value, Tensor | float | int)


@pytest.mark.parametrize("name", NAMES)
def test_a_sampler_that_does_not_look_ahead_shares_its_steps(name: str) -> None:
    # Until their schedules part, two runs are one, to the bit, or the sampler says that they may not be.
    sampler, denoise = SAMPLERS[name], Gaussian(0.3, 0.5, uncond=0.2)
    long = torch.tensor([9.0, 5.0, 3.0, 2.0, 1.5, 1.0, 0.5, 0.25, 0.1, 0.0])
    short = torch.tensor([9.0, 5.0, 3.0, 2.0, 0.0])
    pair = []
    for sigmas in (long, short):
        state, noise = sampler.init(NOISE * 9, sigmas), step_noise_for(sampler, NOISE, 3, sigmas)
        while state.index < 3 and not state.done:
            state = sampler.step(state, denoise, noise)
        pair.append(state.x)
    assert torch.equal(*pair) or sampler.looks_ahead


def test_an_item_of_a_batch_is_the_item_alone() -> None:
    x, sigmas = torch.cat([NOISE, NOISE * 0.7, -NOISE]) * 9, torch.tensor([9.0, 5.0, 2.0, 1.0, 0.0])
    # Its steps are as short as the item needs that needs the shortest.
    for name in set(NAMES) - {"dpm_adaptive"}:
        sampler, denoise = SAMPLERS[name], Gaussian(0.3, 0.5, uncond=0.2)
        batch = run(sampler, x, sigmas, denoise, step_noise_for(sampler, x, 7, sigmas)).x
        for index in range(3):
            item = x[index : index + 1]
            alone = run(sampler, item, sigmas, denoise, step_noise_for(sampler, item, 7, sigmas, [index])).x
            torch.testing.assert_close(batch[index : index + 1], alone)


@pytest.mark.parametrize("name", NAMES)
def test_what_the_table_says_is_true(name: str) -> None:
    sampler, denoise, noises = SAMPLERS[name], Gaussian(0.3, 0.5), []

    def noise(draw: int, sigma: float, sigma_next: float) -> Tensor:
        noises.append(draw)
        return torch.zeros(())

    # Late enough to be in the part of a run to which SA-Solver adds noise.
    state = sampler.init(NOISE * 4, torch.tensor([4.0, 3.0, 2.0, 1.0, 0.6, 0.4, 0.3, 0.0]))
    state = sampler.step(state, denoise, noise)
    denoise.calls = 0
    state = sampler.step(state, denoise, noise)
    assert denoise.calls == sampler.calls_per_step
    assert bool(noises) is sampler.stochastic
    assert noises == list(range(len(noises)))
    assert state.draws == len(noises)
    assert isinstance(state, sampler.state)
    assert sampler.name == name
    assert sampler.paper


@pytest.mark.parametrize("name", [name for name in NAMES if SAMPLERS[name].needs_uncond])
def test_cfg_pp_needs_the_unconditional_estimate(name: str) -> None:
    def denoise(x: Tensor, sigma: float) -> Tensor:
        return x / 2

    with pytest.raises(ValueError, match="needs the unconditional estimate"):
        run(name, NOISE * 9, torch.tensor([9.0, 5.0, 0.0]), denoise, zeros)


# dpmpp_2s_ancestral_cfg_pp is moved by how the estimate changes along the step too.
@pytest.mark.parametrize("name", [name for name in NAMES if name.endswith("_cfg_pp") and "2s" not in name])
def test_cfg_pp_without_guidance_is_the_plain_sampler(name: str) -> None:
    assert SAMPLERS[name].needs_uncond
    sigmas, denoise = torch.tensor([9.0, 5.0, 3.0, 2.0, 1.0, 0.0]), Gaussian(0.3, 0.5)
    found, expected = (
        run(each, NOISE * 9, sigmas, denoise, StepNoise(NOISE, 3)).x
        for each in (name, name.removesuffix("_cfg_pp"))
    )
    torch.testing.assert_close(found, expected)


def test_guidance_counts_twice_in_the_alternative() -> None:
    sigmas, denoise = torch.tensor([9.0, 0.0]), Gaussian(0.3, 0.5, uncond=0.1)
    guided, uncond = denoise.both(NOISE * 9, 9.0)
    end = run(euler_cfg_pp(alternative=True), NOISE * 9, sigmas, denoise).x
    torch.testing.assert_close(end, guided + (guided - uncond))


def test_samplers_with_the_same_options_are_equal() -> None:
    assert euler_ancestral() == SAMPLERS["euler_ancestral"]
    assert euler_ancestral(0.5) != euler_ancestral()
    assert hash(dpmpp_2m_sde("heun")) == hash(dpmpp_2m_sde("heun"))
    assert lms(3).options == (("order", 3),)


@pytest.mark.parametrize("sampler", [euler(5.0), heun(5.0)], ids=lambda sampler: sampler.name)
def test_churn_keeps_the_distribution(sampler: Sampler[State]) -> None:
    keeps_the_distribution(sampler)
    assert sampler.stochastic
    assert sampler.looks_ahead


def test_churn_is_not_for_flow_models() -> None:
    noising = noising_of(FLOW, FlowSchedule())
    state = euler(30.0).init(NOISE, torch.tensor([0.9, 0.5, 0.0]), noising)
    with pytest.raises(ValueError, match="flow model"):
        euler(30.0).step(state, Gaussian(0.3, 0.5), zeros)


def test_ddpm_draws_from_the_posterior_of_its_paper() -> None:
    sigma, sigma_next, denoise = 3.0, 2.0, Gaussian(0.3, 0.5)
    x, noise = NOISE * 3, torch.randn(NOISE.shape)
    # In the paper's variables: alpha-bar a, x / sqrt(1 + sigma²), and the noise that the network predicts.
    a, a_next = 1 / (1 + sigma**2), 1 / (1 + sigma_next**2)
    alpha, eps = a / a_next, (x - denoise(x, sigma)) / sigma
    mean = (x * a**0.5 - (1 - alpha) / (1 - a) ** 0.5 * eps) / alpha**0.5
    expected = mean + ((1 - alpha) * (1 - a_next) / (1 - a)) ** 0.5 * noise
    found = run("ddpm", x, torch.tensor([sigma, sigma_next]), denoise, lambda *_: noise).x
    torch.testing.assert_close(found, expected / a_next**0.5)


@pytest.mark.parametrize("eta", [0.0, 0.3, 1.0])
@pytest.mark.parametrize(
    ("sigma", "sigma_next"), [(9.0, 5.0), (1.0, 0.999), (4518.0, 0.03), (2.0, 0.0), (1, 1), (2.0, 3.0)]
)
def test_split_keeps_the_level(sigma: float, sigma_next: float, eta: float) -> None:
    down, up, keep = split(sigma, sigma_next, eta)
    assert math.hypot(down * keep, up) == pytest.approx(sigma_next)
    if eta == 1.0 and sigma_next < sigma:
        assert down == pytest.approx(sigma_next**2 / sigma)
    assert up == 0 or (eta > 0 and sigma_next < sigma)


@pytest.mark.parametrize("eta", [0.0, 0.3, 1.0])
@pytest.mark.parametrize(("sigma", "sigma_next"), [(1.0, 0.9), (0.9, 0.3), (0.3, 0.0), (0.3, 0.5)])
def test_split_of_a_flow_model_keeps_level_and_picture(sigma: float, sigma_next: float, eta: float) -> None:
    down, up, keep = split(sigma, sigma_next, eta, flow=True)
    assert math.hypot(down * keep, up) == pytest.approx(sigma_next)
    assert keep * (1 - down) == pytest.approx(1 - sigma_next)


def keeps_the_distribution(sampler: Sampler[Any]) -> None:
    # Exact estimates for pictures of spread 1 about 2: many small steps must end with such pictures.
    x = torch.randn(1, 1, 60, 100, generator=torch.Generator().manual_seed(0)) * 10
    sigmas = torch.cat([torch.linspace(math.log(10), math.log(0.05), 100).exp(), torch.zeros(1)])
    end = run(sampler, x + 2, sigmas, Gaussian(2.0, 1.0), step_noise_for(sampler, x, 1, sigmas)).x
    assert end.mean().item() == pytest.approx(2, abs=0.05)
    assert end.std().item() == pytest.approx(1, abs=0.05)


@pytest.mark.parametrize("name", sorted({*STOCHASTIC} - {"lcm", "dpmpp_2s_ancestral_cfg_pp"}))
def test_stochastic_samplers_keep_the_distribution(name: str) -> None:
    keeps_the_distribution(SAMPLERS[name])


@pytest.mark.parametrize(
    "sampler",
    [
        er_sde("Reverse-time SDE", eta=0.7),
        er_sde(max_stage=1),
        dpmpp_sde(r=0.3),
        sa_solver((0.0, 1.0), 0.5, predictor_order=2, corrector_order=0),
        sa_solver(predictor_order=2, corrector_order=2, simple_order_2=True),
        dpm_adaptive(eta=0.5),
        dpm_adaptive(2),
    ],
    ids=lambda sampler: sampler.name,
)
def test_other_options_keep_the_distribution(sampler: Sampler[Any]) -> None:
    keeps_the_distribution(sampler)


def test_simple_weights_are_close_to_the_exact_ones() -> None:
    denoise = Gaussian(0.7, 0.4)
    sigmas = torch.linspace(math.log(8), math.log(0.5), 81, dtype=torch.float64).exp()
    simple, exact = (
        run(
            sa_solver(eta=0.0, predictor_order=2, corrector_order=2, simple_order_2=kind),
            denoise.exact(8),
            sigmas,
            denoise,
        )
        for kind in (True, False)
    )
    assert 0 < far(simple.x, exact.x) < 1e-3


@pytest.mark.parametrize(
    "points", [[3.0], [3.0, 4.0], [3.0, 4.5, 5.0], [3.0, 4.0, 6.0, 6.5], [3, 4, 5, 6, 7]]
)
def test_integrals_are_exact_for_what_the_points_determine(points: list[float]) -> None:
    weights = integrals(points, 3.0, 1.0)
    for power in range(len(points)):
        total = sum(weight * point**power for weight, point in zip(weights, points, strict=True))
        assert total == pytest.approx((1.0 - 3.0 ** (power + 1)) / (power + 1))


@pytest.mark.parametrize("count", [1, 2, 3])
def test_uneven_weights_of_even_steps_are_the_integrals(count: int) -> None:
    points = [3.0 + place / 2 for place in range(count)]
    assert uneven(-0.5, [-0.5] * (count - 1)) == pytest.approx(integrals(points, 3.0, 2.5))


def test_the_picture_grows_while_it_is_sampled() -> None:
    sampler, sigmas = lcm_upscale(1.5, 2, "bilinear"), torch.tensor([9.0, 5.0, 2.0, 0.0])
    state, sizes = sampler.init(NOISE * 9, sigmas), []
    while not state.done:
        state = sampler.step(state, Gaussian(0.3, 0.5), StepNoise(NOISE, 3))
        sizes.append(tuple(state.x.shape[-2:]))
    assert sizes == [(10, 10), (12, 12), (12, 12)]
    plain, grown = (
        run(each, NOISE * 9, sigmas, Gaussian(0.3, 0.5), StepNoise(NOISE, 3)).x
        for each in ("lcm", lcm_upscale(1.0))
    )
    torch.testing.assert_close(grown, plain)
    with pytest.raises(ValueError, match="grows"):
        run(sampler, NOISE * 9, sigmas, Gaussian(0.3, 0.5), zeros)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("sigmas", [[], [3.0]])
def test_a_run_of_no_steps_is_done(name: str, sigmas: list[float]) -> None:
    state = SAMPLERS[name].init(NOISE, torch.tensor(sigmas))
    assert state.done
    assert state.steps == 0
    assert torch.equal(state.result, NOISE)
    with pytest.raises(ValueError, match="no next one"):
        SAMPLERS[name].step(state, Gaussian(0.3, 0.5), no_noise)


def test_the_result_of_a_flow_model_is_at_full_strength() -> None:
    noising = noising_of(FLOW, FlowSchedule())
    state = SAMPLERS["euler"].init(NOISE, torch.tensor([0.75, 0.5]), noising)
    assert torch.equal(state.result, NOISE / 0.25)
    # At 1 nothing of a picture is in it.
    assert torch.equal(SAMPLERS["euler"].init(NOISE, torch.tensor([1.0, 0.5]), noising).result, NOISE)


@pytest.mark.parametrize("name", ["euler", "dpm_adaptive", "uni_pc", "er_sde"])
@pytest.mark.parametrize(
    ("sigmas", "says"),
    [
        (torch.tensor([3.0, 0.0, 1.0]), "above 0"),
        (torch.tensor([3.0, -1.0]), "above 0"),
        (torch.tensor([0.0, 1.0]), "above 0"),
        (torch.tensor([math.nan, 1.0]), "finite"),
        (torch.tensor([[3.0, 1.0]]), "one dimension"),
    ],
)
def test_sigmas_that_no_run_can_visit(name: str, sigmas: Tensor, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        SAMPLERS[name].init(NOISE, sigmas)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: lms(0), "order"),
        (lambda: dpmpp_sde(r=0.0), "above 0"),
        (lambda: dpm_adaptive(4), "2 or 3"),
        (lambda: dpm_adaptive(h_init=0.0), "h_init"),
        (lambda: dpm_adaptive(rtol=0.0, atol=0.0), "never|ever that exact"),
        (lambda: er_sde(max_stage=4), "max_stage"),
    ],
)
def test_options_that_make_no_sampler(make: Callable[[], Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        make()


def test_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(UnknownNameError, match="unknown sampler 'eular'") as error:
        sampler_by_name("eular")
    assert error.value.known[0] == "euler"
    assert set(error.value.known) == set(SAMPLERS)
    assert sampler_by_name("heun") is SAMPLERS["heun"]
