"""Scaling laws, and the 8-bit conventions against recorded numbers (tests/data/text/image.safetensors)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from inkloom.diffusion.pictures import images

GOLDEN = Path(__file__).parent.parent / "data" / "text" / "image.safetensors"


def test_eight_bit_conventions():
    golden = load_file(GOLDEN)
    pixels = images.image_to_pixels(golden["image_float_hwc_unclipped"])
    assert torch.equal(torch.from_numpy(pixels), golden["image_uint8_hwc"])
    assert torch.equal(images.pixels_to_image(pixels), golden["image_loaded_hwc"])


def test_empty_image_spreads_the_colour_over_channels():
    image = images.empty_image(3, 2, 2, 0xFF8000)
    assert image.shape == (2, 2, 3, 3)
    assert image[1, 1, 2].tolist() == pytest.approx([1, 128 / 255, 0])


@pytest.mark.parametrize("method", images.SCALE_METHODS)
@pytest.mark.parametrize(("height", "width"), [(5, 7), (16, 3), (1, 1)])
def test_every_method_keeps_a_constant(method: str, height: int, width: int):
    scaled = images.scale(torch.full((2, 4, 6, 8), 0.25), method, width, height, "disabled")
    assert scaled.shape == (2, 4, height, width)
    assert torch.allclose(scaled, torch.full_like(scaled, 0.25), atol=1e-6)


@pytest.mark.parametrize("method", images.SCALE_METHODS)
def test_the_same_size_changes_nothing(method: str):
    samples = torch.randn(1, 4, 6, 8, generator=torch.Generator().manual_seed(0))
    assert torch.equal(images.scale(samples, method, 8, 6, "disabled"), samples)


def test_bislerp_keeps_the_length_of_turning_vectors():
    angle = torch.linspace(0, 3, 4)
    ring = torch.stack([angle.cos(), angle.sin()])[None, :, None, :]
    assert images.scale(ring, "bislerp", 9, 1, "disabled").norm(dim=1).sub(1).abs().max() < 1e-5
    assert images.scale(ring, "bilinear", 9, 1, "disabled").norm(dim=1).min() < 0.95


@pytest.mark.parametrize(
    ("asked", "got"),
    [((32, 16), (32, 16)), ((0, 6), (12, 6)), ((6, 0), (6, 3)), ((0, 0), (24, 12)), ((1, 0), (1, 1))],
)
def test_a_side_of_zero_follows_the_other(asked: tuple[int, int], got: tuple[int, int]):
    scaled = images.scale_image(torch.zeros(1, 12, 24, 3), "area", *asked, "disabled")
    assert (scaled.shape[2], scaled.shape[1]) == got


@pytest.mark.parametrize(
    ("factor", "size"), [(0.5, (12, 6)), (1.0, (24, 12)), (1.27, (30, 15)), (0.01, (1, 1))]
)
def test_a_factor_is_rounded_to_whole_pixels(factor: float, size: tuple[int, int]):
    scaled = images.scale_image_by(torch.zeros(1, 12, 24, 3), "bilinear", factor)
    assert (scaled.shape[2], scaled.shape[1]) == size


@pytest.mark.parametrize(
    ("megapixels", "size"), [(0.25, (724, 362)), (0.01, (145, 72)), (288 / 1024**2, (24, 12))]
)
def test_a_megapixel_is_1024_times_1024(megapixels: float, size: tuple[int, int]):
    scaled = images.scale_image_to_megapixels(torch.zeros(1, 12, 24, 1), "nearest-exact", megapixels)
    assert (scaled.shape[2], scaled.shape[1]) == size


@pytest.mark.parametrize(
    ("shape", "side", "size"),
    [
        ((12, 24), 48, (48, 24)),
        ((24, 12), 48, (24, 48)),
        ((7, 7), 3, (3, 3)),
        ((12, 24), 0, (24, 12)),
        ((1, 99), 9, (9, 1)),
    ],
)
def test_the_longer_side_is_scaled_to(shape: tuple[int, int], side: int, size: tuple[int, int]):
    scaled = images.scale_image_to_side(torch.zeros(1, *shape, 3), "area", side)
    assert (scaled.shape[2], scaled.shape[1]) == size


def test_every_eight_bit_level_survives_loading_and_saving():
    levels = np.arange(256, dtype=np.uint8)
    assert np.array_equal(images.image_to_pixels(images.pixels_to_image(levels)), levels)


@pytest.mark.parametrize(("shape", "kept"), [((1, 1, 2, 6), [2, 3]), ((1, 1, 2, 4), [1, 2])])
def test_centre_crop_keeps_the_middle(shape: tuple[int, ...], kept: list[int]):
    columns = torch.arange(shape[3], dtype=torch.float32).expand(shape)
    assert images.scale(columns, "nearest-exact", 2, 2, "center")[0, 0, 0].tolist() == kept


def test_unknown_names_are_told_with_the_known_ones():
    with pytest.raises(ValueError, match="unknown scale method 'cubic'; known: nearest-exact"):
        images.scale(torch.zeros(1, 1, 2, 2), "cubic", 1, 1, "disabled")
    with pytest.raises(ValueError, match="unknown crop 'middle'"):
        images.scale(torch.zeros(1, 1, 2, 2), "area", 1, 1, "middle")
