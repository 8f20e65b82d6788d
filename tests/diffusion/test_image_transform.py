"""Cutting, turning, padding and stitching, on pictures small enough to read."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from inkloom.diffusion import (
    UnknownNameError,
    crop_image,
    flip_image,
    pad_for_outpainting,
    resize_and_pad,
    rotate_image,
    stitch_images,
)


def grid(rows: list[list[float]]) -> Tensor:
    return torch.tensor(rows, dtype=torch.float32)[None, :, :, None].expand(-1, -1, -1, 3)


def rows(image: Tensor) -> list[list[float]]:
    return image[0, :, :, 0].tolist()


SIX = grid([[1, 2, 3], [4, 5, 6]])


@pytest.mark.parametrize(
    ("rotation", "turned"),
    [
        ("none", [[1, 2, 3], [4, 5, 6]]),
        ("90 degrees", [[4, 1], [5, 2], [6, 3]]),
        ("180 degrees", [[6, 5, 4], [3, 2, 1]]),
        ("270 degrees", [[3, 6], [2, 5], [1, 4]]),
    ],
)
def test_turns_go_clockwise(rotation: str, turned: list[list[float]]):
    assert rows(rotate_image(SIX, rotation)) == turned


def test_mirrors():
    assert rows(flip_image(SIX, "x-axis: vertically")) == [[4, 5, 6], [1, 2, 3]]
    assert rows(flip_image(SIX, "y-axis: horizontally")) == [[3, 2, 1], [6, 5, 4]]


@pytest.mark.parametrize(
    ("x", "y", "width", "height", "cut"),
    [
        (1, 0, 2, 1, [[2, 3]]),
        (1, 1, 99, 99, [[5, 6]]),
        (99, 99, 5, 5, [[6]]),
        (0, 0, 3, 2, [[1, 2, 3], [4, 5, 6]]),
    ],
)
def test_what_lies_outside_of_a_cut_is_left_out(
    x: int, y: int, width: int, height: int, cut: list[list[float]]
):
    assert rows(crop_image(SIX, width, height, x, y)) == cut
    assert crop_image(SIX[..., 0], width, height, x, y)[0].tolist() == cut


def padding_by_loops(
    size: tuple[int, int], edges: tuple[int, int, int, int], feathering: int
) -> list[list[float]]:
    """1 in the new edges; inside ((n - d) / n)^2 at distance d < n from the nearest padded edge."""
    (height, width), (left, top, right, bottom) = size, edges
    mask = [[1.0] * (left + width + right) for _ in range(top + height + bottom)]
    for y in range(height):
        for x in range(width):
            distances = [(left, x), (right, width - x), (top, y), (bottom, height - y)]
            near = min((d for edge, d in distances if edge), default=feathering)
            value = ((feathering - near) / feathering) ** 2 if near < feathering else 0.0
            mask[top + y][left + x] = value
    return mask


@pytest.mark.parametrize(
    "edges", [(8, 0, 0, 0), (0, 8, 0, 0), (0, 0, 8, 0), (0, 0, 0, 8), (8, 16, 0, 8), (0, 0, 0, 0)]
)
@pytest.mark.parametrize("feathering", [1, 3, 5])
def test_the_outpainting_mask_falls_with_the_square_of_the_distance(
    edges: tuple[int, int, int, int], feathering: int
):
    image = torch.rand(2, 12, 11, 3, generator=torch.Generator().manual_seed(0))
    padded, mask = pad_for_outpainting(image, *edges, feathering)
    assert mask.shape == (1, *padded.shape[1:3])
    assert torch.allclose(mask[0], torch.tensor(padding_by_loops((12, 11), edges, feathering)), atol=1e-6)
    left, top, _, _ = edges
    assert torch.equal(padded[:, top : top + 12, left : left + 11], image)
    assert padded.sum().item() == pytest.approx(
        image.sum().item() + 0.5 * (padded.numel() - image.numel()), rel=1e-5
    )


@pytest.mark.parametrize("feathering", [0, 5, 400])
def test_a_picture_no_larger_than_twice_the_feathering_is_left_sharp(feathering: int):
    _, mask = pad_for_outpainting(torch.zeros(1, 12, 10, 4), 8, 8, 8, 8, feathering)
    assert mask[0, 8:20, 8:18].max() == 0
    assert mask.sum() == mask.numel() - 12 * 10


ONE, TWO = grid([[1], [1]]), grid([[2], [2]])


@pytest.mark.parametrize(
    ("direction", "stitched"),
    [
        ("right", [[1, 0, 2], [1, 0, 2]]),
        ("left", [[2, 0, 1], [2, 0, 1]]),
        ("down", [[1], [1], [0], [2], [2]]),
        ("up", [[2], [2], [0], [1], [1]]),
    ],
)
def test_stitching_in_every_direction(direction: str, stitched: list[list[float]]):
    assert rows(stitch_images(ONE, TWO, direction, True, 1, "black")) == stitched


def test_stitched_pictures_are_scaled_to_match_or_centred():
    small, large = torch.zeros(1, 2, 4, 3), torch.ones(1, 4, 6, 3)
    assert stitch_images(small, large, "right", True, 0, "white").shape == (1, 2, 4 + 3, 3)
    assert stitch_images(small, large, "down", True, 3, "white").shape == (1, 2 + 3 + 3, 4, 3)
    centred = stitch_images(large, small, "right", False, 0, "green")
    assert centred.shape == (1, 4, 10, 3)
    assert centred[0, :, 7].tolist() == [[0, 1, 0], [0, 0, 0], [0, 0, 0], [0, 1, 0]]


def test_stitching_fits_batches_and_channels():
    images = torch.arange(3.0).reshape(3, 1, 1, 1).expand(3, 2, 2, 3) / 10
    stitched = stitch_images(images, torch.zeros(1, 2, 2, 4), "right", True, 1, "red")
    assert stitched.shape == (3, 2, 5, 4)
    assert stitched[:, 0, 0, 0].tolist() == pytest.approx([0, 0.1, 0.2])
    assert stitched[2, 0, :, 3].tolist() == [1, 1, 1, 0, 0]
    above = stitch_images(torch.zeros(4, 2, 2, 3), images, "up", True, 0, "red")
    assert above[:, 0, 0, 0].tolist() == pytest.approx([0, 0.1, 0.2, 0.2])


def test_resizing_with_padding_centres_the_picture():
    assert (
        resize_and_pad(torch.full((1, 3, 5, 3), 0.5), 6, 7, "black", "area")[0, :, 0, 0].count_nonzero() == 3
    )
    padded = resize_and_pad(torch.full((1, 4, 8, 3), 0.5), 4, 6, "white", "area")
    assert rows(padded) == [[1] * 4, [1] * 4, [0.5] * 4, [0.5] * 4, [1] * 4, [1] * 4]
    assert resize_and_pad(torch.zeros(1, 1, 1000, 4), 10, 10, "black", "nearest-exact").shape == (
        1,
        10,
        10,
        4,
    )
    assert resize_and_pad(torch.zeros(1, 1, 1000, 1), 10, 10, "white", "bilinear").sum() == 90


def test_unknown_names_are_told():
    with pytest.raises(UnknownNameError, match="unknown direction 'rigth'; known, nearest first: right"):
        stitch_images(ONE, TWO, "rigth", True, 0, "white")
    with pytest.raises(UnknownNameError, match="unknown colour 'grey'"):
        resize_and_pad(ONE, 4, 4, "grey", "area")
