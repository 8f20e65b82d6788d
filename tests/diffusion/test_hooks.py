"""Hooks: what a network tells them and lets them change, and that it computes the same without them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from inkloom.diffusion.networks.hooks import (
    NO_HOOKS,
    Attend,
    Heads,
    Hooks,
    Mix,
    Place,
    Site,
    Sources,
    Streams,
)
from inkloom.diffusion.networks.unet import UNet, UNetSpec

SPEC = UNetSpec(
    channels=(32, 64),
    input_depths=(1, 0),
    middle_depth=2,
    output_depths=(0, 0, 1, 1),
    context_channels=24,
    res_blocks=1,
    label_channels=40,
)


@pytest.fixture(scope="module")
def unet() -> UNet:
    torch.manual_seed(0)
    made = UNet(SPEC).eval().requires_grad_(False)
    for parameter in made.parameters():
        if parameter.ndim > 1:
            torch.nn.init.normal_(parameter, std=parameter[0].numel() ** -0.5)
    return made


@pytest.fixture
def ask(unet: UNet) -> Any:
    """Return a question to the network; the same every time but for what is given."""
    given: dict[str, Tensor] = {
        "x": torch.randn(2, 4, 8, 12, generator=torch.Generator().manual_seed(1)),
        "timesteps": torch.tensor([500.0, 3.0]),
        "context": torch.randn(2, 7, 24, generator=torch.Generator().manual_seed(2)),
        "y": torch.randn(2, 40, generator=torch.Generator().manual_seed(3)),
    }

    def answer(**changed: Any) -> Tensor:
        with torch.inference_mode():
            return unet(**{**given, **changed})

    return answer


def passing(called: list[object]) -> Hooks:
    """Return a hook at every point that notes where it was called and changes nothing."""

    def attention(site: Site, sources: Sources, attend: Attend) -> Tensor:
        called.append(("attention", *where(site)))
        return attend(sources)

    def mixing(site: Site, heads: Heads, mix: Mix) -> Tensor:
        called.append(("mix", *where(site)))
        return mix(heads)

    def between(site: Site, x: Tensor) -> Tensor:
        called.append(("between", *where(site)))
        return x

    def streams(place: Place, both: Streams) -> Streams:
        called.append((place.part, place.row))
        return both

    def middle(place: Place, x: Tensor) -> Tensor:
        called.append((place.part, place.row))
        return x

    return Hooks((attention,), (mixing,), (between,), (streams,), (middle,), (streams,))


def where(site: Site) -> tuple[object, ...]:
    return site.place.part, site.place.row, site.block, site.kind, (site.height, site.width)


def test_hooks_that_change_nothing_change_nothing_and_are_called_at_every_point_in_order(ask: Any) -> None:
    called: list[object] = []
    assert torch.equal(ask(hooks=passing(called)), ask())

    def block(part: str, row: int, number: int, size: tuple[int, int]) -> list[object]:
        itself, text = (part, row, number, "self", size), (part, row, number, "cross", size)
        return [
            *(("attention", *itself), ("mix", *itself), ("between", *itself)),
            *(("attention", *text), ("mix", *text)),
        ]

    assert called == [
        ("input", 0),
        *block("input", 1, 0, (8, 12)),
        *(("input", 1), ("input", 2), ("input", 3)),
        *block("middle", 0, 0, (4, 6)),
        *block("middle", 0, 1, (4, 6)),
        ("middle", 0),
        *(("output", 0), ("output", 1), ("output", 2)),
        *block("output", 2, 0, (8, 12)),
        ("output", 3),
        *block("output", 3, 0, (8, 12)),
    ]


def test_a_place_tells_of_the_call(ask: Any) -> None:
    told: list[Place] = []

    def note(place: Place, x: Tensor) -> Tensor:
        told.append(place)
        return x

    ask(hooks=Hooks(after_middle=(note,)))
    assert (told[0].base, told[0].call.height, told[0].call.width) == (32, 8, 12)
    assert told[0].call.timesteps.tolist() == [500.0, 3.0]


def double(_: object, value: Tensor) -> Tensor:
    return value * 2


def double_skip(_: object, both: Streams) -> Streams:
    return Streams(both.hidden, both.skip * 2)


def double_hidden(_: object, both: Streams) -> Streams:
    return Streams(both.hidden * 2, both.skip)


@pytest.mark.parametrize(
    "hooks",
    [
        Hooks(attention=(lambda site, sources, attend: attend(sources) * 2,)),
        Hooks(attention=(lambda site, sources, attend: attend(sources._replace(v=sources.v * 2)),)),
        Hooks(mix=(lambda site, heads, mix: heads.v.mean(2, keepdim=True).expand_as(heads.q),)),
        Hooks(between_attentions=(double,)),
        Hooks(after_input=(double_skip,)),
        Hooks(after_input=(double_hidden,)),
        Hooks(after_middle=(double,)),
        Hooks(before_output=(double_skip,)),
        Hooks(before_output=(double_hidden,)),
    ],
)
def test_every_point_can_change_the_answer_and_nothing_stays_behind(ask: Any, hooks: Hooks) -> None:
    before = ask()
    assert (ask(hooks=hooks) - before).abs().max() > 1e-3
    assert torch.equal(ask(), before)


def test_the_first_function_around_is_outermost_and_the_others_go_in_order(ask: Any) -> None:
    order: list[str] = []

    def around(name: str) -> Callable[[Site, Any, Callable[[Any], Tensor]], Tensor]:
        def function(site: Site, value: Any, rest: Callable[[Any], Tensor]) -> Tensor:
            order.append(f"{name} in")
            result = rest(value)
            order.append(f"{name} out")
            return result

        return function

    def after(name: str) -> Callable[[Place, Tensor], Tensor]:
        def function(_: Place, x: Tensor) -> Tensor:
            order.append(name)
            return x

        return function

    ask(
        hooks=Hooks(attention=(around("a"),), after_middle=(after("x"),))
        + Hooks((around("b"),), (around("m"),))
    )
    assert order[:6] == ["a in", "b in", "m in", "m out", "b out", "a out"]
    order.clear()
    ask(hooks=Hooks(after_middle=(after("x"),)) + Hooks(after_middle=(after("y"),)))
    assert order == ["x", "y"]


def test_hooks_add_up() -> None:
    one = Hooks(after_middle=(double,))
    assert NO_HOOKS + one == one + NO_HOOKS == one
    assert (one + one).after_middle == (double, double)
    assert one
    assert not NO_HOOKS


def test_text_keys_and_values_made_before_are_the_same_to_the_bit(unet: UNet, ask: Any) -> None:
    tokens = torch.randn(2, 7, 24, generator=torch.Generator().manual_seed(2))
    with torch.inference_mode():
        known = unet.project_context(tokens)
    assert len(known.known) == 5
    assert torch.equal(ask(context=known), ask())
    assert torch.equal(ask(context=known, hooks=passing([])), ask())


def test_text_keys_made_before_are_not_used_where_a_hook_changes_the_text(unet: UNet, ask: Any) -> None:
    with torch.inference_mode():
        known = unet.project_context(torch.randn(2, 7, 24, generator=torch.Generator().manual_seed(2)))
    for change in ("k", "v"):

        def changed(_: Site, sources: Sources, attend: Attend, change: str = change) -> Tensor:
            return attend(sources._replace(**{change: getattr(sources, change) * 0.5}))

        hooks = Hooks(attention=(changed,))
        assert torch.equal(ask(context=known, hooks=hooks), ask(hooks=hooks))


def test_the_text_of_another_network_is_projected_anew(ask: Any) -> None:
    tokens = torch.randn(2, 7, 24, generator=torch.Generator().manual_seed(2))
    assert torch.equal(ask(context=UNet(SPEC).project_context(tokens)), ask())


def test_a_text_of_another_width_cannot_be_projected(unet: UNet) -> None:
    with pytest.raises(ValueError, match="text encodings of 24 channels, not 25"):
        unet.project_context(torch.zeros(1, 7, 25))
