"""Where a conditioning holds: boxes and weights in cells."""

from __future__ import annotations

import pytest
import torch

from inkloom.diffusion.guidance.areas import Box, area_box, feathered, mask_box


@pytest.mark.parametrize(
    ("area", "box"),
    [
        ((16, 32, 0, 8), Box(16, 32, 0, 8)),
        ((40, 40, 16, 32), Box(16, 16, 16, 32)),
        (("percentage", 0.5, 0.25, 0.5, 0.75), Box(16, 12, 16, 36)),
        (("percentage", 1.0, 1.0, 0.0, 0.0), Box(32, 48, 0, 0)),
        (("percentage", 0.0, 0.0, 0.0, 0.0), Box(1, 1, 0, 0)),
        (("percentage", 1.0, 1.0, 0.5, 0.5), Box(16, 24, 16, 24)),
    ],
)
def test_an_area_is_a_box_cut_off_at_the_edges(area: tuple[object, ...], box: Box) -> None:
    assert area_box(area, 32, 48) == box


@pytest.mark.parametrize(
    ("area", "says"),
    [
        ((8, 8, 32, 0), "at y 32, x 0 .* no part in a latent of 32 by 48"),
        (("percentage", 0.5, 0.5, 1.0, 0.0), "at y 32"),
        ((0, 8, 0, 0), "area of 0 by 8"),
        ((8, 8, 0), r"an area is .* not \(8, 8, 0\)"),
    ],
)
def test_an_area_outside_of_the_picture(area: tuple[object, ...], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        area_box(area, 32, 48)


def test_a_box_cuts_the_last_two_dimensions() -> None:
    x = torch.arange(24).reshape(1, 4, 6)
    assert Box(2, 3, 1, 2).cut(x).tolist() == [[[8, 9, 10], [14, 15, 16]]]


@pytest.mark.parametrize(
    ("lit", "box"),
    [
        ([(0, 4, 5), (0, 17, 20)], Box(14, 16, 4, 5)),
        ([(0, 10, 10)], Box(8, 8, 10, 10)),
        ([(0, 31, 47)], Box(8, 8, 24, 40)),
        ([(0, 2, 2), (1, 20, 20)], Box(19, 19, 2, 2)),
        ([], None),
    ],
)
def test_the_box_around_a_mask(lit: list[tuple[int, int, int]], box: Box | None) -> None:
    mask = torch.zeros(2, 1, 32, 48)
    for item, row, column in lit:
        mask[item, 0, row, column] = 0.1
    assert mask_box(mask) == box


def test_a_small_latent_has_no_smaller_box() -> None:
    assert mask_box(torch.eye(4)[None, None]) == Box(4, 4, 0, 0)


def test_weights_rise_from_inner_edges_only() -> None:
    assert torch.equal(feathered(Box(32, 32, 0, 0), 32, 32), torch.ones(32, 32))
    right = feathered(Box(32, 32, 0, 16), 32, 48)
    assert right[0].tolist() == pytest.approx([(k + 1) / 8 for k in range(8)] + [1] * 24)
    assert torch.equal(right, right[:1].expand(32, -1))
    narrow = feathered(Box(32, 8, 0, 16), 32, 48)
    assert narrow[0].tolist() == [0.5, 1, 1, 1, 1, 1, 1, 0.5]
    corner = feathered(Box(8, 8, 24, 40), 32, 48)
    assert corner[0, 0] == 0.25
    assert torch.equal(feathered(Box(3, 3, 1, 1), 8, 8), torch.ones(3, 3))
