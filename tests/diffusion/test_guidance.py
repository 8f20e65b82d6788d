"""Guidance on random estimates: every rule's formula, the laws that all rules keep, and how they compose."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from inkloom.diffusion.guidance.attention import PerturbedAttention, SelfAttention, gaussian_blur
from inkloom.diffusion.guidance.base import Rule, Run
from inkloom.diffusion.guidance.canvas import Canvas
from inkloom.diffusion.guidance.directions import (
    FrequencyScaling,
    OperateOnGuidance,
    PerpNeg,
    ProjectedGuidance,
    TangentialDamping,
    ZeroStar,
)
from inkloom.diffusion.guidance.estimate import Estimator
from inkloom.diffusion.guidance.guiders import CfgGuider, DualCfgGuider, cfg_combine, guided_pair, moment
from inkloom.diffusion.guidance.inpaint import inpaint
from inkloom.diffusion.guidance.ranges import RepaintByDegrees, SigmaRange
from inkloom.diffusion.guidance.results import (
    FollowPrompt,
    LimitEachCell,
    LimitNorm,
    MimicScale,
    Rescale,
    ScaleNoise,
    Threshold,
)
from inkloom.diffusion.latents.latent_operations import Sharpen
from inkloom.diffusion.model import Model
from inkloom.diffusion.networks.unet import UNet, UNetSpec
from inkloom.diffusion.samplers.base import Both, both
from inkloom.diffusion.schedules.prediction import EPS
from inkloom.diffusion.schedules.schedule import discrete_schedule

GOLDEN = load_file(Path(__file__).parents[1] / "data" / "guidance" / "guidance.safetensors")
X, COND, UNCOND, NEGATIVE, EMPTY = (GOLDEN[key] for key in ("x", "cond", "uncond", "negative", "empty"))
SPEC = UNetSpec(
    channels=(32, 32),
    input_depths=(1, 0),
    middle_depth=1,
    output_depths=(0, 0, 1, 1),
    context_channels=24,
    res_blocks=1,
)


def text(seed: int, **options: Any) -> list[list[Any]]:
    return [[torch.randn(1, 9, 24, generator=torch.Generator().manual_seed(seed)), options]]


POSITIVE_TEXT, NEGATIVE_TEXT, EMPTY_TEXT = text(1), text(2), text(3)


@pytest.fixture(scope="module")
def model() -> Model:
    generator, unet = torch.Generator().manual_seed(0), UNet(SPEC)
    for parameter in unet.parameters():
        torch.nn.init.normal_(parameter, std=0.2, generator=generator)
    return Model(unet.eval().requires_grad_(False), EPS, discrete_schedule())


@pytest.fixture
def calls(model: Model, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Give a list that grows by the number of latents in every call of the network, one for each text."""
    batches: list[int] = []
    forward = model.unet.forward

    def watched(x: Tensor, time: Tensor, context: Any, *rest: Any, **named: Any) -> Tensor:
        batches.append(len(context.tokens))
        return forward(x, time, context, *rest, **named)

    monkeypatch.setattr(model.unet, "forward", watched)
    return batches


def close(found: Tensor, expected: Tensor, share: float = 1e-5) -> None:
    torch.testing.assert_close(found, expected, rtol=0, atol=share * expected.abs().max().item())


def guided(
    model: Model,
    *rules: Rule,
    cond: Tensor = COND,
    uncond: Tensor = UNCOND,
    x: Tensor = X,
    sigma: float = 3.7,
    scale: float = 7.0,
) -> Tensor:
    """Guide between estimates that are known already."""
    run = CfgGuider(model.with_rules(*rules), POSITIVE_TEXT, NEGATIVE_TEXT).begin(Canvas(x))
    at = moment(run, x, sigma, scale, POSITIVE_TEXT, NEGATIVE_TEXT)
    for conditioning, estimate in ((POSITIVE_TEXT, cond), (NEGATIVE_TEXT, uncond), (EMPTY_TEXT, EMPTY)):
        at.know(conditioning, estimate)
    return guided_pair(at, want_uncond=False).guided


