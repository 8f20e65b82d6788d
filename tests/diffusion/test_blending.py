"""Blend modes: a table reckoned by hand from the W3C formulas, and laws that hold for all."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from inkloom.diffusion import UnknownNameError, blend_images
from inkloom.diffusion.pictures.blending import BLEND_MODES


def picture(value: float, *size: int) -> Tensor:
    return torch.full((1, *(size or (2, 2)), 3), value)


@pytest.mark.parametrize(
    ("mode", "lower", "upper", "blend"),
    [
        ("normal", 0.2, 0.7, 0.7),
        ("multiply", 0.5, 0.4, 0.2),
        ("screen", 0.5, 0.4, 0.7),  # 1 - 0.5 * 0.6
        ("overlay", 0.25, 0.6, 0.3),  # 2 * 0.25 * 0.6
        ("overlay", 0.75, 0.6, 0.8),  # 1 - 2 * 0.25 * 0.4
        ("soft_light", 0.6, 0.25, 0.48),  # 0.6 - 0.5 * 0.6 * 0.4
        ("soft_light", 0.64, 0.55, 0.656),  # 0.64 + 0.1 * (0.8 - 0.64)
        ("soft_light", 0.64, 0.75, 0.72),  # 0.64 + 0.5 * (0.8 - 0.64)
        ("soft_light", 0.25, 1.0, 0.5),  # the curve's two halves meet: ((16 * 0.25 - 12) * 0.25 + 4) * 0.25
        ("soft_light", 0.125, 1.0, 0.34375),  # ((16 * 0.125 - 12) * 0.125 + 4) * 0.125
        ("difference", 0.3, 0.8, 0.5),
        ("difference", 0.8, 0.3, 0.5),
    ],
)
def test_blend_modes(mode: str, lower: float, upper: float, blend: float):
    assert blend_images(picture(lower), picture(upper), 1.0, mode) == pytest.approx(picture(blend), abs=1e-6)
    halfway = blend_images(picture(lower), picture(upper), 0.5, mode)
    assert halfway == pytest.approx(picture((lower + blend) / 2), abs=1e-6)


@pytest.mark.parametrize("mode", BLEND_MODES)
def test_at_zero_the_lower_picture_stays(mode: str):
    lower, upper = torch.rand(2, 2, 5, 4, 3, generator=torch.Generator().manual_seed(1))
    assert torch.equal(blend_images(lower, upper, 0.0, mode), lower)


@pytest.mark.parametrize(
    ("mode", "neutral"), [("multiply", 1), ("screen", 0), ("soft_light", 0.5), ("difference", 0)]
)
def test_neutral_colours_change_nothing(mode: str, neutral: float):
    lower = torch.rand(1, 4, 4, 3, generator=torch.Generator().manual_seed(2))
    assert torch.allclose(blend_images(lower, picture(neutral, 4, 4), 1.0, mode), lower, atol=1e-6)


def test_the_upper_picture_takes_size_channels_and_batch_of_the_lower_one():
    lower = torch.zeros(3, 6, 4, 4)
    for count in (1, 2, 5):
        upper = picture(0.5, 9, 30).expand(count, -1, -1, -1)
        assert blend_images(lower, upper, 1.0, "normal").shape == (3, 6, 4, 4)
    with pytest.raises(UnknownNameError, match="unknown blend mode 'add'"):
        blend_images(lower, lower, 1.0, "add")
