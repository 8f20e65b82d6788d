"""Calls of the network that are left out: the paper's rule as a plain loop, and when it must not hold."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from inkloom.diffusion.guidance.canvas import Canvas
from inkloom.diffusion.guidance.directions import PerpNeg
from inkloom.diffusion.guidance.guiders import CfgGuider, DualCfgGuider, Guider, cfg_combine
from inkloom.diffusion.guidance.results import Rescale
from inkloom.diffusion.guidance.reuse import EasyCache, LazyCache, Reuse, Seen
from inkloom.diffusion.model import Model
from inkloom.diffusion.networks.unet import UNet, UNetSpec
from inkloom.diffusion.schedules.prediction import EPS, PREDICTIONS, Prediction, V, lcm
from inkloom.diffusion.schedules.schedule import discrete_schedule

SPEC = UNetSpec(
    channels=(32,), input_depths=(1,), middle_depth=1, output_depths=(1, 1), context_channels=24, res_blocks=1
)
SIGMAS = [14.0, 9.0, 8.5, 7.0, 5.0, 4.8, 4.6, 4.0, 2.0, 1.9, 1.0, 0.5, 0.1, 0.03]
ALWAYS: dict[str, Any] = {"start": 0.0, "end": 1.0}


def text(seed: int, **options: Any) -> list[list[Any]]:
    return [[torch.randn(1, 9, 24, generator=torch.Generator().manual_seed(seed)), options]]


POSITIVE, NEGATIVE, OTHER = text(1), text(2), text(3)


@pytest.fixture(scope="module")
def model() -> Model:
    generator, unet = torch.Generator().manual_seed(0), UNet(SPEC)
    for parameter in unet.parameters():
        torch.nn.init.normal_(parameter, std=0.2, generator=generator)
    return Model(unet.eval().requires_grad_(False), EPS, discrete_schedule())


@pytest.fixture
def calls(model: Model, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Give a list that grows by the number of texts in every call of the network."""
    texts: list[int] = []
    forward = model.unet.forward

    def watched(x: Tensor, time: Tensor, context: Any, *rest: Any, **named: Any) -> Tensor:
        texts.append(len(context.tokens))
        return forward(x, time, context, *rest, **named)

    monkeypatch.setattr(model.unet, "forward", watched)
    return texts


def latents() -> Iterator[tuple[Tensor, float]]:
    """Give noisy latents of a run: one picture, under less and less of the same noise, a bit shaken."""
    picture, noise = torch.randn(2, 1, 4, 8, 8, generator=torch.Generator().manual_seed(5))
    for number, sigma in enumerate(SIGMAS):
        shake = torch.randn(1, 4, 8, 8, generator=torch.Generator().manual_seed(number))
        yield picture + sigma * (noise + 0.05 * shake), sigma


def run(guider: Guider) -> list[Tensor]:
    denoise = guider.begin(Canvas(torch.zeros(1, 4, 8, 8)))
    return [denoise(x, sigma) for x, sigma in latents()]


def paper(
    outputs_of: Callable[[Tensor, float], list[Tensor]], prediction: Prediction, threshold: float
) -> tuple[list[list[Tensor]], list[bool]]:
    """The rule as a loop: what is estimated for every output, and which of the network's calls are made."""
    called: list[bool] = []
    found: list[list[Tensor]] = []
    change, rate = 0.0, None
    last_x = call_x = torch.zeros(0)
    outputs: list[Tensor] = []
    for x, sigma in latents():
        seen = x / (1 + sigma**2) ** 0.5
        if rate is not None:
            change += rate * (seen - last_x).abs().mean() / outputs[0].abs().mean()
        last_x = seen
        if rate is not None and change < threshold:
            called.append(False)
            now = [seen + (output - call_x) for output in outputs]
        else:
            called.append(True)
            now = outputs_of(x, sigma)
            if outputs:
                rate = (now[0] - outputs[0]).abs().mean() / (seen - call_x).abs().mean()
            outputs, call_x, change = now, seen, 0.0
        found.append([prediction.denoised(x, output, sigma) for output in now])
    return found, called


