"""The nodes that choose samplers, levels and noise: what they hand on is what they say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from inkloom import diffusion
from inkloom.diffusion.schedules.schedule import discrete_schedule
from inkloom.executor import Graph, object_info, validate
from inkloom.nodes import NODES, noise, open_folders, samplers, sigmas
from inkloom.nodes.data_folder import BUNDLED


class Model:
    """As much of a model as levels need."""

    schedule = discrete_schedule()


MODEL: Any = Model()

# A node's sampler, and the sampler of the list that it is when nothing is changed.
DEFAULTS = [
    (samplers.sampler_euler_ancestral(), "euler_ancestral"),
    (samplers.sampler_euler_ancestral_cfg_pp(), "euler_ancestral_cfg_pp"),
    (samplers.sampler_euler_cfg_pp(version="regular"), "euler_cfg_pp"),
    (samplers.sampler_lms(), "lms"),
    (samplers.sampler_dpmpp_3m_sde(noise_device="gpu"), "dpmpp_3m_sde"),
    (samplers.sampler_dpmpp_2m_sde(solver_type="midpoint", noise_device="cpu"), "dpmpp_2m_sde"),
    (samplers.sampler_dpmpp_sde(noise_device="gpu"), "dpmpp_sde"),
    (samplers.sampler_dpmpp_2s_ancestral(), "dpmpp_2s_ancestral"),
    (samplers.sampler_dpm_adaptive(), "dpm_adaptive"),
    (samplers.sampler_er_sde(solver_type="ER-SDE"), "er_sde"),
    (samplers.sampler_sa_solver(model=MODEL, use_pece=False, simple_order_2=False), "sa_solver"),
    (samplers.sampler_sa_solver(model=MODEL, use_pece=True, simple_order_2=False), "sa_solver_pece"),
]


@pytest.mark.parametrize(("made", "name"), DEFAULTS, ids=[name for _, name in DEFAULTS])
def test_a_node_left_alone_is_the_sampler_of_the_list(made: Any, name: str) -> None:
    assert made == samplers.ksampler_select(sampler_name=name)


def test_options_reach_the_sampler() -> None:
    heun = samplers.sampler_dpmpp_2m_sde(solver_type="heun", eta=0.5, s_noise=0.9, noise_device="cpu")
    assert dict(heun.options) == {"solver_type": "heun", "eta": 0.5, "s_noise": 0.9}
    adaptive = samplers.sampler_dpm_adaptive(
        order=2, rtol=1, atol=2, h_init=3, pcoeff=4, icoeff=5, dcoeff=6, accept_safety=7, eta=8, s_noise=9
    )
    assert [value for _, value in adaptive.options] == [2, 1, 2, 3, 4, 5, 6, 7, 8, 9]
    solver = samplers.sampler_sa_solver(
        model=MODEL, sde_start_percent=0.1, sde_end_percent=0.9, use_pece=True, simple_order_2=True
    )
    assert dict(solver.options)["percents"] == (0.1, 0.9)
    assert dict(solver.options)["simple_order_2"] is True
    grown = samplers.sampler_lcm_upscale(scale_ratio=2.0, scale_steps=3, upscale_method="area")
    assert [value for _, value in grown.options] == [2.0, 3, "area"]
    assert samplers.sampler_euler_cfg_pp(version="alternative").name == "euler_cfg_pp_alternative"


def test_schedulers_left_alone_are_those_of_stable_diffusion() -> None:
    for made, name in (
        (sigmas.karras_scheduler(), "karras"),
        (sigmas.exponential_scheduler(), "exponential"),
        (sigmas.polyexponential_scheduler(), "exponential"),
        (sigmas.beta_sampling_scheduler(model=MODEL), "beta"),
        (sigmas.basic_scheduler(model=MODEL, scheduler="simple"), "simple"),
    ):
        torch.testing.assert_close(made, diffusion.sigmas_for(MODEL.schedule, name, 20), rtol=1e-4, atol=0)
    for made in (sigmas.laplace_scheduler(), sigmas.vp_scheduler()):
        assert len(made) == 21
    assert len(sigmas.sd_turbo_scheduler(model=MODEL)) == 2
    assert len(sigmas.align_your_steps_scheduler(model_type="SDXL")) == 11


def test_levels_are_cut_and_turned() -> None:
    levels = torch.tensor([14.0, 7.0, 1.0, 0.0])
    assert sigmas.split_sigmas(sigmas=levels, step=1).low_sigmas.tolist() == [7, 1, 0]
    assert sigmas.split_sigmas_denoise(sigmas=levels, denoise=0.34).high_sigmas.tolist() == [14, 7, 1]
    assert sigmas.flip_sigmas(sigmas=levels)[-1] == 14
    assert sigmas.set_first_sigma(sigmas=levels)[0] == 136
    extended = sigmas.extend_intermediate_sigmas(sigmas=levels, spacing="linear")
    assert extended.tolist() == [14, 10.5, 7, 1, 0]
    whole = sigmas.sampling_percent_to_sigma(model=MODEL, return_actual_sigma=True)
    assert whole.sigma_value == MODEL.schedule.sigmas[-1].item()


def test_noise_that_is_none_still_has_a_seed() -> None:
    assert noise.random_noise(noise_seed=7) == diffusion.RandomNoise(7)
    none = noise.disable_noise()
    assert (none.seed, bool(none.at_start((1, 4, 2, 2)).any())) == (0, False)


@pytest.fixture(scope="module")
def inklet() -> diffusion.Model:
    model = diffusion.load_checkpoint(BUNDLED["checkpoints"][0] / "inklet.safetensors").model
    assert model is not None
    return model


def test_add_noise_brings_a_latent_to_a_level(inklet: diffusion.Model) -> None:
    latent: Any = {"samples": torch.zeros(2, 4, 4, 4), "batch_index": [3, 1], "batch_size": 4}
    source = diffusion.RandomNoise(5)
    fresh = inklet.latent_format.to_autoencoder(source.at_start((2, 4, 4, 4), [3, 1], 4))
    for levels, level in (([7.0, 3.0], 4.0), ([7.0], 7.0)):
        added: Any = noise.add_noise(
            model=inklet, noise=source, sigmas=torch.tensor(levels), latent_image=latent
        )
        torch.testing.assert_close(added["samples"], fresh * level)
        assert added["batch_index"] == [3, 1]
    none = noise.add_noise(model=inklet, noise=source, sigmas=torch.empty(0), latent_image=latent)
    assert none is latent


def test_a_picture_brought_back_to_its_noise_comes_again(inklet: diffusion.Model) -> None:
    # What FlipSigmas is for: up without adding noise, then down again, with a model and not a formula.
    levels = sigmas.karras_scheduler(steps=24, sigma_max=3.0, sigma_min=0.03)
    latent: Any = {"samples": torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(2)) * 2}
    prompt = [[torch.zeros(1, 77, inklet.unet.spec.context_channels), {}]]
    guider = diffusion.CfgGuider(inklet, prompt, prompt, 1.0)

    def run(latent: Any, levels: torch.Tensor) -> Any:
        sampler, silent = samplers.ksampler_select(sampler_name="heun"), noise.disable_noise()
        *_, last = diffusion.sample_states(guider, sampler, sigmas=levels, latent=latent, noise=silent)
        return {"samples": diffusion.final_latent(inklet, last)}

    first = run(latent, levels)
    noisy = run(first, sigmas.flip_sigmas(sigmas=levels))
    again = run(noisy, levels)
    assert noisy["samples"].std() > 1.5 * first["samples"].std()
    change = (again["samples"] - first["samples"]).abs().mean() / first["samples"].abs().mean()
    assert change < 0.2


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("KarrasScheduler", "rho"),
        ("ExponentialScheduler", "sigma_min"),
        ("ExponentialScheduler", "sigma_max"),
        ("PolyexponentialScheduler", "sigma_min"),
        ("BetaSamplingScheduler", "alpha"),
        ("BetaSamplingScheduler", "beta"),
    ],
)
def test_a_limit_that_is_no_value_itself_is_told_before_a_run(tmp_path: Path, name: str, key: str):
    defaults = {key: spec.default for key, spec in NODES[name].inputs.items() if spec.widget}
    inputs = {**defaults, key: 0.0, **({"model": ["m", 0]} if "model" in NODES[name].inputs else {})}
    graph = Graph.parse(
        {
            "m": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "inklet.safetensors"}},
            "s": {"class_type": name, "inputs": inputs},
            "out": {"class_type": "PreviewAny", "inputs": {"source": ["s", 0]}},
        }
    )
    [problem] = validate(graph, NODES, open_folders(tmp_path)).problems
    assert (problem.code, problem.node, problem.input) == ("value_smaller_than_min", "s", key)
    assert "0.0 is too small; it must be above 0.0" in problem.message
    told: Any = object_info(NODES[name], open_folders(tmp_path))
    assert told["input"]["required"][key][1]["min"] == 0.0
