"""Masks against loops, tables reckoned by hand, and laws."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from inkloom.diffusion import (
    UnknownNameError,
    colour_to_mask,
    composite_masks,
    crop_mask,
    feather_mask,
    grow_mask,
    image_to_mask,
    mask_to_image,
)


def rand(*shape: int) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(0))


def test_a_mask_alone_is_a_batch_of_one():
    mask = rand(3, 4)
    for given in (mask, mask[None, None]):
        for changed in (
            crop_mask(given, 9, 9, 0, 0),
            feather_mask(given, 0, 0, 0, 0),
            grow_mask(given, 0, True),
            grow_mask(given, 0, False),
            composite_masks(given, given, 9, 9, "xor"),
        ):
            assert torch.equal(changed, mask[None])


def test_channels_become_masks():
    image = torch.tensor([0.1, 0.2, 0.3, 0.4]).expand(2, 3, 5, 4)
    for channel, value in zip(("red", "green", "blue", "alpha"), (0.1, 0.2, 0.3, 0.4), strict=True):
        assert torch.equal(image_to_mask(image, channel), torch.full((2, 3, 5), value))
    assert torch.equal(image_to_mask(image[..., :1], "blue"), torch.full((2, 3, 5), 0.1))
    with pytest.raises(ValueError, match="3 channels has no alpha channel"):
        image_to_mask(image[..., :3], "alpha")
    with pytest.raises(UnknownNameError, match="unknown channel 'gren'; known, nearest first: green"):
        image_to_mask(image, "gren")


def test_masks_become_grey_pictures():
    mask = rand(2, 3, 4)
    assert torch.equal(mask_to_image(mask), torch.stack([mask] * 3, -1))
    assert mask_to_image(mask[0]).shape == (1, 3, 4, 3)


def test_a_colour_is_found_only_where_all_of_it_is():
    image = torch.tensor([[0x12, 0x34, 0x56], [0x12, 0x34, 0x57], [0x56, 0x34, 0x12]]) / 255
    assert colour_to_mask(image.reshape(1, 1, 3, 3), 0x123456).tolist() == [[[1, 0, 0]]]
    nearly = torch.tensor([0x12 - 0.4, 0x34 + 0.4, 0x56 - 0.4]).reshape(1, 1, 1, 3) / 255
    assert colour_to_mask(nearly, 0x123456).item() == 1, "rounded"
    assert colour_to_mask(torch.full((1, 1, 1, 4), 7.0), 0xFFFFFF).item() == 1, "clipped first"
    with pytest.raises(ValueError, match="no colours to look for"):
        colour_to_mask(torch.zeros(1, 1, 1, 1), 0)


@pytest.mark.parametrize(
    ("operation", "table"),
    [
        # destination 0, 0.25, 0.5, 0.75, 1 with source 0.75
        ("multiply", [0, 0.1875, 0.375, 0.5625, 0.75]),
        ("add", [0.75, 1, 1, 1, 1]),
        ("subtract", [0, 0, 0, 0, 0.25]),
        ("and", [0, 0, 0, 1, 1]),
        ("or", [1, 1, 1, 1, 1]),
        ("xor", [1, 1, 1, 0, 0]),
    ],
)
def test_combining_masks(operation: str, table: list[float]):
    destination = torch.tensor([[[0, 0.25, 0.5, 0.75, 1]]])
    source = torch.full((1, 1, 5), 0.75)
    assert composite_masks(destination, source, 0, 0, operation).flatten().tolist() == table


def test_a_mask_is_combined_only_where_it_lies():
    combined = composite_masks(torch.zeros(2, 3, 4), torch.ones(1, 2, 2), 3, 1, "add")
    assert combined[1].tolist() == [[0, 0, 0, 0], [0, 0, 0, 1], [0, 0, 0, 1]]
    untouched = rand(1, 3, 4)
    for x, y in ((4, 0), (0, 3), (99, 99)):
        assert torch.equal(composite_masks(untouched, torch.ones(5, 2, 2), x, y, "multiply"), untouched)
    with pytest.raises(UnknownNameError, match="unknown operation 'nand'"):
        composite_masks(untouched, untouched, 0, 0, "nand")


def test_feathering_rises_evenly_from_every_edge():
    ones = torch.ones(1, 1, 6)
    assert feather_mask(ones, 4, 0, 0, 0).flatten().tolist() == [0.25, 0.5, 0.75, 1, 1, 1]
    assert feather_mask(ones, 0, 0, 4, 0).flatten().tolist() == [1, 1, 1, 0.75, 0.5, 0.25]
    assert feather_mask(ones.mT, 0, 2, 0, 0).flatten().tolist() == [0.5, 1, 1, 1, 1, 1]
    assert feather_mask(ones.mT, 0, 0, 0, 2).flatten().tolist() == [1, 1, 1, 1, 1, 0.5]
    assert feather_mask(ones, 2, 0, 5, 0)[0, 0, 1].item() == 1
    assert feather_mask(torch.ones(1, 1, 2), 100, 0, 0, 0).flatten().tolist() == [0.5, 1]
    mask = rand(2, 5, 4)
    assert torch.equal(feather_mask(mask, 0, 0, 0, 0), mask)


def grown_by_loops(mask: Tensor, expand: int, tapered: bool) -> Tensor:
    result = mask.clone()
    count, height, width = mask.shape
    for n in range(count):
        for y in range(height):
            for x in range(width):
                near = [
                    mask[n, i, j].item()
                    for i in range(height)
                    for j in range(width)
                    if (abs(i - y) + abs(j - x) if tapered else max(abs(i - y), abs(j - x))) <= abs(expand)
                ]
                result[n, y, x] = max(near) if expand > 0 else min(near)
    return result


@pytest.mark.parametrize("tapered", [True, False])
@pytest.mark.parametrize("expand", [-3, -1, 0, 1, 2, 5, 16384, -16384])
@pytest.mark.parametrize("shape", [(2, 5, 7), (1, 1, 4), (1, 1, 1)])
def test_growing_is_the_extreme_within_a_distance(shape: tuple[int, ...], expand: int, tapered: bool):
    mask = rand(*shape)
    assert torch.equal(grow_mask(mask, expand, tapered), grown_by_loops(mask, expand, tapered))


def test_a_point_becomes_a_diamond_or_a_square():
    point = torch.zeros(1, 5, 5)
    point[0, 2, 2] = 1
    assert grow_mask(point, 2, True)[0].sum(1).tolist() == [1, 3, 5, 3, 1]
    assert grow_mask(point, 2, False).sum() == 25
    assert torch.equal(point, point.clamp(0, 1)), "the given mask stays as it was"
    assert point.sum() == 1