def close(found: Tensor, expected: Tensor) -> None:
    torch.testing.assert_close(found, expected, rtol=0, atol=2e-5 * expected.abs().max().item())


@pytest.mark.parametrize("prediction", [EPS, V])
@pytest.mark.parametrize("threshold", [0.05, 0.1, 0.4])
def test_easy_cache_is_the_papers_rule(
    model: Model, calls: list[int], prediction: Prediction, threshold: float
):
    model = replace(model, prediction=prediction)

    def outputs(x: Tensor, sigma: float) -> list[Tensor]:
        denoise = CfgGuider(model, POSITIVE, NEGATIVE, 7.0).begin(Canvas(x))
        guided, uncond = denoise.both(x, sigma)
        cond = uncond + (guided - uncond) / 7
        nothing, one = torch.zeros_like(x), torch.ones_like(x)
        factor = prediction.denoised(nothing, one, sigma)
        return [(one - prediction.denoised(x, nothing, sigma)) / factor for one in (cond, uncond)]

    expected, called = paper(outputs, prediction, threshold)
    calls.clear()
    found = run(CfgGuider(model.with_rules(EasyCache(threshold, **ALWAYS)), POSITIVE, NEGATIVE, 7.0))
    assert len(calls) == sum(called)
    assert 2 < sum(called) < len(called)
    for one, (cond, uncond) in zip(found, expected, strict=True):
        close(one, cfg_combine(cond, uncond, 7.0))


@pytest.mark.parametrize("threshold", [0.1, 0.4])
def test_lazy_cache_is_the_rule_for_what_guidance_gives(model: Model, calls: list[int], threshold: float):
    guider = CfgGuider(model.with_rules(Rescale(0.7)), POSITIVE, NEGATIVE, 3.0)

    def outputs(x: Tensor, sigma: float) -> list[Tensor]:
        return [(x - guider.begin(Canvas(x))(x, sigma)) / sigma]

    expected, called = paper(outputs, EPS, threshold)
    calls.clear()
    model = model.with_rules(LazyCache(threshold, **ALWAYS), Rescale(0.7))
    found = run(CfgGuider(model, POSITIVE, NEGATIVE, 3.0))
    assert len(calls) == sum(called) < len(called)
    for one, [guided] in zip(found, expected, strict=True):
        close(one, guided)


RULES = [EasyCache, LazyCache]


@pytest.mark.parametrize("rule", RULES)
def test_without_a_threshold_nothing_changes(model: Model, rule: type[Reuse]):
    plain = run(CfgGuider(model, POSITIVE, NEGATIVE, 4.0))
    ruled = run(CfgGuider(model.with_rules(rule(0.0)), POSITIVE, NEGATIVE, 4.0))
    assert all(map(torch.equal, ruled, plain))


@pytest.mark.parametrize("rule", RULES)
def test_it_holds_in_its_part_of_a_run(model: Model, calls: list[int], rule: type[Reuse]):
    schedule = discrete_schedule()
    ruled = rule(100.0, start=0.4, end=0.6)
    run(CfgGuider(model.with_rules(ruled), POSITIVE))
    inside = [
        sigma for sigma in SIGMAS if schedule.percent_to_sigma(0.6) <= sigma <= schedule.percent_to_sigma(0.4)
    ]
    assert 0 < len(inside) < len(SIGMAS)
    assert len(calls) == len(SIGMAS) - len(inside)


@pytest.mark.parametrize("rule", RULES)
def test_a_prompt_that_begins_or_ends_is_heard(model: Model, calls: list[int], rule: type[Reuse]):
    """The network is called anew at the first level where other entries hold."""
    schedule = discrete_schedule()
    half = schedule.percent_to_sigma(0.5)
    prompts = [*text(1, end_percent=0.5), *text(3, start_percent=0.5)]
    denoise = CfgGuider(model.with_rules(rule(1e9, **ALWAYS)), prompts).begin(Canvas(torch.zeros(1, 4, 8, 8)))
    plain = CfgGuider(model, prompts).begin(Canvas(torch.zeros(1, 4, 8, 8)))
    heard = False
    for number, (x, sigma) in enumerate(latents()):
        calls.clear()
        found = denoise(x, sigma)
        new = sigma <= half and not heard
        heard = heard or new
        assert bool(calls) == (number < 2 or new)
        if calls:
            assert torch.equal(found, plain(x, sigma))


