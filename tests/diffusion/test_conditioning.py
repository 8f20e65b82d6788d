"""Conditionings as values: what is put together, and that nothing is changed in place."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from inkloom.diffusion.guidance.conditioning import (
    average_conditioning,
    concat_conditioning,
    with_options,
    zero_conditioning,
)
from inkloom.diffusion.guidance.image_conditioning import edit_conditioning, inpaint_conditioning


def entry(tokens: int, value: float, batch: int = 1, width: int = 4, **options: Any) -> list[Any]:
    return [torch.full((batch, tokens, width), value), options]


def pooled(value: float) -> Tensor:
    return torch.full((1, 6), value)


def test_options_are_set_in_every_entry_of_a_new_list() -> None:
    old = [entry(3, 1.0, strength=2.0), entry(3, 2.0)]
    new = with_options(old, strength=0.5, start_percent=0.1)
    assert [options for _, options in new] == [{"strength": 0.5, "start_percent": 0.1}] * 2
    assert [options for _, options in old] == [{"strength": 2.0}, {}]
    assert new[0][0] is old[0][0]


def test_zeros_take_the_place_of_a_text() -> None:
    found = zero_conditioning([entry(3, 1.0, pooled_output=pooled(2.0), strength=2.0), entry(2, 1.0)])
    assert [context.abs().sum() for context, _ in found] == [0, 0]
    assert found[0][1]["pooled_output"].eq(0).all()
    assert found[0][1]["strength"] == 2.0
    assert found[1][1] == {}


@pytest.mark.parametrize(("tokens", "other"), [(3, 3), (3, 2), (2, 3)])
def test_an_average_has_the_tokens_of_the_first(tokens: int, other: int) -> None:
    to = [entry(tokens, 1.0, pooled_output=pooled(1.0), strength=2.0), entry(tokens, 3.0)]
    [first, second] = average_conditioning(to, [entry(other, 5.0, pooled_output=pooled(5.0))], 0.75)
    both = min(tokens, other)
    assert first[0].shape == (1, tokens, 4)
    assert first[0][0, :both].eq(2.0).all()
    assert first[0][0, both:].eq(0.75).all()
    assert first[1]["pooled_output"].eq(2.0).all()
    assert first[1]["strength"] == 2.0
    assert second[0][0, :both].eq(3.5).all()
    assert second[1]["pooled_output"].eq(5.0).all()


def test_an_average_of_one_kind_is_that_kind() -> None:
    to, start = [entry(3, 1.0)], [entry(5, 2.0)]
    assert torch.equal(average_conditioning(to, start, 1.0)[0][0], to[0][0])
    assert average_conditioning(to, start, 0.0)[0][0].eq(2.0).all()
    assert average_conditioning(to, start, 1.0)[0][1] == {}


def test_texts_are_laid_end_to_end() -> None:
    to = [entry(3, 1.0, batch=2, strength=2.0), entry(2, 3.0)]
    [first, second] = concat_conditioning(to, [entry(4, 5.0), entry(9, 9.0)])
    assert first[0].shape == (2, 7, 4)
    assert first[0][1].mean(1).tolist() == [1, 1, 1, 5, 5, 5, 5]
    assert first[1] == {"strength": 2.0}
    assert second[0][0].mean(1).tolist() == [3, 3, 5, 5, 5, 5]


@pytest.mark.parametrize(
    "change", [lambda to, more: average_conditioning(to, more, 0.5), concat_conditioning]
)
def test_texts_of_other_models_cannot_be_mixed(change: Any) -> None:
    with pytest.raises(ValueError, match="4 and 6 channels; encode both with"):
        change([entry(3, 1.0)], [entry(3, 1.0, width=6)])
    with pytest.raises(ValueError, match="conditioning_from has no entry"):
        change([entry(3, 1.0)], [])
    if change is concat_conditioning:
        with pytest.raises(ValueError, match="of 2 and 3 texts"):
            change([entry(3, 1.0, batch=2)], [entry(3, 1.0, batch=3)])


@pytest.mark.parametrize("noise_mask", [True, False])
def test_an_inpainting_model_is_shown_the_picture_with_a_hole(tiny_loaded: Any, noise_mask: bool) -> None:
    vae, picture = tiny_loaded.vae, torch.rand(1, 19, 24, 3)
    mask = torch.zeros(1, 19, 24)
    mask[:, :, 12:] = 0.75
    factor = vae.autoencoder.spec.factor
    top = 19 % factor // 2
    rows = slice(top, top + 19 // factor * factor)
    found = inpaint_conditioning(vae, picture, mask, [entry(3, 1.0)], [entry(3, 2.0)], noise_mask=noise_mask)
    hollow = picture.clone()
    hollow[:, :, 12:] = 0.5
    for conditioning in (found.positive, found.negative):
        options = conditioning[0][1]
        assert torch.equal(options["concat_latent_image"], vae.encode(hollow))
        assert torch.equal(options["concat_mask"], mask[:, None, rows])
    assert torch.equal(found.latent["samples"], vae.encode(picture))
    assert ("noise_mask" in found.latent) == noise_mask


def test_an_editing_model_is_shown_the_picture(tiny_loaded: Any) -> None:
    vae, picture = tiny_loaded.vae, torch.rand(2, 16, 24, 3)
    found = edit_conditioning(vae, picture, [entry(3, 1.0)], [entry(3, 2.0)])
    seen = vae.encode(picture)
    assert torch.equal(found.positive[0][1]["concat_latent_image"], seen)
    assert torch.equal(found.negative[0][1]["concat_latent_image"], seen)
    assert found.latent["samples"].shape == seen.shape
    assert found.latent["samples"].eq(0).all()
