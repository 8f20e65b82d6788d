"""Estimates of x0 under conditionings, on tiny networks with random weights."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor

from inkloom.diffusion.files.families import FAMILIES
from inkloom.diffusion.guidance.canvas import Canvas
from inkloom.diffusion.guidance.entries import OPTIONS
from inkloom.diffusion.guidance.estimate import Estimator, bytes_per_item, predict, predict_each
from inkloom.diffusion.model import Model
from inkloom.diffusion.names import UnknownNameError
from inkloom.diffusion.networks.unet import UNet, UNetSpec
from inkloom.diffusion.schedules.prediction import EPS
from inkloom.diffusion.schedules.schedule import discrete_schedule

UNET = "model.diffusion_model."
SPEC = UNetSpec(
    channels=(32, 32),
    input_depths=(1, 0),
    middle_depth=1,
    output_depths=(0, 0, 1, 1),
    context_channels=24,
    res_blocks=1,
)


def network(spec: UNetSpec) -> UNet:
    """Return a network whose every weight has a part in its output, unlike those of an untrained one."""
    generator = torch.Generator().manual_seed(0)
    unet = UNet(spec)
    for parameter in unet.parameters():
        torch.nn.init.normal_(parameter, std=0.2, generator=generator)
    return unet.eval().requires_grad_(False)


@pytest.fixture(scope="module")
def model() -> Model:
    return Model(network(SPEC), EPS, discrete_schedule())


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


def text(seed: int, batch: int = 1, tokens: int = 9, **options: Any) -> list[list[Any]]:
    return [[torch.randn(batch, tokens, 24, generator=torch.Generator().manual_seed(seed)), options]]


def latents(batch: int = 1, height: int = 8, width: int = 8, channels: int = 4) -> Tensor:
    shape = (batch, channels, height, width)
    return torch.randn(shape, generator=torch.Generator().manual_seed(batch)) * 4


def close(found: Tensor, expected: Tensor, share: float = 1e-5) -> None:
    torch.testing.assert_close(found, expected, rtol=0, atol=share * expected.abs().max().item())


@pytest.mark.parametrize("timestep", [981, 37])
def test_prediction_is_the_golden_one(golden: Any, timestep: int) -> None:
    weights = {key.removeprefix(UNET): value for key, value in golden.weights("tiny-sd1").items()}
    unet = UNet(UNetSpec.from_shapes({key: tuple(value.shape) for key, value in weights.items()}))
    unet.load_state_dict(weights)
    model = Model(unet.eval().requires_grad_(False), EPS, discrete_schedule())
    io = golden.io("tiny-sd1")
    sigma = model.schedule.sigmas[timestep].item()
    # The reference has scaled x already.
    found = predict(model, io["x"] * (sigma**2 + 1) ** 0.5, sigma, [[io["context"], {}]])
    expected = io["x"] * (sigma**2 + 1) ** 0.5 - io[f"out_t{timestep}"] * sigma
    close(found, expected, 1e-4)


@pytest.mark.parametrize("batch", [1, 3])
def test_a_pair_is_one_call_and_equal_to_two(model: Model, calls: list[int], batch: int) -> None:
    x = latents(batch)
    pair = predict_each(model, x, 3.0, (text(1), text(2)))
    assert calls == [2 * batch]
    for found, prompt in zip(pair, (text(1), text(2)), strict=True):
        close(found, predict(model, x, 3.0, prompt))
    for found, again in zip(pair, predict_each(model, x, 3.0, (text(1), text(2))), strict=True):
        assert torch.equal(found, again)


@pytest.mark.parametrize(
    ("tokens", "batches"),
    [
        ((9, 18, 27, 9), [6, 2]),
        ((9, 18, 36, 9), [8]),
        ((9, 9, 10), [4, 2]),
        ((9, 36, 45), [4, 2]),
        ((9, 36), [4]),
        ((4, 6), [4]),
    ],
)
def test_texts_of_different_lengths_share_a_call(
    model: Model, calls: list[int], tokens: tuple[int, ...], batches: list[int]
) -> None:
    x, prompts = latents(2), [text(k, tokens=count) for k, count in enumerate(tokens)]
    found = predict_each(model, x, 3.0, prompts)
    assert calls == batches
    for estimate, prompt in zip(found, prompts, strict=True):
        close(estimate, predict(model, x, 3.0, prompt))


def test_calls_are_no_larger_than_memory_allows(model: Model, calls: list[int]) -> None:
    x, prompts = latents(2), [text(k) for k in range(5)]
    canvas = Canvas(x)
    limited = Estimator(model, canvas, call_bytes=2 * 2 * bytes_per_item(model, canvas.height, canvas.width))
    found = limited(x, 3.0, *prompts)
    assert calls == [4, 4, 2]
    for estimate, expected in zip(found, predict_each(model, x, 3.0, prompts), strict=True):
        close(estimate, expected)
    tight = Estimator(model, canvas, call_bytes=1)
    calls.clear()
    close(tight(x, 3.0, prompts[0])[0], found[0])
    assert calls == [2]


def test_each_item_may_have_its_own_text(model: Model) -> None:
    x, prompt = latents(3), text(1, batch=3)
    together = predict(model, x, 3.0, prompt)
    for item in range(3):
        alone = [[prompt[0][0][item : item + 1], {}]]
        close(together[item : item + 1], predict(model, x[item : item + 1], 3.0, alone))


def test_several_texts_are_averaged_by_strength(model: Model, calls: list[int]) -> None:
    x = latents()
    one, other = (predict(model, x, 3.0, text(k)) for k in (1, 2))
    calls.clear()
    even, weighed, alone = predict_each(
        model,
        x,
        3.0,
        (
            [*text(1), *text(2)],
            [*text(1, strength=3.0), *text(2)],
            [*text(1, strength=0.5), *text(2, strength=0.0)],
        ),
    )
    assert calls == [5]
    close(even, (one + other) / 2)
    close(weighed, (3 * one + other) / 4)
    close(alone, one)


def test_an_area_shows_the_network_its_part_and_fades_into_the_rest(model: Model) -> None:
    x = latents(2, 16, 24)
    found = predict(model, x, 3.0, [*text(1), *text(2, area=(16, 12, 0, 12), strength=3.0)])
    whole, part = predict(model, x, 3.0, text(1)), predict(model, x[..., 12:], 3.0, text(2))
    weight = 3 * torch.tensor([1 / 3, 2 / 3, *[1] * 10])
    expected = whole.clone()
    expected[..., 12:] = (whole[..., 12:] + weight * part) / (1 + weight)
    close(found, expected)
    share = [*text(1), *text(2, area=("percentage", 1.0, 0.5, 0.0, 0.5), strength=3.0)]
    assert torch.equal(found, predict(model, x, 3.0, share))


def test_areas_of_one_size_share_a_call(model: Model, calls: list[int]) -> None:
    x = latents(2, 8, 16)
    found = predict(model, x, 3.0, [*text(1, area=(8, 8, 0, 0)), *text(2, area=(8, 8, 0, 8))])
    assert calls == [4]
    close(found[..., :8], predict(model, x[..., :8], 3.0, text(1)))
    close(found[..., 8:], predict(model, x[..., 8:], 3.0, text(2)))


def test_a_mask_weighs_every_place_and_is_resized(model: Model) -> None:
    x, mask = latents(2), torch.rand(1, 8, 8)
    one, other = (predict(model, x, 3.0, text(k)) for k in (1, 2))
    found = predict(model, x, 3.0, [*text(1), *text(2, mask=mask, mask_strength=2.0)])
    close(found, (one + 2 * mask * other) / (1 + 2 * mask))
    large = mask.repeat_interleave(8, 1).repeat_interleave(8, 2)
    close(predict(model, x, 3.0, [*text(1), *text(2, mask=large, mask_strength=2.0)]), found)


def test_a_mask_may_show_the_network_only_its_box(model: Model) -> None:
    x, mask = latents(1, 16, 16), torch.zeros(1, 16, 16)
    mask[:, 4:14, 6:16] = 1
    found = predict(model, x, 3.0, [*text(1), *text(2, mask=mask, set_area_to_bounds=True)])
    expected = predict(model, x, 3.0, text(1))
    part = predict(model, x[..., 4:14, 6:16], 3.0, text(2))
    expected[..., 4:14, 6:16] = (expected[..., 4:14, 6:16] + part) / 2
    close(found, expected)


@pytest.mark.parametrize("options", [{"strength": 0.0}, {"mask": torch.zeros(1, 8, 8)}])
def test_what_has_no_weight_is_not_computed(model: Model, calls: list[int], options: dict[str, Any]) -> None:
    x = latents()
    found = predict(model, x, 3.0, [*text(1), *text(2, **options)])
    assert calls == [1]
    close(found, predict(model, x, 3.0, text(1)))


@pytest.mark.parametrize(
    ("first", "last", "sigma", "speaks"),
    [
        (0.0, 1.0, 14.6, True),
        (0.0, 0.5, 14.6, True),
        (0.5, 1.0, 14.6, False),
        (0.5, 1.0, 0.03, True),
        (0.0, 0.5, 0.03, False),
        (0.2, 0.8, 1.6, True),
    ],
)
def test_an_entry_holds_in_its_part_of_the_run(
    model: Model, calls: list[int], first: float, last: float, sigma: float, speaks: bool
) -> None:
    limited = text(2, start_percent=first, end_percent=last)
    predict(model, latents(), sigma, [*text(1), *limited])
    assert calls == [2 if speaks else 1]


def test_both_ends_of_a_range_belong_to_it(model: Model) -> None:
    x, middle = latents(), model.schedule.percent_to_sigma(0.5)
    halves = [*text(1, end_percent=0.5), *text(2, start_percent=0.5)]
    close(predict(model, x, middle, halves), predict(model, x, middle, [*text(1), *text(2)]))


def test_where_nothing_holds_the_estimate_is_zero(model: Model, calls: list[int]) -> None:
    x = latents(1, 8, 16)
    assert predict(model, x, 14.0, text(1, start_percent=0.5)).eq(0).all()
    assert calls == []
    half = predict(model, x, 3.0, text(1, area=(8, 8, 0, 0)))
    assert half[..., 8:].eq(0).all()
    close(half[..., :8], predict(model, x[..., :8], 3.0, text(1)))


def test_a_sampler_may_ask_for_another_size_than_the_canvas(model: Model) -> None:
    x, prompt = latents(1, 8, 16), [*text(1), *text(2, area=("percentage", 1.0, 0.5, 0.0, 0.5))]
    estimator = Estimator(model, Canvas(latents(1, 4, 8)))
    assert torch.equal(estimator(x, 3.0, prompt)[0], predict(model, x, 3.0, prompt))


def test_a_default_holds_where_nothing_else_does(model: Model) -> None:
    x = latents(1, 8, 16)
    mask = torch.zeros(1, 8, 16)
    mask[..., :4] = 0.3
    found = predict(model, x, 3.0, [*text(2, default=True), *text(1, mask=mask)])
    close(found[..., :4], predict(model, x, 3.0, text(1))[..., :4])
    close(found[..., 4:], predict(model, x, 3.0, text(2))[..., 4:])


def test_estimates_have_the_dtype_of_x_whatever_the_network_computes_in(model: Model) -> None:
    x = latents()
    full = predict(model, x, 3.0, text(1))
    half = predict(replace(model, dtype=torch.bfloat16), x, 3.0, text(1))
    assert half.dtype == torch.float32
    assert 0 < (half - full).abs().max() < 0.1 * full.abs().max()


def beside(family: str) -> Model:
    known = FAMILIES[family]
    return Model(
        network(replace(SPEC, in_channels=known.in_channels)), EPS, discrete_schedule(), family=known
    )


def asked(model: Model, x: Tensor, sigma: float, more: Tensor, prompt: list[list[Any]]) -> Tensor:
    """Ask the network itself, given what it sees beside x."""
    seen = torch.cat([x * (sigma**2 + 1) ** -0.5, more.expand(len(x), -1, -1, -1)], 1)
    time = model.schedule.timestep(torch.tensor(sigma))
    return x - sigma * model.unet(seen, time, prompt[0][0].expand(len(x), -1, -1))


def test_an_inpainting_network_sees_mask_and_picture() -> None:
    model, x = beside("sd1-inpainting"), latents(2)
    picture, mask = latents(1), torch.rand(1, 1, 64, 64)
    prompt = text(1, concat_latent_image=picture, concat_mask=mask)
    small = torch.nn.functional.interpolate(mask, (8, 8), mode="bilinear").round()
    close(
        predict(model, x, 3.0, prompt), asked(model, x, 3.0, torch.cat([small, picture * 0.18215], 1), prompt)
    )


def test_an_inpainting_network_without_a_picture_sees_what_is_repainted() -> None:
    model, x, prompt = beside("sd1-inpainting"), latents(2), text(1)
    grey = torch.tensor([0.8223, -0.6876, 0.6364, 0.1380])[:, None, None].expand(1, 4, 8, 8)
    hole = torch.ones(1, 1, 8, 8)
    close(predict(model, x, 3.0, prompt), asked(model, x, 3.0, torch.cat([hole, grey], 1), prompt))
    canvas = Canvas(latents(2), torch.rand(2, 1, 8, 8))
    [found] = Estimator(model, canvas)(x, 3.0, prompt)
    assert canvas.mask is not None
    close(found, asked(model, x, 3.0, torch.cat([canvas.mask.round(), canvas.kept], 1), prompt))


@pytest.mark.parametrize(("family", "scale"), [("sd1-edit", 1.0), ("cosxl-edit", 0.13025)])
def test_an_editing_network_sees_a_picture(family: str, scale: float) -> None:
    model, x, picture = beside("sd1-edit"), latents(2), latents(1)
    known = replace(FAMILIES[family], vector=None)
    model = replace(model, family=known, latent_format=known.latent_format)
    prompt = text(1, concat_latent_image=picture)
    close(predict(model, x, 3.0, prompt), asked(model, x, 3.0, picture * scale, prompt))
    close(predict(model, x, 3.0, text(1)), asked(model, x, 3.0, torch.zeros(1, 4, 8, 8), prompt))


def test_a_picture_of_another_size_is_resized() -> None:
    model, x, picture = beside("sd1-edit"), latents(2), latents(1, 12, 16)
    fitted = torch.nn.functional.interpolate(picture, (8, 8), mode="bilinear")
    found, expected = (predict(model, x, 3.0, text(1, concat_latent_image=one)) for one in (picture, fitted))
    assert torch.equal(found, expected)
    with pytest.raises(ValueError, match=r"picture's latents \[B, 4, h, w\] .* not \[1, 16, 8, 8\]"):
        predict(model, x, 3.0, text(1, concat_latent_image=latents(1, channels=16)))


def test_each_prompt_may_have_its_own_picture() -> None:
    model, x = beside("sd1-edit"), latents(2)
    one, other = (text(k, concat_latent_image=latents(1) * k) for k in (1, 2))
    for found, prompt in zip(predict_each(model, x, 3.0, (one, other)), (one, other), strict=True):
        close(found, predict(model, x, 3.0, prompt))


def test_a_network_that_takes_no_picture_leaves_it_unread(model: Model) -> None:
    x = latents()
    given = text(1, concat_latent_image=latents(), concat_mask=torch.ones(1, 1, 8, 8))
    assert torch.equal(predict(model, x, 3.0, given), predict(model, x, 3.0, text(1)))


def test_an_area_cuts_what_the_network_sees_beside() -> None:
    model, x = beside("sd1-edit"), latents(1, 8, 16)
    picture = latents(1, 8, 16) / 2
    found = predict(model, x, 3.0, text(1, area=(8, 8, 0, 8), concat_latent_image=picture))
    prompt = text(1)
    close(found[..., 8:], asked(model, x[..., 8:], 3.0, picture[..., 8:], prompt))


def test_a_vector_is_built_from_the_pooled_output_and_the_pictures_size() -> None:
    asked_for: list[Any] = []

    def vector(pooled: Tensor, options: Any, height: int, width: int) -> Tensor:
        asked_for.append((tuple(pooled.shape), options.get("crop_w"), height, width))
        return pooled * 2

    family = replace(FAMILIES["sd1"], vector=vector)
    unet = network(replace(SPEC, label_channels=6))
    model = Model(unet, EPS, discrete_schedule(), family=family)
    x, pooled = latents(2, 8, 12), torch.randn(1, 6)
    found = predict(model, x, 3.0, text(1, pooled_output=pooled, crop_w=8))
    assert asked_for == [((1, 6), 8, 64, 96)]
    context = text(1)[0][0].expand(2, -1, -1)
    time = model.schedule.timestep(torch.tensor(3.0))
    out = unet(x * 10**-0.5, time, context, pooled.expand(2, -1) * 2)
    close(found, x - 3 * out)
    each = predict(model, x, 3.0, text(1, pooled_output=torch.cat([pooled, pooled])))
    close(each, predict(model, x, 3.0, text(1, pooled_output=pooled)))
    with pytest.raises(ValueError, match="needs a conditioning with a pooled output"):
        predict(model, x, 3.0, text(1))
    with pytest.raises(ValueError, match="2 latents need 1 or 2 pooled outputs, not 3"):
        predict(model, x, 3.0, text(1, pooled_output=torch.zeros(3, 6)))


@pytest.mark.parametrize(
    ("prompt", "says"),
    [
        ([], "at least one"),
        (text(1, batch=2), r"\[1 or 3, tokens, 24\], not \[2, 9, 24\]"),
        ([[torch.zeros(1, 9, 32), {}]], r"not \[1, 9, 32\]; is it from this model's own"),
        ([[torch.zeros(9, 24), {}]], r"not \[9, 24\]"),
    ],
)
def test_conditioning_that_does_not_fit(model: Model, prompt: list[list[Any]], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        predict(model, latents(3), 3.0, prompt)


def test_an_unknown_option_is_told_with_the_known_ones(model: Model) -> None:
    with pytest.raises(UnknownNameError, match="unknown conditioning option 'strenght'") as caught:
        predict(model, latents(), 3.0, text(1, strenght=2.0))
    assert caught.value.known[0] == "strength"
    assert set(caught.value.known) == set(OPTIONS)
