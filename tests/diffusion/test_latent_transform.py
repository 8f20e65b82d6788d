"""Latents cut, turned, mirrored and joined, and the masks that follow them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch
from torch import Tensor

from inkloom.diffusion.latents import latent_transform as change
from inkloom.diffusion.latents.sizes import scale_latent, scale_latent_by
from inkloom.diffusion.names import UnknownNameError
from inkloom.diffusion.values import Latent
from inkloom.nodes import latent_transform as nodes


def mask_of(latent: Latent) -> Tensor:
    mask = latent.get("noise_mask")
    assert mask is not None
    return mask


def numbered(height: int = 12, width: int = 10) -> Latent:
    """Cells by number, and a mask of pixels by the same number as their cell."""
    samples = torch.arange(float(height * width)).reshape(1, 1, height, width)
    mask = samples.repeat_interleave(8, -1).repeat_interleave(8, -2)
    return {"samples": samples, "noise_mask": mask, "batch_index": [3]}


def test_the_editors_choices_are_those_there_are():
    assert (*change.QUARTERS,) == nodes.ROTATIONS
    assert (*change.MIRRORS,) == nodes.FLIPS


@pytest.mark.parametrize(
    "transform",
    [
        lambda x: change.crop_latent(x, 64, 64, 8, 16),
        lambda x: change.crop_latent(x, 512, 512, 500, 500),
        lambda x: change.cut_latent(x, "x", 2, 3),
        lambda x: change.cut_latent(x, "y", -2, 9),
        lambda x: change.rotate_latent(x, "90 degrees"),
        lambda x: change.flip_latent(x, "y-axis: horizontally"),
        lambda x: scale_latent(x, "nearest-exact", 80, 80, "center"),
    ],
)
def test_the_mask_follows_the_cells(transform: Callable[[Latent], Latent]):
    changed = transform(numbered())
    mask = mask_of(changed)
    height, width = changed["samples"].shape[2:]
    assert mask.shape == (1, 1, 8 * height, 8 * width)
    # A mask is resized bilinearly, so only the middles of cells are sure to be theirs.
    assert torch.equal(mask[..., 4::8, 4::8], changed["samples"])
    assert changed.get("batch_index") == [3]


def cells(latent: Latent) -> list[list[float]]:
    return latent["samples"][0, 0].tolist()


SMALL: Latent = {"samples": torch.tensor([[[[1.0, 2, 3], [4, 5, 6]]]])}


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        (change.rotate_latent(SMALL, "none"), [[1, 2, 3], [4, 5, 6]]),
        (change.rotate_latent(SMALL, "90 degrees"), [[4, 1], [5, 2], [6, 3]]),
        (change.rotate_latent(SMALL, "180 degrees"), [[6, 5, 4], [3, 2, 1]]),
        (change.rotate_latent(SMALL, "270 degrees"), [[3, 6], [2, 5], [1, 4]]),
        (change.flip_latent(SMALL, "x-axis: vertically"), [[4, 5, 6], [1, 2, 3]]),
        (change.flip_latent(SMALL, "y-axis: horizontally"), [[3, 2, 1], [6, 5, 4]]),
        (change.cut_latent(SMALL, "x", 1, 1), [[2], [5]]),
        (change.cut_latent(SMALL, "x", -1, 5), [[3], [6]]),
        (change.cut_latent(SMALL, "x", 9, 2), [[3], [6]]),
        (change.cut_latent(SMALL, "x", -9, 2), [[1, 2], [4, 5]]),
        (change.cut_latent(SMALL, "y", 0, 1), [[1, 2, 3]]),
        (change.crop_latent(SMALL, 64, 64, 0, 0), [[1, 2, 3], [4, 5, 6]]),
        (change.join_latents(SMALL, SMALL, "x"), [[1, 2, 3, 1, 2, 3], [4, 5, 6, 4, 5, 6]]),
        (change.join_latents(SMALL, change.flip_latent(SMALL, "x-axis: vertically"), "-y"),
         [[4, 5, 6], [1, 2, 3], [1, 2, 3], [4, 5, 6]]),
        (scale_latent_by(SMALL, "nearest-exact", 0.1), [[5]]),
    ],
)  # fmt: skip
def test_cells(changed: Latent, expected: list[list[float]]):
    assert cells(changed) == expected


def test_a_crop_at_the_end_is_moved_back_until_64_pixels_are_left():
    cut = change.crop_latent(numbered(12, 10), 512, 512, 80, 96)["samples"]
    assert cut.shape == (1, 1, 8, 8)
    assert cut[0, 0, 0, 0] == 42  # row 4, column 2


def test_four_quarter_turns_are_none():
    turned = numbered()
    for _ in range(4):
        turned = change.rotate_latent(turned, "90 degrees")
    assert torch.equal(turned["samples"], numbered()["samples"])
    assert torch.equal(mask_of(turned), mask_of(numbered()))


def test_a_joined_latent_keeps_its_proportions_and_is_repainted_where_it_has_no_mask():
    first: Latent = {"samples": torch.zeros(2, 4, 4, 6), "noise_mask": torch.zeros(1, 1, 4, 6)}
    joined = change.join_latents(first, {"samples": torch.ones(1, 4, 8, 4)}, "x")
    assert joined["samples"].shape == (2, 4, 4, 8)
    mask: Tensor = mask_of(joined)
    assert mask.shape == (2, 1, 32, 64)
    assert mask[..., :48].max() == 0
    assert mask[..., 48:].min() == 1


def test_unknown_names_are_told_with_the_known_ones():
    with pytest.raises(UnknownNameError, match="unknown rotation '45 degrees'; known, nearest first: 90 deg"):
        change.rotate_latent(SMALL, "45 degrees")
    with pytest.raises(UnknownNameError, match="unknown axis 't'"):
        change.join_latents(SMALL, SMALL, "-t")
