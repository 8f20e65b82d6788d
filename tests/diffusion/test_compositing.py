"""One latent laid over another."""

from __future__ import annotations

import pytest
import torch

from inkloom.diffusion.latents.compositing import composite_latents, composite_latents_masked
from inkloom.diffusion.values import Latent


def field(value: float, height: int, width: int, batch: int = 1) -> Latent:
    return {"samples": torch.full((batch, 1, height, width), value, dtype=torch.float32)}


def cells(latent: Latent) -> list[list[float]]:
    return latent["samples"][0, 0].tolist()


@pytest.mark.parametrize(
    ("x", "y", "feather", "expected"),
    [
        (0, 0, 0, [[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 0, 0]]),
        (15, 8, 0, [[0, 0, 0, 0], [0, 1, 1, 0], [0, 1, 1, 0]]),  # rounded down to whole cells
        (24, 16, 0, [[0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 1]]),  # what hangs over is cut off
        (32, 0, 0, [[0] * 4] * 3),
        (0, 8, 16, [[0, 0, 0, 0], [0.5, 0.25, 0, 0], [1, 0.5, 0, 0]]),  # no blending where edges meet
    ],
)
def test_the_place_and_the_edges(x: int, y: int, feather: int, expected: list[list[float]]):
    composed = composite_latents(field(0, 3, 4), field(1, 2, 2), x, y, feather)
    assert cells(composed) == expected


def test_a_feather_wider_than_the_latent_still_blends():
    composed = composite_latents(field(0, 1, 5), field(1, 1, 3), 8, 0, 8 * 10)
    assert composed["samples"].flatten().tolist() == pytest.approx([0, 0.03, 0.04, 0.03, 0])


def test_a_mask_is_resized_to_the_source():
    mask = torch.zeros(1, 16, 16)
    mask[:, :, 8:] = 1
    composed = composite_latents_masked(field(0, 3, 4), field(1, 2, 2), 8, 0, mask, resize=False)
    assert cells(composed) == [[0, 0, 1, 0], [0, 0, 1, 0], [0, 0, 0, 0]]


def test_a_source_may_be_resized_and_is_repeated():
    below: Latent = {**field(0, 3, 4, batch=3), "batch_index": [7, 8, 9]}
    composed = composite_latents_masked(below, field(1, 9, 9, batch=2), 0, 0, None, resize=True)
    assert composed["samples"].min() == 1
    assert composed["samples"].shape == (3, 1, 3, 4)
    assert composed.get("batch_index") == [7, 8, 9]
    assert below["samples"].max() == 0


def test_latents_of_different_kinds_of_model_are_refused():
    other: Latent = {"samples": torch.zeros(1, 4, 2, 2)}
    with pytest.raises(ValueError, match=r"have 1 \(no known kind\) and 4 \(.*\) channels"):
        composite_latents(field(0, 3, 4), other, 0, 0, 0)