def latents(batch: int = 1, height: int = 8, width: int = 8) -> Tensor:
    return torch.randn(batch, 4, height, width, generator=torch.Generator().manual_seed(batch)) * 4


def test_combination_is_the_golden_one(model: Model) -> None:
    close(cfg_combine(COND, UNCOND, 7.0), GOLDEN["cfg"], 1e-6)
    assert torch.equal(guided(model), cfg_combine(COND, UNCOND, 7.0))


def test_rescale_is_the_golden_one(model: Model) -> None:
    for item, sigma in enumerate(GOLDEN["sigma"].tolist()):
        one = slice(item, item + 1)
        found = guided(model, Rescale(0.7), cond=COND[one], uncond=UNCOND[one], x=X[one], sigma=sigma)
        close(found, GOLDEN["rescale_cfg"][one])


def test_perp_neg_is_the_golden_one(model: Model) -> None:
    found = guided(model, PerpNeg(EMPTY_TEXT, 0.9), uncond=NEGATIVE)
    close(found, GOLDEN["perp_neg_per_sample"])


def test_threshold_is_the_golden_one(model: Model) -> None:
    close(guided(model, Threshold(0.95)), GOLDEN["dynamic_threshold"])
    faint = guided(model, Threshold(0.95), cond=COND / 100, uncond=UNCOND / 100)
    close(faint, (GOLDEN["cfg"] / 100).clamp(-1, 1))


def flat(x: Tensor) -> Tensor:
    return x.flatten(1).double()


def test_projected_guidance_splits_the_difference(model: Model) -> None:
    plain = guided(model, ProjectedGuidance(eta=1.0, norm_threshold=0.0))
    close(plain, GOLDEN["cfg"])
    across = guided(model, ProjectedGuidance(eta=0.0, norm_threshold=0.0)) - COND
    for part, whole, cond in zip(flat(across), flat(GOLDEN["cfg"] - COND), flat(COND), strict=True):
        assert float(part @ cond) == pytest.approx(0, abs=1e-3)
        rest = whole - part
        assert float((rest @ cond).abs()) == pytest.approx(float(rest.norm() * cond.norm()), rel=1e-5)
    short = flat(guided(model, ProjectedGuidance(norm_threshold=2.0)) - COND).norm(dim=1)
    assert short.tolist() == pytest.approx([12.0, 12.0], rel=1e-5)  # 2, times the scale of 7 less 1
    far = guided(model, ProjectedGuidance(norm_threshold=1e6))
    close(far, GOLDEN["cfg"])


def test_momentum_adds_what_guidance_was_in_the_step_before(model: Model) -> None:
    rule = ProjectedGuidance(norm_threshold=0.0, momentum=-0.5)
    run = CfgGuider(model.with_rules(rule), text(1), text(2), 3.0).begin(Canvas(latents()))
    plain = CfgGuider(model, text(1), text(2), 3.0).begin(Canvas(latents()))
    first, second = latents(), latents() / 2
    close(run(first, 5.0), plain(first, 5.0))
    at_first, at_second = (
        moment(plain, x, sigma, 3.0, text(1), text(2)).estimates(text(1), text(2))
        for x, sigma in ((first, 5.0), (second, 2.0))
    )
    way = (at_second[0] - at_second[1]) - 0.5 * (at_first[0] - at_first[1])
    close(run(second, 2.0), at_second[0] + 2 * way)


def test_tangential_damping_projects_on_the_first_singular_vector(model: Model) -> None:
    found = guided(model, TangentialDamping())
    for item in range(2):
        cond, uncond = (flat(X - one)[item] for one in (COND, UNCOND))
        _, _, right = torch.linalg.svd(torch.stack([cond, uncond]), full_matrices=False)
        damped = X[item] - ((uncond @ right[0]) * right[0]).reshape(X[item].shape).float()
        close(found[item], damped + 7 * (COND[item] - damped))