@pytest.mark.parametrize("rule", RULES)
def test_prompts_that_take_turns_are_not_taken_for_each_other(model: Model, rule: type[Reuse]):
    positive, negative = text(1, end_percent=0.5), text(2, start_percent=0.5)
    ruled = CfgGuider(model.with_rules(rule(1e9, **ALWAYS)), positive, negative, 2.0)
    half = discrete_schedule().percent_to_sigma(0.5)
    first = next(number for number, sigma in enumerate(SIGMAS) if sigma < half)
    assert torch.equal(run(ruled)[first], run(CfgGuider(model, positive, negative, 2.0))[first])


@pytest.mark.parametrize("rule", RULES)
def test_another_size_is_computed(model: Model, calls: list[int], rule: type[Reuse]):
    denoise = CfgGuider(model.with_rules(rule(1e9, **ALWAYS)), POSITIVE).begin(
        Canvas(torch.zeros(1, 4, 8, 8))
    )
    [(x, sigma), (y, less), (z, least), *_] = latents()
    for one, level in ((x, sigma), (y, less), (z, least)):
        denoise(one, level)
    assert len(calls) == 2
    assert denoise(torch.zeros(1, 4, 10, 8), 1.0).shape == (1, 4, 10, 8)
    assert len(calls) == 3


def test_other_guiders_are_served_too(model: Model, calls: list[int]):
    easy, lazy = EasyCache(1e9, **ALWAYS), LazyCache(1e9, **ALWAYS)
    run(CfgGuider(model.with_rules(PerpNeg(OTHER), easy), POSITIVE, NEGATIVE, 2.0))
    assert calls == [3, 3], "the rule's own prompt is reused as well"
    calls.clear()
    run(DualCfgGuider(model.with_rules(lazy), POSITIVE, OTHER, NEGATIVE, 2.0, 3.0))
    assert calls == [3, 3]
    calls.clear()
    run(DualCfgGuider(model.with_rules(easy), POSITIVE, OTHER, NEGATIVE, 2.0, 3.0))
    assert sum(calls) == 2 * 3 + (len(SIGMAS) - 2), "the third prompt is asked for each time"


def test_the_uncond_of_cfg_pp_is_reused_beside(model: Model):
    easy, lazy = (
        CfgGuider(model.with_rules(rule(1e9, **ALWAYS)), POSITIVE, NEGATIVE, 3.0).begin(
            Canvas(torch.zeros(1, 4, 8, 8))
        )
        for rule in RULES
    )
    for x, sigma in latents():
        one, other = easy.both(x, sigma), lazy.both(x, sigma)
        close(one.uncond, other.uncond)
        assert not torch.equal(one.guided, one.uncond)


@pytest.mark.parametrize("sigma", [0.03, 1.0, 14.0])
def test_an_estimate_stands_for_an_output_and_back(model: Model, sigma: float):
    x, estimate = torch.randn(2, 1, 4, 3, 3, generator=torch.Generator().manual_seed(0)).double()
    for prediction in (*PREDICTIONS.values(), lcm(discrete_schedule())):
        seen = Seen(replace(model, prediction=prediction), x, min(sigma, 0.9) if prediction.flow else sigma)
        assert seen.tells == bool(prediction.name != "lcm" or sigma > 0.03)
        if seen.tells:
            torch.testing.assert_close(seen.estimate(seen.output(estimate)), estimate)


def test_each_call_left_out_is_told(model: Model, caplog: pytest.LogCaptureFixture):
    with caplog.at_level("INFO"):
        run(CfgGuider(model.with_rules(EasyCache(1e9, **ALWAYS, told=True)), POSITIVE))
    assert len(caplog.messages) == len(SIGMAS) - 2
    assert "EasyCache: at sigma 8.5 the network is not called" in caplog.messages[0]
