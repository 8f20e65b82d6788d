"""Options of a model: the identity where they are neutral, an effect only where they claim one, any size."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor

from inkloom.diffusion.model import Model
from inkloom.diffusion.networks.attention_multiply import with_multiplied_attention
from inkloom.diffusion.networks.deep_shrink import with_deep_shrink
from inkloom.diffusion.networks.freeu import FreeU, scale_low_frequencies, with_freeu
from inkloom.diffusion.networks.hooks import Call, Heads, Hooks, Kind, Mix, Place, Site, Sources, Streams
from inkloom.diffusion.networks.hypertile import HyperTile, cut, join, ways_to_cut, with_hypertile
from inkloom.diffusion.networks.token_merging import MergeTokens, merging_of, with_merged_tokens
from inkloom.diffusion.networks.unet import UNet, UNetSpec
from inkloom.diffusion.schedules.prediction import EPS
from inkloom.diffusion.schedules.schedule import discrete_schedule

SD1 = UNetSpec(
    channels=(32, 64, 128),
    input_depths=(1, 1, 0),
    middle_depth=1,
    output_depths=(0, 0, 1, 1, 1, 1),
    context_channels=24,
    res_blocks=1,
)
SDXL = replace(
    SD1,
    input_depths=(0, 1, 2),
    output_depths=(2, 2, 1, 1, 0, 0),
    label_channels=40,
    linear_projections=True,
    heads=None,
    head_channels=16,
)


def model_of(spec: UNetSpec) -> Model:
    torch.manual_seed(0)
    unet = UNet(spec).eval().requires_grad_(False)
    for parameter in unet.parameters():
        if parameter.ndim > 1:
            torch.nn.init.normal_(parameter, std=parameter[0].numel() ** -0.5)
    return Model(unet, EPS, discrete_schedule())


MODELS = {"SD1": model_of(SD1), "SDXL": model_of(SDXL)}


@pytest.fixture(params=MODELS)
def model(request: pytest.FixtureRequest) -> Model:
    return MODELS[request.param]


def ask(model: Model, height: int = 8, width: int = 12, timestep: float = 900.0) -> Tensor:
    """Return what the network says to the same question under the model's hooks."""
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(2, 4, height, width, generator=generator)
    context = torch.randn(2, 7, 24, generator=generator)
    labels = model.unet.spec.label_channels
    y = None if labels is None else torch.randn(2, labels, generator=generator)
    with torch.inference_mode():
        return model.network(x, torch.tensor(timestep), context, y, hooks=model.hooks)


def shrunk(
    model: Model, block: int = 2, factor: float = 2.0, end: float = 0.35, *, after_skip: bool = True
) -> Model:
    return with_deep_shrink(
        model,
        block,
        factor,
        0.0,
        end,
        downscale_after_skip=after_skip,
        downscale_method="bicubic",
        upscale_method="bislerp",
    )


Option = Callable[[Model], Model]

NEUTRAL: dict[str, Option] = {
    "FreeU": lambda m: with_freeu(m, 1, 1, 1, 1),
    "FreeU_V2": lambda m: with_freeu(m, 1, 1, 1, 1, structured=True),
    "tokens": lambda m: with_merged_tokens(m, 0),
    "one tile": lambda m: with_hypertile(m, 2048, 2, 10, scale_depth=False),
    "multiplied": lambda m: with_multiplied_attention(m, "self", 1, 1, 1, 1),
    "deep shrink": lambda m: shrunk(m, factor=1.0),
    "deep shrink, later than its end": lambda m: shrunk(m, end=0.05),
}
ACTIVE: dict[str, Option] = {
    "FreeU": lambda m: with_freeu(m, 1.1, 1.2, 0.9, 0.2),
    "FreeU_V2": lambda m: with_freeu(m, 1.1, 1.2, 0.9, 0.2, structured=True),
    "tokens": lambda m: with_merged_tokens(m, 0.3),
    "all tokens": lambda m: with_merged_tokens(m, 1.0),
    "tiles": lambda m: with_hypertile(m, 1, 1, 10, scale_depth=False),
    "multiplied self": lambda m: with_multiplied_attention(m, "self", 1, 1, 0.5, 1),
    "multiplied cross": lambda m: with_multiplied_attention(m, "cross", 1, 1, 1, 0.5),
    "deep shrink": shrunk,
    "deep shrink before the skip": lambda m: shrunk(m, after_skip=False),
    "deep shrink, enlarging": lambda m: shrunk(m, factor=0.6),
}


