"""The vectors of SDXL and its refiner, against stored ones."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from inkloom.diffusion.prompts.vectors import refiner_vector, sdxl_vector

TEXT = Path(__file__).parents[1] / "data/text"
CASES = json.loads((TEXT / "adm.json").read_text(encoding="utf-8"))
NAMES: tuple[str, ...] = ("height", "width", "crop_h", "crop_w", "target_height", "target_width")


@pytest.fixture(scope="module")
def stored():
    return load_file(TEXT / "adm.safetensors")


@pytest.mark.parametrize("case", range(len(CASES["cases"])))
def test_sdxl_appends_six_numbers(stored, case):
    options = dict(zip(NAMES, CASES["cases"][case], strict=True))
    found = sdxl_vector(stored["pooled"], options, 3, 5)
    assert torch.equal(found[:, :1280], stored["pooled"])
    torch.testing.assert_close(found[:, 1280:], stored[f"base_{case}_tail"], rtol=0, atol=1e-4)
    if case == 0:
        torch.testing.assert_close(found, stored["base_0_y"], rtol=0, atol=1e-4)


@pytest.mark.parametrize(("case", "score"), [*enumerate(CASES["aesthetic"])])
def test_the_refiner_appends_four_numbers_and_a_score(stored, case, score):
    options = {**dict(zip(NAMES, CASES["cases"][1], strict=True)), "aesthetic_score": score}
    found = refiner_vector(stored["pooled"], options, 3, 5)
    torch.testing.assert_close(found, stored[f"refiner_{case}_y"], rtol=0, atol=1e-4)


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ({}, (64, 96, 0, 0, 64, 96)),
        ({"width": 8, "height": 16}, (16, 8, 0, 0, 16, 8)),
        ({"target_width": 8, "crop_w": 3}, (64, 96, 0, 3, 64, 8)),
    ],
)
def test_what_options_leave_out_is_the_size_and_no_crop(given, meant):
    pooled = torch.zeros(2, 4)
    whole = sdxl_vector(pooled, dict(zip(NAMES, meant, strict=True)), 1, 1)
    assert torch.equal(sdxl_vector(pooled, given, 64, 96), whole)
    assert whole.shape == (2, 4 + 6 * 256)


@pytest.mark.parametrize(("prompt", "score"), [("positive", 6.0), ("negative", 2.5)])
def test_the_refiners_score_depends_on_which_prompt_it_is(prompt, score):
    pooled = torch.zeros(1, 4)
    plain = refiner_vector(pooled, {"prompt_type": prompt}, 64, 96)
    assert torch.equal(plain, refiner_vector(pooled, {"aesthetic_score": score}, 64, 96))


def test_a_vector_keeps_the_pooled_texts_dtype():
    assert sdxl_vector(torch.zeros(1, 4, dtype=torch.bfloat16), {}, 8, 8).dtype == torch.bfloat16