def test_zero_star_scales_the_unconditional_slope_by_least_squares(model: Model) -> None:
    found = guided(model, ZeroStar())
    for item in range(2):
        cond, uncond = (flat(X - one)[item] for one in (COND, UNCOND))
        best = torch.linalg.lstsq(uncond[:, None], cond[:, None]).solution.item()
        fitted = X[item] - best * (X - UNCOND)[item]
        close(found[item], fitted + 7 * (COND[item] - fitted))


def wave(periods: int, size: int = 32) -> Tensor:
    return (torch.arange(size) * (2 * torch.pi * periods / size)).cos().expand(1, 4, size, size)


def test_frequencies_are_scaled_apart(model: Model) -> None:
    x = torch.zeros(1, 4, 32, 32)
    rule = FrequencyScaling(low=0.5, high=2.0, cutoff=4)
    found = guided(model, rule, cond=wave(3) + wave(4), uncond=x, x=x, scale=2.0)
    torch.testing.assert_close(found, 2 * (0.5 * wave(3) + 2 * wave(4)), rtol=0, atol=1e-4)


def test_an_operation_is_applied_to_the_difference(model: Model) -> None:
    found = guided(model, OperateOnGuidance(Sharpen()))
    close(found, UNCOND + 7 * Sharpen()(COND - UNCOND))


def test_limits_hold_norms_at_the_conditional_ones(model: Model) -> None:
    limited = guided(model, LimitNorm(most=1.5))
    wanted = (1.5 * flat(COND).norm(dim=1)).tolist()
    assert flat(limited).norm(dim=1).tolist() == pytest.approx(wanted, rel=1e-5)
    close(guided(model, LimitNorm(most=100.0)), GOLDEN["cfg"])
    close(guided(model, LimitNorm(most=0.0)), GOLDEN["cfg"])
    assert torch.equal(guided(model, LimitNorm(below=3.7)), COND)
    cells = guided(model, LimitEachCell(2.0))
    longer = GOLDEN["cfg"].norm(dim=1) > COND.norm(dim=1)
    close(cells.norm(dim=1)[longer], 2 * COND.norm(dim=1)[longer])
    half = (COND + UNCOND) / 2
    inside = half.norm(dim=1, keepdim=True) < COND.norm(dim=1, keepdim=True)
    assert inside.any()
    short = guided(model, LimitEachCell(2.0), scale=0.5)
    close(torch.where(inside, short, 0), torch.where(inside, 2 * half, 0))


def test_a_mimicked_scale_has_its_spread(model: Model) -> None:
    found, low = guided(model, MimicScale(mimic=3.0, percentile=1.0)), cfg_combine(COND, UNCOND, 3.0)

    def spread(x: Tensor) -> Tensor:
        return (x - x.mean((2, 3), keepdim=True)).abs().amax((2, 3))

    close(spread(found), spread(low))
    close(found.mean((2, 3)), GOLDEN["cfg"].mean((2, 3)))
    close(guided(model, MimicScale(mimic=7.0, percentile=0.9)), GOLDEN["cfg"])


def test_following_the_prompt_lies_between_guidance_and_the_prompt(model: Model) -> None:
    found, leap = guided(model, FollowPrompt()), COND * 7
    shares = ((found - leap) / (GOLDEN["cfg"] - leap)).flatten(1)
    for share in shares:
        middle = share.median()
        torch.testing.assert_close(share, middle.expand_as(share), rtol=0, atol=1e-3)
        assert 0 < middle < 1
    # Where both estimates are the same the cosine is 1, and guidance stays as it is.
    close(guided(model, FollowPrompt(), uncond=COND), COND)


def test_noise_is_divided(model: Model) -> None:
    close(X - guided(model, ScaleNoise(1.25)), (X - GOLDEN["cfg"]) / 1.25)