@pytest.mark.parametrize("option", NEUTRAL.values(), ids=NEUTRAL.keys())
def test_neutral_settings_change_nothing(model: Model, option: Option) -> None:
    assert torch.equal(ask(option(model)), ask(model))


@pytest.mark.parametrize("sides", [(8, 12), (7, 9), (16, 5)])
@pytest.mark.parametrize("option", ACTIVE.values(), ids=ACTIVE.keys())
def test_options_leave_the_size_as_it_is(model: Model, option: Option, sides: tuple[int, int]) -> None:
    found = ask(option(model), *sides)
    assert found.shape == (2, 4, *sides)
    assert found.isfinite().all()


@pytest.mark.parametrize("option", ACTIVE.values(), ids=ACTIVE.keys())
def test_options_change_the_answer(option: Option) -> None:
    model = MODELS["SD1"]
    assert not torch.equal(ask(option(model)), ask(model))


def test_options_of_full_size_attention_find_none_in_sdxl() -> None:
    model = MODELS["SDXL"]
    for option in (ACTIVE["tokens"], lambda m: with_hypertile(m, 1, 1, 0, scale_depth=False)):
        assert torch.equal(ask(option(model)), ask(model))


def test_options_are_values_that_add_up_and_leave_the_model_alone(model: Model) -> None:
    before = ask(model)
    both = shrunk(with_freeu(model, 1.1, 1.2, 0.9, 0.2))
    assert len(both.hooks.before_output) == 2
    assert both.unet is model.unet
    assert not torch.equal(ask(both), ask(shrunk(model)))
    assert torch.equal(ask(model), before)


# FreeU


