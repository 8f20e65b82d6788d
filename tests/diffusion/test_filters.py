"""Blur, sharpening and morphology against loops written straight from their definitions."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from inkloom.diffusion import UnknownNameError
from inkloom.diffusion.pictures import filters


def noise(*shape: int, seed: int = 0) -> Tensor:
    return torch.rand(shape, generator=torch.Generator().manual_seed(seed))


def blurred_by_loops(image: Tensor, radius: int, sigma: float) -> Tensor:
    """Every pixel is the weighted mean of a square around it; numpy mirrors the picture at its edges."""
    steps = range(-radius, radius + 1)
    weights = {
        (i, j): math.exp(-((i / radius) ** 2 + (j / radius) ** 2) / (2 * sigma**2))
        for i in steps
        for j in steps
    }
    total = sum(weights.values())
    padded = np.pad(image.numpy(), ((0, 0), (radius, radius), (radius, radius), (0, 0)), mode="reflect")
    result = np.zeros(image.shape)
    for y, x in np.ndindex(*image.shape[1:3]):
        for (i, j), weight in weights.items():
            result[:, y, x] += padded[:, y + radius + i, x + radius + j] * weight / total
    return torch.from_numpy(result).float()


@pytest.mark.parametrize(
    ("shape", "radius", "sigma"),
    [((1, 8, 8, 3), 1, 1.0), ((2, 7, 9, 4), 3, 0.4), ((1, 3, 2, 1), 5, 2.0), ((1, 1, 1, 3), 2, 1.0)],
)
def test_blur_is_the_weighted_mean_also_where_the_kernel_is_larger_than_the_picture(
    shape: tuple[int, ...], radius: int, sigma: float
):
    image = noise(*shape)
    assert torch.allclose(
        filters.blur_image(image, radius, sigma), blurred_by_loops(image, radius, sigma), atol=1e-5
    )


def test_blur_keeps_a_constant_and_the_sum_of_what_lies_inside():
    assert torch.allclose(
        filters.blur_image(torch.full((1, 9, 5, 3), 0.3), 7, 0.7), torch.tensor(0.3), atol=1e-6
    )
    point = torch.zeros(1, 21, 21, 1)
    point[0, 10, 10] = 1
    assert filters.blur_image(point, 4, 0.5).sum().item() == pytest.approx(1, abs=1e-5)


def test_a_gaussian_in_pixels_has_the_variance_it_is_named_for():
    point = torch.zeros(1, 1, 41, 41)
    point[0, 0, 20, 20] = 1
    spread = filters.blurred(point, 2.5, 15)[0, 0]
    at = torch.arange(41.0) - 20
    assert (spread.sum(0) * at**2).sum().item() == pytest.approx(2.5**2, rel=1e-3)


@pytest.mark.parametrize(("alpha", "gain"), [(0.0, 0), (0.05, 0.5), (0.1, 1)])
def test_sharpening_adds_ten_times_alpha_what_blur_takes_away(alpha: float, gain: float):
    image = 0.4 + 0.2 * noise(1, 8, 8, 3)
    wanted = image + gain * (image - blurred_by_loops(image, 2, 0.8))
    assert torch.allclose(filters.sharpen_image(image, 2, 0.8, alpha), wanted, atol=1e-5)


def test_sharpening_stays_in_range():
    sharp = filters.sharpen_image(noise(1, 8, 8, 3), 1, 1.0, 5.0)
    assert (sharp.min(), sharp.max()) == (0, 1)


def extreme_by_loops(image: Tensor, size: int, before: int, pick: np.ufunc) -> Tensor:
    _, height, width, _ = image.shape
    result = np.empty(image.shape, np.float32)
    for y, x in np.ndindex(height, width):
        rows, columns = (slice(max(0, at - before), at - before + size) for at in (y, x))
        result[:, y, x] = pick.reduce(image.numpy()[:, rows, columns], axis=(1, 2))
    return torch.from_numpy(result)


@pytest.mark.parametrize("size", [3, 4, 5, 8, 999])
@pytest.mark.parametrize("shape", [(1, 8, 8, 3), (2, 1, 5, 1), (1, 1, 1, 4)])
def test_erosion_and_dilation_are_the_extremes_of_a_square(shape: tuple[int, ...], size: int):
    image = noise(*shape)
    eroded = extreme_by_loops(image, size, size // 2, np.minimum)
    dilated = extreme_by_loops(image, size, (size - 1) // 2, np.maximum)
    assert torch.equal(filters.morph_image(image, "erode", size), eroded)
    assert torch.equal(filters.morph_image(image, "dilate", size), dilated)
    assert torch.allclose(filters.morph_image(image, "gradient", size), dilated - eroded)


@pytest.mark.parametrize("size", [3, 4, 7])
def test_opening_and_closing_surround_the_picture_and_are_done_once_and_for_all(size: int):
    image = noise(1, 16, 12, 2)
    opened, closed = (filters.morph_image(image, name, size) for name in ("open", "close"))
    assert (opened <= image).all()
    assert (image <= closed).all()
    assert torch.equal(filters.morph_image(opened, "open", size), opened)
    assert torch.equal(filters.morph_image(closed, "close", size), closed)
    assert torch.equal(filters.morph_image(image, "top_hat", size), image - opened)
    assert torch.equal(filters.morph_image(image, "bottom_hat", size), closed - image)


def test_an_unknown_operation_is_told_with_the_known_ones():
    with pytest.raises(UnknownNameError, match="unknown operation 'errode'; known, nearest first: erode"):
        filters.morph_image(noise(1, 2, 2, 3), "errode", 3)
