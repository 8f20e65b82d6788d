"""Few colours: how many there are, how near they come, and Bayer's thresholds."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from inkloom.diffusion import UnknownNameError, quantise_image
from inkloom.diffusion.pictures.quantise import DITHERS, bayer_matrix


def ramp(side: int = 32) -> Tensor:
    line = torch.linspace(0, 1, side)
    return torch.stack(
        [line.expand(side, side), line[:, None].expand(side, side), torch.full((side, side), 0.5)], -1
    )[None]


def colours(image: Tensor) -> int:
    return len(image.reshape(-1, image.shape[3]).unique(dim=0))


@pytest.mark.parametrize("dither", DITHERS)
@pytest.mark.parametrize("count", [1, 2, 7, 64])
def test_there_are_no_more_colours_than_asked_for(dither: str, count: int):
    quantised = quantise_image(ramp(), count, dither)
    assert quantised.shape == ramp().shape
    assert colours(quantised) <= count


@pytest.mark.parametrize("dither", ["none", "floyd-steinberg"])
def test_a_picture_of_few_colours_stays_as_it_is(dither: str):
    image = torch.tensor([[0, 0, 0], [1, 1, 1], [1, 0, 0], [0, 0, 1]]).float().reshape(1, 2, 2, 3)
    assert torch.equal(quantise_image(image, 4, dither), image)


@pytest.mark.parametrize("dither", [name for name in DITHERS if name not in ("none", "bayer-2")])
def test_dithered_areas_come_nearer_to_the_picture(dither: str):
    def error(quantised: Tensor) -> float:
        coarse = torch.nn.functional.avg_pool2d((quantised - ramp(64)).movedim(-1, 1), 16)
        return coarse.square().mean().item()

    assert error(quantise_image(ramp(64), 8, dither)) < 0.7 * error(quantise_image(ramp(64), 8, "none"))


def test_bayers_matrices():
    assert (bayer_matrix(2) * 4 + 1.5).tolist() == [[0, 2], [3, 1]]
    # Bayer 1973, the matrix of rank 2.
    four = [[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]]
    assert (bayer_matrix(4) * 16 + 7.5).tolist() == four
    for side in (1, 2, 4, 8, 16):
        assert bayer_matrix(side).shape == (side, side)
        assert bayer_matrix(side).sum() == 0
        assert len(set(bayer_matrix(side).flatten().tolist())) == side * side


def test_a_batch_gets_a_palette_for_each_and_alpha_stays():
    images = torch.zeros(2, 4, 4, 4)
    images[0, :, :, 0], images[1, :, :, 2] = 1, 1
    images[..., 3] = 0.3
    assert torch.equal(quantise_image(images, 1, "none"), images)


def test_what_can_not_be_done_is_told():
    with pytest.raises(UnknownNameError, match="unknown dither 'bayer'; known, nearest first: bayer-"):
        quantise_image(ramp(), 4, "bayer")
    with pytest.raises(ValueError, match="no colours to choose from"):
        quantise_image(torch.zeros(1, 2, 2, 1), 4, "none")