@pytest.mark.parametrize("sides", [(8, 8), (7, 9), (64, 5), (1, 6), (1, 1), (2, 1)])
@pytest.mark.parametrize("factor", [0.0, 0.2, 3.0])
def test_low_frequencies_are_those_of_the_fourier_transform(sides: tuple[int, int], factor: float) -> None:
    x = torch.randn(2, 3, *sides)
    spectrum = torch.fft.fftshift(torch.fft.fft2(x.double()), dim=(2, 3))
    down, across = (slice(max(0, side // 2 - 1), side // 2 + 1) for side in sides)
    spectrum[:, :, down, across] *= factor
    expected = torch.fft.ifft2(torch.fft.ifftshift(spectrum, dim=(2, 3))).real.float()
    torch.testing.assert_close(scale_low_frequencies(x, factor), expected, rtol=1e-5, atol=1e-5)


PLACE = Place("output", 0, 32, Call(torch.zeros(1), 8, 8))


@pytest.mark.parametrize(("channels", "b", "s"), [(128, 1.5, 0.5), (64, 3.0, 0.25), (32, 1.0, 1.0)])
def test_freeu_acts_by_the_backbones_width_on_half_of_it(channels: int, b: float, s: float) -> None:
    hidden, skip = torch.randn(2, channels, 4, 6), torch.randn(2, 7, 4, 6)
    found = FreeU(1.5, 3.0, 0.5, 0.25)(PLACE, Streams(hidden, skip))
    half = channels // 2
    assert torch.equal(found.hidden[:, half:], hidden[:, half:])
    torch.testing.assert_close(found.hidden[:, :half], hidden[:, :half] * b)
    torch.testing.assert_close(found.skip, scale_low_frequencies(skip, s))


def test_structured_freeu_strengthens_most_where_the_mean_is_highest() -> None:
    hidden, skip = torch.rand(2, 128, 4, 6) + 1, torch.randn(2, 7, 4, 6)
    factor = (FreeU(1.5, 1, 1, 1, structured=True)(PLACE, Streams(hidden, skip)).hidden / hidden)[:, :64]
    mean = hidden.mean(1)
    for item in range(2):
        place = factor[item, 0]
        assert place.max().item() == pytest.approx(1.5)
        assert place.min().item() == pytest.approx(1)
        assert place.argmax() == mean[item].argmax()
    assert torch.isfinite(
        FreeU(2, 1, 1, 1, structured=True)(PLACE, Streams(torch.ones(1, 128, 2, 2), skip[:1])).hidden
    ).all()


# Token merging


@pytest.mark.parametrize("sides", [(4, 6), (5, 7), (1, 3)])
@pytest.mark.parametrize("ratio", [0.1, 0.5, 1.0])
def test_merging_makes_fewer_tokens_and_gives_back_those_left_alone(
    sides: tuple[int, int], ratio: float
) -> None:
    height, width = sides
    x = torch.randn(2, height * width, 8)
    merging = merging_of(x, height, width, ratio, seed=3)
    if merging is None:
        assert height * width * ratio < 1
        return
    kept = -(-height // 2) * -(-width // 2)
    count = min(int(height * width * ratio), height * width - kept)
    fewer = merging.merge(x)
    assert fewer.shape == (2, height * width - count, 8)
    back = merging.unmerge(fewer)
    same = (back == x).all(-1).sum(1)
    assert (same >= height * width - 2 * count).all()


def test_tokens_that_are_equal_merge_without_loss() -> None:
    squares = torch.randn(2, 3, 4, 8).repeat_interleave(2, 1).repeat_interleave(2, 2).flatten(1, 2)
    merging = merging_of(squares, 6, 8, 1.0, seed=0)
    assert merging is not None
    assert merging.merge(squares).shape == (2, 12, 8)
    torch.testing.assert_close(merging.unmerge(merging.merge(squares)), squares)


def test_those_most_alike_merge_first() -> None:
    alike = torch.randn(1, 1, 4, 8).repeat_interleave(2, 1).repeat_interleave(2, 2)
    tokens = torch.cat([alike, torch.randn(1, 2, 8, 8)], 1).flatten(1, 2)
    merging = merging_of(tokens, 4, 8, 12 / 32, seed=0)
    assert merging is not None
    assert merging.merge(tokens).shape == (1, 20, 8)
    torch.testing.assert_close(merging.unmerge(merging.merge(tokens)), tokens)


def site(kind: Kind, height: int, width: int, timestep: float = 5.0) -> Site:
    return Site(Place("input", 1, 32, Call(torch.tensor([timestep]), 8, 12)), 0, kind, 2, height, width)


@pytest.mark.parametrize(
    ("where", "tokens"), [(site("self", 8, 12), 48), (site("cross", 8, 12), 96), (site("self", 4, 6), 24)]
)
def test_tokens_are_merged_in_self_attention_at_full_size_only(where: Site, tokens: int) -> None:
    x = torch.randn(1, where.height * where.width, 8)
    seen: list[int] = []

    def attend(sources: Sources) -> Tensor:
        seen.extend(source.shape[1] for source in sources)
        return sources.x

    assert MergeTokens(0.5)(where, Sources(x, x, x), attend).shape == x.shape
    assert seen == [tokens] * 3


# HyperTile


@pytest.mark.parametrize(
    ("side", "least", "ways"),
    [(64, 32, [2, 1]), (64, 8, [8, 4, 2, 1]), (12, 5, [2, 1]), (7, 2, [1]), (9, 3, [3, 1])],
)
def test_sides_are_cut_into_equal_parts(side: int, least: int, ways: list[int]) -> None:
    assert ways_to_cut(side, least) == ways


def test_joining_undoes_cutting() -> None:
    x = torch.randn(2, 48, 5)
    tiles = cut(x, 6, 8, 3, 2)
    assert tiles.shape == (12, 8, 5)
    assert torch.equal(tiles[0], x[0].view(6, 8, 5)[:2, :4].reshape(8, 5))
    assert torch.equal(tiles[1], x[0].view(6, 8, 5)[:2, 4:].reshape(8, 5))
    assert torch.equal(join(tiles, 6, 8, 3, 2), x)


@pytest.mark.parametrize(
    ("hook", "where", "tiles"),
    [
        (HyperTile(4, 1, 0, scaled=False), site("self", 8, 12), 6),
        (HyperTile(4, 1, 0, scaled=False), site("cross", 8, 12), 1),
        (HyperTile(2, 1, 0, scaled=False), site("self", 4, 6), 1),
        (HyperTile(2, 1, 1, scaled=False), site("self", 4, 6), 6),
        (HyperTile(1, 1, 1, scaled=True), site("self", 4, 6), 6),
    ],
)
def test_tiles_are_cut_in_self_attention_down_to_a_depth(hook: HyperTile, where: Site, tiles: int) -> None:
    x = torch.randn(2, where.height * where.width, 8)
    seen: list[int] = []

    def attend(sources: Sources) -> Tensor:
        seen.append(len(sources.x))
        return sources.x

    assert torch.equal(hook(where, Sources(x, x, x), attend), x)
    assert seen == [2 * tiles]


def test_tilings_change_from_step_to_step_and_are_the_same_again() -> None:
    x = torch.randn(1, 96, 4)

    def tiles(timestep: float) -> int:
        seen: list[int] = []

        def attend(sources: Sources) -> Tensor:
            seen.append(len(sources.x))
            return sources.x

        HyperTile(1, 4, 0, scaled=False)(site("self", 8, 12, timestep), Sources(x, x, x), attend)
        return seen[0]

    found = [tiles(float(t)) for t in range(40)]
    assert len(set(found)) > 2
    assert found == [tiles(float(t)) for t in range(40)]


# Deep shrink


def sizes(model: Model, timestep: float) -> list[tuple[int, int]]:
    """Return the sizes of the maps of all self attentions, in order."""
    seen: list[tuple[int, int]] = []

    def note(where: Site, heads: Heads, mix: Mix) -> Tensor:
        if where.kind == "self":
            seen.append((where.height, where.width))
        return mix(heads)

    ask(replace(model, hooks=model.hooks + Hooks(mix=(note,))), 16, 16, timestep)
    return seen


def test_the_depths_are_small_until_the_end_and_the_way_back_is_full_size() -> None:
    model = MODELS["SD1"]
    full = [(16, 16), (8, 8), (4, 4), *[(8, 8)] * 2, *[(16, 16)] * 2]
    assert sizes(model, 900) == full
    deep = [(16, 16), (4, 4), (2, 2), (4, 4)]
    assert sizes(shrunk(model), 900) == [*deep, (8, 8), (16, 16), (16, 16)]
    assert sizes(shrunk(model, after_skip=False), 900) == [*deep, (4, 4), (16, 16), (16, 16)]
    assert sizes(shrunk(model), 100) == full


@pytest.mark.parametrize("block", [6, 32])
def test_a_block_that_is_not_there_is_an_error(block: int) -> None:
    with pytest.raises(ValueError, match=f"block_number is {block}, but this network has blocks 1 to 5"):
        shrunk(MODELS["SD1"], block)


# Multiplied attention


@pytest.mark.parametrize("kind", ["self", "cross"])
@pytest.mark.parametrize(
    "factors", [(2.0, 1.0, 1.0, 1.0), (1.0, 0.5, 3.0, 1.0), (1.0, 1.0, 1.0, 0.25), (2.0, 3.0, 4.0, 5.0)]
)
def test_factors_are_those_of_the_weights(model: Model, kind: Kind, factors: tuple[float, ...]) -> None:
    q, k, v, out = factors
    unet = copy.deepcopy(model.unet)
    name = {"self": "attn1", "cross": "attn2"}[kind]
    for key, parameter in unet.named_parameters():
        for part, factor in {"to_q": q, "to_k": k, "to_v": v, "to_out.0": out}.items():
            if f"{name}.{part}." in key:
                parameter.data *= factor
    expected = ask(replace(model, unet=unet))
    found = ask(with_multiplied_attention(model, kind, q, k, v, out))
    torch.testing.assert_close(found, expected, rtol=1e-4, atol=1e-4 * expected.abs().max().item())
