"""Pictures laid over others: what shows, and what a mask, a size or a batch that does not fit becomes."""

from __future__ import annotations

import pytest
import torch

from inkloom.diffusion import composite_images, join_alpha, split_alpha

BELOW, ABOVE = torch.zeros(1, 3, 4, 3), torch.ones(1, 2, 2, 3)


def shown(x: int, y: int, mask: torch.Tensor | None = None, *, resize: bool = False) -> list[list[float]]:
    return composite_images(BELOW, ABOVE, x, y, mask, resize=resize)[0, :, :, 0].tolist()


@pytest.mark.parametrize(
    ("x", "y", "wanted"),
    [
        (0, 0, [[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 0, 0]]),
        (3, 2, [[0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 1]]),
        (4, 0, [[0] * 4] * 3),
        (99, 99, [[0] * 4] * 3),
    ],
)
def test_what_hangs_over_is_cut_off(x: int, y: int, wanted: list[list[float]]):
    assert shown(x, y) == wanted


def test_a_mask_says_how_much_shows():
    mask = torch.tensor([[[0.0, 0.25], [0.5, 1.0]]])
    assert shown(1, 1, mask) == [[0, 0, 0, 0], [0, 0, 0.25, 0], [0, 0.5, 1, 0]]
    fine = torch.tensor([[[0.0, 0, 1, 1]] * 4])
    assert shown(0, 0, fine) == [[0, 1, 0, 0], [0, 1, 0, 0], [0, 0, 0, 0]]
    coarse = torch.tensor([[[0.0, 1.0]]])
    assert shown(0, 0, coarse) == [[0, 1, 0, 0], [0, 1, 0, 0], [0, 0, 0, 0]]


def test_a_resized_source_covers_everything():
    assert shown(0, 0, resize=True) == [[1] * 4] * 3


def test_batch_and_channels_are_those_below():
    below = torch.zeros(3, 2, 2, 4)
    laid = composite_images(below, ABOVE, 0, 0, torch.ones(2, 2, 2), resize=False)
    assert (laid.shape, laid.min()) == ((3, 2, 2, 4), 1)
    assert composite_images(BELOW, torch.ones(5, 1, 1, 4), 0, 0, None, resize=False).shape == BELOW.shape
    assert below.max() == 0, "the picture below is not written to"


def test_alpha_comes_off_and_goes_on_again():
    image = torch.rand(2, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    colours, mask = split_alpha(image)
    assert torch.equal(mask, 1 - image[..., 3])
    assert torch.allclose(join_alpha(colours, mask), image)
    assert split_alpha(colours)[1].sum() == 0


def test_the_empty_mask_of_a_loaded_picture_leaves_it_opaque():
    joined = join_alpha(torch.rand(2, 5, 3, 3), torch.zeros(1, 64, 64))
    assert joined.shape == (2, 5, 3, 4)
    assert joined[..., 3].min() == 1
