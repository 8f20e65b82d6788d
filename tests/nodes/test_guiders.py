"""Nodes of sampling, guidance and conditioning, on the embedded model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from inkloom import diffusion
from inkloom.executor import Context
from inkloom.nodes import conditioning_parts, guidance, guiders, inpaint, open_folders, sampling, steps
from inkloom.nodes.data_folder import BUNDLED

INKLET = BUNDLED["checkpoints"][0] / "inklet.safetensors"


@pytest.fixture
def ctx(tmp_path: Path) -> Context:
    return Context(folders=open_folders(tmp_path))


@pytest.fixture(scope="module")
def inklet() -> diffusion.Checkpoint:
    return diffusion.load_checkpoint(INKLET)


@pytest.fixture(scope="module")
def prompts(inklet: diffusion.Checkpoint) -> tuple[Any, Any]:
    return inklet.clip.encode("a red circle"), inklet.clip.encode("")


EULER = diffusion.sampler_by_name("euler")
EMPTY: diffusion.Latent = {"samples": torch.zeros(1, 4, 8, 8)}


def close(found: Tensor, expected: Tensor) -> None:
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-4 * expected.abs().max().item())


def sampled(ctx: Context, guider: diffusion.Guider, **changed: Any) -> Any:
    inputs = {
        "noise": diffusion.RandomNoise(5),
        "sampler": EULER,
        "sigmas": diffusion.sigmas_for(guider.model.schedule, "normal", 2),
        "latent_image": EMPTY,
        **changed,
    }
    return guiders.sampler_custom_advanced(ctx, guider=guider, **inputs)


def test_every_way_of_putting_a_run_together_is_the_same_run(
    ctx: Context, inklet: diffusion.Checkpoint, prompts: Any
) -> None:
    positive, negative = prompts
    common: dict[str, Any] = {
        "model": inklet.model,
        "cfg": 3.0,
        "positive": positive,
        "negative": negative,
        "latent_image": EMPTY,
    }
    whole = sampling.ksampler(
        ctx, seed=5, steps=2, sampler_name="euler", scheduler="normal", denoise=1.0, **common
    )["samples"]
    advanced = sampling.ksampler_advanced(
        ctx,
        add_noise="enable",
        noise_seed=5,
        steps=2,
        sampler_name="euler",
        scheduler="normal",
        start_at_step=0,
        end_at_step=10_000,
        return_with_leftover_noise="disable",
        **common,
    )["samples"]
    sigmas = diffusion.sigmas_for(inklet.model.schedule, "normal", 2)
    custom = guiders.sampler_custom(ctx, add_noise=True, noise_seed=5, sampler=EULER, sigmas=sigmas, **common)
    guider = guiders.cfg_guider(model=inklet.model, positive=positive, negative=negative, cfg=3.0)
    for found in (advanced, custom.output["samples"], sampled(ctx, guider).output["samples"]):
        assert torch.equal(found, whole)
    assert torch.equal(custom.denoised_output["samples"], custom.output["samples"])


def test_a_second_sampler_goes_on_from_leftover_noise(
    ctx: Context, inklet: diffusion.Checkpoint, prompts: Any
) -> None:
    def part(latent: diffusion.Latent, first: int, last: int, noise: str, leftover: str) -> diffusion.Latent:
        return sampling.ksampler_advanced(
            ctx,
            model=inklet.model,
            add_noise=noise,
            noise_seed=5,
            steps=4,
            cfg=3.0,
            sampler_name="euler",
            scheduler="normal",
            positive=prompts[0],
            negative=prompts[1],
            latent_image=latent,
            start_at_step=first,
            end_at_step=last,
            return_with_leftover_noise=leftover,
        )

    whole = part(EMPTY, 0, 10_000, "enable", "disable")
    half = part(EMPTY, 0, 2, "enable", "enable")
    close(part(half, 2, 10_000, "disable", "disable")["samples"], whole["samples"])


def test_a_run_that_ends_early_gives_its_estimate_too(
    ctx: Context, inklet: diffusion.Checkpoint, prompts: Any
) -> None:
    told: list[tuple[int, int]] = []
    telling = replace(ctx, report=lambda done, total, preview: told.append((done, total)))
    guider = guiders.basic_guider(model=inklet.model, conditioning=prompts[0])
    latent = {**EMPTY, "noise_mask": torch.ones(1, 1, 8, 8)}
    sigmas = diffusion.sigmas_for(inklet.model.schedule, "normal", 4)[:3]
    ended = sampled(telling, guider, sigmas=sigmas, latent_image=latent)
    assert told == [(1, 2), (2, 2)]
    assert not torch.equal(ended.output["samples"], ended.denoised_output["samples"])
    assert ended.denoised_output["noise_mask"] is latent["noise_mask"]
    none = sampled(ctx, guider, sigmas=torch.tensor([1.0]))
    assert none.output is EMPTY
    assert none.denoised_output is EMPTY


def test_without_noise_a_run_begins_at_the_latent(
    ctx: Context, inklet: diffusion.Checkpoint, prompts: Any
) -> None:
    latent: diffusion.Latent = {"samples": torch.randn(1, 4, 8, 8)}
    ended = guiders.sampler_custom(
        ctx,
        model=inklet.model,
        add_noise=False,
        noise_seed=5,
        cfg=1.0,
        positive=prompts[0],
        negative=prompts[1],
        sampler=EULER,
        sigmas=torch.tensor([2.0, 1.0]),
        latent_image=latent,
    )
    x = inklet.model.latent_format.to_model(latent["samples"])
    estimate = diffusion.predict(inklet.model, x, 2.0, prompts[0])
    close(ended.denoised_output["samples"], inklet.model.latent_format.to_autoencoder(estimate))


def test_by_hand_with_a_guider(ctx: Context, inklet: diffusion.Checkpoint, prompts: Any) -> None:
    model = guidance.rescale_cfg(model=inklet.model, multiplier=0.7)
    guider = guiders.cfg_guider(model=model, positive=prompts[0], negative=prompts[1], cfg=3.0)
    noise = diffusion.RandomNoise(5)
    sigmas = diffusion.sigmas_for(model.schedule, "normal", 2)
    noised = steps.noise_latent(model=model, noise=noise, sigmas=sigmas, latent_image=EMPTY)
    state = steps.sampler_start(sampler=EULER, noised=noised, sigmas=sigmas).state
    while not state.done:
        estimate = steps.predict_guided(ctx, guider=guider, state=state)
        state = steps.sampler_step(sampler=EULER, state=state, denoised=estimate, noise=noise)
    found = steps.sampler_result(model=model, state=state)["samples"]
    assert torch.equal(found, sampled(ctx, guider).output["samples"])
    with pytest.raises(ValueError, match=r"guidance has rules \(Rescale\); use Predict Guided"):
        steps.predict(ctx, model=model, state=state, positive=prompts[0], negative=prompts[1])


@pytest.mark.parametrize(
    ("node", "inputs", "rule"),
    [
        (guidance.rescale_cfg, {"multiplier": 0.5}, diffusion.Rescale(0.5)),
        (guidance.renorm_cfg, {"cfg_trunc": 3.0, "renorm_cfg": 2.0}, diffusion.LimitNorm(3.0, 2.0)),
        (guidance.cfg_zero_star, {}, diffusion.ZeroStar()),
        (guidance.cfg_norm, {"strength": 0.9}, diffusion.LimitEachCell(0.9)),
        (guidance.tangential_damping_cfg, {}, diffusion.TangentialDamping()),
        (
            guidance.apg,
            {"eta": 0.5, "norm_threshold": 2.0, "momentum": -0.5},
            diffusion.ProjectedGuidance(0.5, 2.0, -0.5),
        ),
        (guidance.mahiro, {}, diffusion.FollowPrompt()),
        (
            guidance.self_attention_guidance,
            {"scale": 0.7, "blur_sigma": 1.5},
            diffusion.SelfAttention(0.7, 1.5),
        ),
        (guidance.perturbed_attention_guidance, {"scale": 2.0}, diffusion.PerturbedAttention(2.0)),
        (
            guidance.fresca,
            {"scale_low": 0.9, "scale_high": 1.5, "freq_cutoff": 7},
            diffusion.FrequencyScaling(0.9, 1.5, 7),
        ),
        (guidance.differential_diffusion, {"strength": 0.5}, diffusion.RepaintByDegrees(0.5)),
        (
            guidance.latent_apply_operation_cfg,
            {"operation": diffusion.Sharpen(5, 1.0, 0.2)},
            diffusion.OperateOnGuidance(diffusion.Sharpen(5, 1.0, 0.2)),
        ),
        (guidance.epsilon_scaling, {"scaling_factor": 1.01}, diffusion.ScaleNoise(1.01)),
        (guidance.cfg_sigma_range, {"start_sigma": 5.0, "end_sigma": 0.5}, diffusion.SigmaRange(5.0, 0.5)),
        (guidance.dynamic_thresholding, {"percentile": 0.9}, diffusion.Threshold(0.9)),
        (
            guidance.dynamic_thresholding_mimic,
            {"mimic_scale": 4.0, "percentile": 0.9},
            diffusion.MimicScale(4.0, 0.9),
        ),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_a_model_option_is_one_more_rule_of_a_new_model(
    inklet: diffusion.Checkpoint, node: Callable[..., Any], inputs: dict[str, Any], rule: diffusion.Rule
) -> None:
    first = guidance.epsilon_scaling(model=inklet.model, scaling_factor=1.005)
    found = node(model=first, **inputs)
    model = found if isinstance(found, diffusion.Model) else found.patched_model
    assert model.guidance == (diffusion.ScaleNoise(1.005), rule)
    assert model.unet is inklet.model.unet
    assert inklet.model.guidance == ()


def test_perp_neg_is_the_same_as_a_rule_and_as_a_guider(
    ctx: Context, inklet: diffusion.Checkpoint, prompts: Any
) -> None:
    positive, empty = prompts
    negative = inklet.clip.encode("a blue square")
    model = guidance.perp_neg(model=inklet.model, empty_conditioning=empty, neg_scale=0.8)
    by_rule = guiders.cfg_guider(model=model, positive=positive, negative=negative, cfg=4.0)
    by_guider = guiders.perp_neg_guider(
        model=inklet.model,
        positive=positive,
        negative=negative,
        empty_conditioning=empty,
        cfg=4.0,
        neg_scale=0.8,
    )
    one, other = (sampled(ctx, guider).output["samples"] for guider in (by_rule, by_guider))
    assert torch.equal(one, other)


def test_dual_guidance_has_two_styles(inklet: diffusion.Checkpoint, prompts: Any) -> None:
    for style in ("regular", "nested"):
        guider = guiders.dual_cfg_guider(
            model=inklet.model,
            cond1=prompts[0],
            cond2=prompts[1],
            negative=prompts[1],
            cfg_conds=2.0,
            cfg_cond2_negative=3.0,
            style=style,
        )
        assert isinstance(guider, diffusion.DualCfgGuider)
        assert (guider.scale_first, guider.scale_second, guider.nested) == (2.0, 3.0, style == "nested")


def test_where_and_when_a_prompt_holds() -> None:
    prompt = [[torch.ones(1, 2, 3), {}]]

    def options(found: Any) -> dict[str, Any]:
        [[_, given]] = found
        return given

    area = conditioning_parts.conditioning_set_area(
        conditioning=prompt, width=256, height=128, x=64, y=8, strength=0.5
    )
    assert options(area) == {"area": (16, 32, 1, 8), "strength": 0.5, "set_area_to_bounds": False}
    share = conditioning_parts.conditioning_set_area_percentage(
        conditioning=prompt, width=0.5, height=0.25, x=0.125, y=0.75, strength=2.0
    )
    assert options(share)["area"] == ("percentage", 0.25, 0.5, 0.75, 0.125)
    strength = conditioning_parts.conditioning_set_area_strength(conditioning=area, strength=3.0)
    assert options(strength)["strength"] == 3.0
    mask = torch.ones(1, 8, 8)
    for choice in ("default", "mask bounds"):
        masked = options(
            conditioning_parts.conditioning_set_mask(
                conditioning=prompt, mask=mask, strength=0.5, set_cond_area=choice
            )
        )
        assert masked == {"mask": mask, "mask_strength": 0.5, "set_area_to_bounds": choice != "default"}
    part = conditioning_parts.conditioning_set_timestep_range(conditioning=prompt, start=0.25, end=0.5)
    assert options(part) == {"start_percent": 0.25, "end_percent": 0.5}
    both = conditioning_parts.conditioning_combine(conditioning_1=prompt, conditioning_2=area)
    assert both == [*prompt, *area]


def test_pictures_reach_the_conditioning(ctx: Context, inklet: diffusion.Checkpoint, prompts: Any) -> None:
    picture, mask = torch.rand(1, 32, 32, 3), torch.ones(1, 32, 32)
    shown = inpaint.inpaint_model_conditioning(
        ctx,
        positive=prompts[0],
        negative=prompts[1],
        vae=inklet.vae,
        pixels=picture,
        mask=mask,
        noise_mask=True,
    )
    assert shown.positive[0][1].keys() >= {"concat_latent_image", "concat_mask", "pooled_output"}
    assert shown.latent.get("noise_mask", torch.zeros(0)).shape == (1, 1, 32, 32)
    edited = inpaint.instruct_pix_to_pix_conditioning(
        ctx, positive=prompts[0], negative=prompts[1], vae=inklet.vae, pixels=picture
    )
    assert edited.latent["samples"].shape == (1, 4, 4, 4)


def test_a_sampler_started_by_hand_asks_the_model_how_it_mixes_noise(inklet: diffusion.Checkpoint) -> None:
    sampler = diffusion.sampler_by_name("sa_solver")
    sigmas = diffusion.sigmas_for(inklet.model.schedule, "normal", 4)
    start = {"sampler": sampler, "noised": torch.zeros(1, 4, 2, 2), "sigmas": sigmas}
    alone, with_model = (steps.sampler_start(**start, model=model).state for model in (None, inklet.model))
    noising = diffusion.noising_of(inklet.model.prediction, inklet.model.schedule)
    right = sampler.init(start["noised"], sigmas, noising)
    assert plain(with_model) == plain(right) != plain(alone)


def plain(state: diffusion.State) -> list[object]:
    values = (getattr(state, spec.name) for spec in fields(state))
    return [value for value in values if isinstance(value, float | int | tuple)]