CHANGING: dict[str, Callable[[], Rule]] = {
    "rescale": lambda: Rescale(0.7),
    "perp-neg": lambda: PerpNeg(EMPTY_TEXT, 1.0),
    "projected": lambda: ProjectedGuidance(0.3, 2.0),
    "tangential": TangentialDamping,
    "zero star": ZeroStar,
    "frequencies": lambda: FrequencyScaling(cutoff=2),
    "operation": lambda: OperateOnGuidance(Sharpen()),
    "norm": LimitNorm,
    "cells": LimitEachCell,
    "threshold": Threshold,
    "mimic": lambda: MimicScale(2.0),
    "prompt": FollowPrompt,
    "noise": lambda: ScaleNoise(1.1),
    "perturbed": PerturbedAttention,
    "self-attention": SelfAttention,
}
NEUTRAL: dict[str, Rule] = {
    "rescale": Rescale(0.0),
    "projected": ProjectedGuidance(1.0, 0.0),
    "frequencies": FrequencyScaling(1.0, 1.0),
    "norm": LimitNorm(most=0.0),
    "mimic": MimicScale(5.0),
    "noise": ScaleNoise(1.0),
    "perturbed": PerturbedAttention(0.0),
    "self-attention": SelfAttention(0.0),
    "range": SigmaRange(10.0, 0.0),
}


def estimate(model: Model, x: Tensor, *rules: Rule, scale: float = 5.0, sigma: float = 2.0) -> Tensor:
    guider = CfgGuider(model.with_rules(*rules), POSITIVE_TEXT, NEGATIVE_TEXT, scale)
    return guider.begin(Canvas(x))(x, sigma)


@pytest.mark.parametrize("name", CHANGING)
def test_a_rule_changes_something_and_an_item_is_the_item_alone(model: Model, name: str) -> None:
    x, rule = latents(3), CHANGING[name]()
    together = estimate(model, x, rule)
    assert not torch.allclose(together, estimate(model, x), rtol=0, atol=1e-3)
    for item in range(3):
        close(together[item : item + 1], estimate(model, x[item : item + 1], rule), 1e-4)


@pytest.mark.parametrize("name", NEUTRAL)
def test_a_neutral_rule_changes_nothing(model: Model, name: str) -> None:
    x = latents(2)
    close(estimate(model, x, NEUTRAL[name]), estimate(model, x))


@pytest.mark.parametrize("name", sorted(CHANGING.keys() - {"perp-neg"}))
def test_rules_are_values(name: str) -> None:
    one, other = CHANGING[name](), CHANGING[name]()
    assert one == other
    assert len({one, other}) == 1


def test_rules_compose_in_their_order(model: Model) -> None:
    x = latents()
    rules = (Threshold(0.9), ScaleNoise(1.3))
    low, high = estimate(model, x, *rules), estimate(model, x, *reversed(rules))
    assert not torch.allclose(low, high, rtol=0, atol=1e-3)
    at = [x - (x - estimate(model, x, rules[0])) / 1.3]
    close(low, at[0])
    both = estimate(model, x, PerpNeg(EMPTY_TEXT), Rescale(1.0))
    assert not torch.allclose(both, estimate(model, x, PerpNeg(EMPTY_TEXT)))


def test_guidance_of_one_needs_no_negative(model: Model, calls: list[int]) -> None:
    x = latents()
    found = estimate(model, x, scale=1.0)
    assert calls == [1]
    close(found, CfgGuider(model, POSITIVE_TEXT).begin(Canvas(x))(x, 2.0))
    for rule in (Rescale(), TangentialDamping(), FollowPrompt()):
        assert torch.equal(estimate(model, x, rule, scale=1.0), found)
    assert set(calls) == {1}


