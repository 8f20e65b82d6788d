"""Values in words."""

from __future__ import annotations

import pytest
import torch

from inkloom.diffusion import check_image, described


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (torch.tensor([[0.0, 0.5]]), "a float32 tensor [1, 2] from 0 to 0.5"),
        (torch.zeros(0, 3), "a float32 tensor [0, 3]"),
        (torch.tensor([True, False]), "a bool tensor [2] from 0 to 1"),
        ({"samples": 1, "noise_mask": 2}, "a latent (samples, noise_mask)"),
        ({"a": 1}, "a dict (a)"),
        (None, "nothing (None)"),
        ("cat", "a str ('cat')"),
        (range(9), "a range (range(0, 9))"),
        ("x" * 999, "a str ('" + "x" * 199 + "…)"),
    ],
)
def test_described(value: object, words: str):
    assert described(value) == words


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ("cat", r"images: wants pictures, .* not a str \('cat'\)$"),
        (torch.zeros(1, 64, 64), "not a float32 tensor .*; MaskToImage makes pictures of masks"),
        ({"samples": torch.zeros(1, 4, 2, 2)}, r"not a latent \(samples\); VAEDecode makes pictures"),
        (torch.zeros(1, 8, 8, 5), "1 to 4 channels"),
        (torch.zeros(1, 8, 8, 3, dtype=torch.uint8), "not a uint8 tensor"),
        (torch.zeros(0, 8, 8, 3), r"not a float32 tensor \[0, 8, 8, 3\]"),
        (None, "not nothing"),
    ],
)
def test_what_is_no_picture_is_told_in_one_sentence(value: object, told: str):
    with pytest.raises(TypeError, match=told):
        check_image(value, "images")


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_a_picture_is_one(channels: int):
    image = torch.zeros(1, 2, 2, channels)
    assert check_image(image, "images") is image
