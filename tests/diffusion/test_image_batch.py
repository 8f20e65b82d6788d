"""Batches of pictures: what is taken, and what a picture of another size or kind becomes."""

from __future__ import annotations

import pytest
import torch

from inkloom.diffusion import add_noise_to_image, images_from_batch, join_images
from inkloom.diffusion.pictures.image_batch import with_channels


def numbered(count: int) -> torch.Tensor:
    return torch.arange(float(count)).reshape(-1, 1, 1, 1).expand(count, 2, 2, 3) / 10


@pytest.mark.parametrize(
    ("first", "length", "got"), [(0, 1, [0]), (1, 2, [1, 2]), (2, 9, [2, 3]), (3, 1, [3]), (9, 4, [3])]
)
def test_as_many_pictures_are_taken_as_there_are(first: int, length: int, got: list[int]):
    taken = images_from_batch(numbered(4), first, length)
    assert taken[:, 0, 0, 0].tolist() == pytest.approx([number / 10 for number in got])


def test_the_second_batch_takes_the_size_of_the_first_by_its_middle():
    wide = torch.zeros(1, 2, 6, 3)
    wide[:, :, 2:4] = 1
    joined = join_images(numbered(2), wide)
    assert joined.shape == (3, 2, 2, 3)
    assert joined[2].min() == 1


@pytest.mark.parametrize(
    ("given", "wanted", "got"),
    [
        ([0.2], 3, [0.2, 0.2, 0.2]),
        ([0.2], 4, [0.2, 0.2, 0.2, 1]),
        ([0.1, 0.2, 0.3], 4, [0.1, 0.2, 0.3, 1]),
        ([0.1, 0.2, 0.3, 0.4], 3, [0.1, 0.2, 0.3]),
    ],
)
def test_channels(given: list[float], wanted: int, got: list[float]):
    image = torch.tensor(given).expand(1, 2, 2, len(given))
    assert with_channels(image, wanted)[0, 1, 1].tolist() == pytest.approx(got)


def test_channels_that_no_picture_has_are_refused():
    with pytest.raises(ValueError, match="2 channels can't become one with 3"):
        with_channels(torch.zeros(1, 2, 2, 2), 3)


def test_an_opaque_picture_joins_one_with_alpha():
    joined = join_images(torch.zeros(1, 2, 2, 3), torch.zeros(1, 2, 2, 4))
    assert joined[:, 0, 0, 3].tolist() == [1, 0]


def test_noise_is_that_of_the_seed_and_as_strong_as_asked():
    grey = torch.full((1, 64, 64, 3), 0.5)
    drawn = torch.randn(grey.shape, generator=torch.Generator().manual_seed(2**64 - 1))
    assert torch.equal(add_noise_to_image(grey, 2**64 - 1, 0.1), (grey + 0.1 * drawn).clamp(0, 1))
    assert torch.equal(add_noise_to_image(grey, 3, 0.0), grey)
    assert add_noise_to_image(grey, 3, 1.0).aminmax() == (0, 1)