def test_where_one_prompt_is_silent_the_other_decides(model: Model, calls: list[int]) -> None:
    x, late = latents(), text(2, start_percent=0.5)
    alone = CfgGuider(model, POSITIVE_TEXT).begin(Canvas(x))(x, 14.0)
    for positive, negative in ((POSITIVE_TEXT, late), (late, POSITIVE_TEXT)):
        calls.clear()
        found = CfgGuider(model, positive, negative, 5.0).begin(Canvas(x)).both(x, 14.0)
        assert calls == [1]
        assert torch.equal(found.guided, alone)
        assert torch.equal(found.uncond, alone)
    assert CfgGuider(model, late, late, 5.0).begin(Canvas(x))(x, 14.0).eq(0).all()


def test_perp_neg_asks_for_all_three_in_one_call(model: Model, calls: list[int]) -> None:
    estimate(model, latents(2), PerpNeg(EMPTY_TEXT))
    assert calls == [6]
    calls.clear()
    estimate(model, latents(2), PerpNeg(EMPTY_TEXT), scale=1.0)
    assert calls == [6]


@pytest.mark.parametrize(("sigma", "batch"), [(5.0, 1), (4.0, 2), (1.0, 2), (0.5, 2), (0.4, 1)])
def test_outside_of_its_range_guidance_is_not_computed(
    model: Model, calls: list[int], sigma: float, batch: int
) -> None:
    x = latents()
    found = estimate(model, x, SigmaRange(4.0, 0.5), sigma=sigma)
    assert calls == [batch]
    close(found, estimate(model, x, scale=1.0 if batch == 1 else 5.0, sigma=sigma))


def test_the_unconditional_estimate_beside_the_guided_one(model: Model, calls: list[int]) -> None:
    x = latents()
    for scale in (1.0, 5.0):
        run = CfgGuider(model, POSITIVE_TEXT, NEGATIVE_TEXT, scale).begin(Canvas(x))
        calls.clear()
        found = run.both(x, 2.0)
        assert calls == [2]
        assert torch.equal(found.guided, run(x, 2.0)) or scale == 1.0
        close(found.guided, run(x, 2.0))
        close(found.uncond, CfgGuider(model, NEGATIVE_TEXT).begin(Canvas(x))(x, 2.0))
    alone = CfgGuider(model, POSITIVE_TEXT).begin(Canvas(x)).both(x, 2.0)
    assert torch.equal(alone.guided, alone.uncond)
    changed = CfgGuider(model.with_rules(ZeroStar()), POSITIVE_TEXT, NEGATIVE_TEXT, 5.0).begin(Canvas(x))
    close(changed.both(x, 2.0).uncond, found.uncond)


def test_negative_prompts_are_marked_for_the_vector(model: Model) -> None:
    asked: list[str | None] = []

    def vector(pooled: Tensor, options: Any, height: int, width: int) -> Tensor:
        asked.append(options.get("prompt_type"))
        return pooled

    unet = UNet(replace(SPEC, label_channels=6)).eval().requires_grad_(False)
    known = replace(model, unet=unet, family=replace(model.family, vector=vector))
    one, other = (text(k, pooled_output=torch.zeros(1, 6)) for k in (1, 2))
    CfgGuider(known, one, other, 5.0).begin(Canvas(latents()))(latents(), 2.0)
    assert set(asked) == {None, "negative"}
    asked.clear()
    DualCfgGuider(known, one, other, text(3, pooled_output=torch.zeros(1, 6)), 2.0, 3.0).begin(
        Canvas(latents())
    )(latents(), 2.0)
    assert sorted(map(str, asked)) == ["None", "None", "negative"]


