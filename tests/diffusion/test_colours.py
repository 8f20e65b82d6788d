"""Lightness and the two colour differences of JPEG."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from PIL import Image

from inkloom.diffusion import image_to_pixels, rgb_to_yuv, yuv_to_rgb


@pytest.mark.parametrize(
    ("rgb", "yuv"),
    [
        ((0, 0, 0), (0, 0.5, 0.5)),
        ((1, 1, 1), (1, 0.5, 0.5)),
        ((1, 0, 0), (0.299, 0.331264, 1)),
        ((0, 1, 0), (0.587, 0.168736, 0.081312)),
        ((0, 0, 1), (0.114, 1, 0.418688)),
    ],
)
def test_the_corners_of_the_colour_cube(rgb: tuple[float, ...], yuv: tuple[float, ...]):
    parts = rgb_to_yuv(torch.tensor(rgb).float().reshape(1, 1, 1, 3))
    for part, wanted in zip(parts, yuv, strict=True):
        assert part.flatten().tolist() == pytest.approx([wanted] * 3, abs=1e-6)


def test_pillow_agrees():
    pixels = np.random.default_rng(0).integers(0, 256, (8, 8, 3), np.uint8)
    theirs = np.asarray(Image.fromarray(pixels).convert("YCbCr")).astype(int)
    ours = [
        image_to_pixels(part)[0, :, :, 0] for part in rgb_to_yuv(torch.from_numpy(pixels / 255).float()[None])
    ]
    assert np.abs(np.stack(ours, -1).astype(int) - theirs).max() <= 1


def test_back_again():
    image = torch.rand(2, 5, 7, 3, generator=torch.Generator().manual_seed(0))
    assert torch.allclose(yuv_to_rgb(*rgb_to_yuv(image)), image, atol=1e-6)


def test_colour_may_be_coarser_than_lightness():
    y, u, v = rgb_to_yuv(torch.full((2, 8, 8, 4), 0.25))
    assert torch.allclose(yuv_to_rgb(y, u[:1, ::2, ::4], v[:, :3]), torch.full((2, 8, 8, 3), 0.25), atol=1e-6)