@pytest.mark.parametrize("nested", [False, True])
def test_dual_guidance(model: Model, calls: list[int], nested: bool) -> None:
    x = latents()
    first, second, negative = (
        CfgGuider(model, one).begin(Canvas(x))(x, 2.0) for one in (POSITIVE_TEXT, NEGATIVE_TEXT, EMPTY_TEXT)
    )
    guider = DualCfgGuider(model, POSITIVE_TEXT, NEGATIVE_TEXT, EMPTY_TEXT, 3.0, 5.0, nested)
    calls.clear()
    found = guider.begin(Canvas(x)).both(x, 2.0)
    assert calls == [3]
    if nested:
        close(found.guided, negative + 5 * (second + 3 * (first - second) - negative))
    else:
        close(found.guided, negative + 5 * (second - negative) + 3 * (first - second))
    close(found.uncond, negative)
    close(guider.begin(Canvas(x))(x, 2.0), found.guided)


def test_dual_guidance_leaves_out_what_has_no_weight(model: Model, calls: list[int]) -> None:
    x = latents()
    for nested, expected in ((False, [2]), (True, [2])):
        guider = DualCfgGuider(model, POSITIVE_TEXT, NEGATIVE_TEXT, EMPTY_TEXT, 3.0, 1.0, nested)
        calls.clear()
        found = guider.begin(Canvas(x))(x, 2.0)
        assert calls == expected
        close(found, guider.begin(Canvas(x)).both(x, 2.0).guided)


def test_attention_rules_take_one_call_more(model: Model, calls: list[int]) -> None:
    x = latents(2)
    estimate(model, x, PerturbedAttention())
    assert calls == [4, 2]
    calls.clear()
    estimate(model, x, SelfAttention())
    assert calls == [2, 2, 2]


def test_perturbed_attention_disturbs_the_middle_alone(model: Model) -> None:
    x = latents()
    cond = CfgGuider(model, POSITIVE_TEXT).begin(Canvas(x))(x, 2.0)
    pushed = CfgGuider(model.with_rules(PerturbedAttention(1.0)), POSITIVE_TEXT).begin(Canvas(x))(x, 2.0)
    middle: Any = model.unet.middle_block[1]
    attention = middle.transformer_blocks[0].attn1
    # Where all values are the same it makes no difference which of them a place sees.
    weight = attention.to_v.weight.clone()
    try:
        attention.to_v.weight.zero_()
        same = CfgGuider(model.with_rules(PerturbedAttention(1.0)), POSITIVE_TEXT).begin(Canvas(x))(x, 2.0)
        plain = CfgGuider(model, POSITIVE_TEXT).begin(Canvas(x))(x, 2.0)
    finally:
        attention.to_v.weight.copy_(weight)
    close(same, plain)
    assert not torch.allclose(pushed, cond, rtol=0, atol=1e-4)


def test_self_attention_guidance_blurs_where_the_middle_looks(model: Model) -> None:
    x, rule = latents(2), SelfAttention(1.5, 2.0)
    run = CfgGuider(model, POSITIVE_TEXT, NEGATIVE_TEXT, 5.0).begin(Canvas(x))
    at = moment(run, x, 2.0, 5.0, POSITIVE_TEXT, NEGATIVE_TEXT)
    rule.first(at)
    looked_at = at.notes[rule]
    assert looked_at.shape == (2, 4, 4)
    close(looked_at.mean((1, 2)), torch.ones(2))
    places = (looked_at > 1).repeat_interleave(2, 1).repeat_interleave(2, 2)[:, None]
    assert 0 < places.float().mean() < 1
    [uncond] = Estimator(model, Canvas(x))(x, 2.0, NEGATIVE_TEXT)
    blurred = torch.where(places, gaussian_blur(uncond, 2.0), uncond)
    [again] = Estimator(model, Canvas(x))(x - uncond + blurred, 2.0, NEGATIVE_TEXT)
    close(estimate(model, x, rule), estimate(model, x) + 1.5 * (blurred - again))


def test_self_attention_guidance_needs_a_negative_prompt_for_the_whole_picture(model: Model) -> None:
    x = latents()
    part = text(2, area=(8, 4, 0, 0))
    run = CfgGuider(model.with_rules(SelfAttention()), POSITIVE_TEXT, part, 5.0).begin(Canvas(x))
    with pytest.raises(ValueError, match="without areas"):
        run(x, 2.0)


def test_attention_rules_need_attention_in_the_middle() -> None:
    spec = UNetSpec(
        channels=(32, 32),
        input_depths=(1, 0),
        middle_depth=0,
        output_depths=(0, 0, 1, 1),
        context_channels=24,
        res_blocks=1,
    )
    bare = Model(UNet(spec).eval().requires_grad_(False), EPS, discrete_schedule())
    for rule in (PerturbedAttention(), SelfAttention()):
        with pytest.raises(ValueError, match="no attention in the middle"):
            estimate(bare, latents(), rule)


def test_blur_keeps_what_is_even_and_the_sum_of_a_point() -> None:
    even = torch.full((1, 4, 9, 12), 3.0)
    torch.testing.assert_close(gaussian_blur(even, 2.0), even)
    point = torch.zeros(1, 4, 13, 13)
    point[..., 6, 6] = 1
    blurred = gaussian_blur(point, 2.0)
    assert blurred.sum().item() == pytest.approx(4, rel=1e-5)
    assert (blurred[0, 0] > 0).sum() == 81
    assert (blurred[0, 0, 6, 6] / blurred[0, 0, 6, 8]).log().item() == pytest.approx(0.5, rel=1e-5)
    assert torch.equal(gaussian_blur(point, 0.0), point)
    assert gaussian_blur(torch.rand(1, 4, 2, 3), 2.0).shape == (1, 4, 2, 3)


def test_a_mask_is_repainted_by_degrees(model: Model) -> None:
    schedule = model.schedule
    times = [999, 700, 300, 0]
    sigmas = tuple(schedule.sigmas[time].item() for time in times)
    mask = torch.tensor([0.0, 0.2, 0.5, 0.8, 1.0]).reshape(1, 1, 1, 5)
    run = Run(sigmas, model)
    cut = [RepaintByDegrees().repaint(mask, sigma, run).flatten().tolist() for sigma in sigmas]
    assert cut == [[0, 0, 0, 0, 1], [0, 0, 0, 1, 1], [0, 0, 1, 1, 1], [0, 1, 1, 1, 1]]
    half = RepaintByDegrees(0.5).repaint(mask, sigmas[1], run).flatten().tolist()
    assert half == pytest.approx([0, 0.1, 0.25, 0.9, 1])


def test_both_estimates_are_held_to_what_is_kept(model: Model) -> None:
    class Known:
        def __call__(self, x: Tensor, sigma: float, /) -> Tensor:
            return x * 0 + 1

        def both(self, x: Tensor, sigma: float, /) -> Both:
            return Both(x * 0 + 1, x * 0 + 2)

    kept, mask = latents(), torch.zeros(1, 1, 8, 8)
    mask[..., 4:] = 1
    denoise = inpaint(model, Known(), Canvas(kept, mask), torch.zeros_like(kept), (10.0, 0.0))
    for value, found in zip((1, 2), both(denoise, kept, 10.0), strict=True):
        assert torch.equal(found[..., :4], kept[..., :4])
        assert found[..., 4:].eq(value).all()


def test_rules_may_change_what_an_inpainting_keeps(model: Model) -> None:
    kept, x = latents(), latents() + 1
    canvas = Canvas(kept, torch.full((1, 1, 8, 8), 0.5))
    sigmas = (10.0, 5.0, 0.0)
    ruled = model.with_rules(RepaintByDegrees())
    for one, expected in ((model, False), (ruled, True)):
        denoise = inpaint(one, lambda x, sigma: x * 0, canvas, torch.zeros_like(kept), sigmas)
        assert torch.equal(denoise(x, 10.0), kept) == expected
    assert inpaint(model, estimate_of_nothing, Canvas(kept), kept, sigmas) is estimate_of_nothing


def estimate_of_nothing(x: Tensor, sigma: float) -> Tensor:
    return x * 0
