"""Porter and Duff's operators: their table, and the laws of layers that are opaque, absent or alike."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from inkloom.diffusion import UnknownNameError, composite_layers
from inkloom.diffusion.pictures.porter_duff import PORTER_DUFF_MODES

GENERATOR = torch.Generator().manual_seed(0)
SOURCE, DESTINATION = torch.rand(2, 1, 4, 4, 3, generator=GENERATOR)
SOURCE_MASK, DESTINATION_MASK = torch.rand(2, 1, 4, 4, generator=GENERATOR)
OPAQUE, ABSENT = torch.zeros(1, 4, 4), torch.ones(1, 4, 4)


def premultiplied(
    mode: str, source: Tensor, source_mask: Tensor, destination: Tensor, destination_mask: Tensor
) -> tuple[Tensor, Tensor]:
    colour, mask = composite_layers(source, source_mask, destination, destination_mask, mode)
    return colour * (1 - mask)[..., None], 1 - mask


# Porter and Duff 1984, table 1: how much of the source and of the destination is kept, by their alphas.
FRACTIONS = {
    "CLEAR": ("0", "0"),
    "SRC": ("1", "0"),
    "DST": ("0", "1"),
    "SRC_OVER": ("1", "1 - s"),
    "DST_OVER": ("1 - d", "1"),
    "SRC_IN": ("d", "0"),
    "DST_IN": ("0", "s"),
    "SRC_OUT": ("1 - d", "0"),
    "DST_OUT": ("0", "1 - s"),
    "SRC_ATOP": ("d", "1 - s"),
    "DST_ATOP": ("1 - d", "s"),
    "XOR": ("1 - d", "1 - s"),
}


def fraction(text: str, s: Tensor, d: Tensor) -> Tensor:
    return {
        "0": torch.zeros_like(s),
        "1": torch.ones_like(s),
        "s": s,
        "d": d,
        "1 - s": 1 - s,
        "1 - d": 1 - d,
    }[text]


@pytest.mark.parametrize("mode", FRACTIONS)
def test_their_operators(mode: str):
    s, d = 1 - SOURCE_MASK, 1 - DESTINATION_MASK
    of_source, of_destination = (fraction(text, s, d) for text in FRACTIONS[mode])
    colour, alpha = premultiplied(mode, SOURCE, SOURCE_MASK, DESTINATION, DESTINATION_MASK)
    wanted = SOURCE * (s * of_source)[..., None] + DESTINATION * (d * of_destination)[..., None]
    assert torch.allclose(alpha, s * of_source + d * of_destination, atol=1e-6)
    assert torch.allclose(colour, wanted, atol=1e-6)


@pytest.mark.parametrize(
    ("mode", "source", "destination", "result"),
    [
        ("ADD", 0.4, 0.5, 0.9),
        ("ADD", 0.8, 0.5, 1.0),
        ("MULTIPLY", 0.4, 0.5, 0.2),
        ("SCREEN", 0.4, 0.5, 0.7),
        ("DARKEN", 0.4, 0.5, 0.4),
        ("LIGHTEN", 0.4, 0.5, 0.5),
        ("OVERLAY", 0.4, 0.25, 0.2),  # 2 * 0.4 * 0.25
        ("OVERLAY", 0.4, 0.75, 0.7),  # 1 - 2 * 0.25 * 0.6
    ],
)
def test_opaque_colours(mode: str, source: float, destination: float, result: float):
    pictures = [torch.full((1, 4, 4, 3), value) for value in (source, destination)]
    colour, mask = composite_layers(pictures[0], OPAQUE, pictures[1], OPAQUE, mode)
    assert colour.flatten().tolist() == pytest.approx([result] * 48)
    assert mask.max() == 0


KEEPS_BOTH = sorted({"ADD", "DARKEN", "LIGHTEN", "OVERLAY", "SCREEN", "SRC_OVER", "DST_OVER", "XOR"})


@pytest.mark.parametrize("mode", KEEPS_BOTH)
def test_over_or_under_nothing_a_layer_stays_as_it_is(mode: str):
    alone = premultiplied("SRC", SOURCE, SOURCE_MASK, DESTINATION, ABSENT)
    with_nothing = premultiplied(mode, SOURCE, SOURCE_MASK, DESTINATION, ABSENT)
    nothing_with = premultiplied(mode, DESTINATION, ABSENT, SOURCE, SOURCE_MASK)
    for ours, again, wanted in zip(with_nothing, nothing_with, alone, strict=True):
        assert torch.allclose(ours, wanted, atol=1e-6)
        assert torch.allclose(again, wanted, atol=1e-6)


@pytest.mark.parametrize("mode", PORTER_DUFF_MODES)
def test_what_comes_out_is_a_picture(mode: str):
    colour, mask = composite_layers(SOURCE, SOURCE_MASK, DESTINATION, DESTINATION_MASK, mode)
    for part in (colour, mask):
        assert part.min() >= -1e-6
        assert part.max() <= 1 + 1e-6
    assert (colour[mask > 1 - 1e-5] == 0).all()


def test_a_source_is_cut_together_with_its_mask():
    wide, mask = torch.zeros(1, 2, 8, 3), torch.ones(1, 2, 8)
    wide[:, :, 3], mask[:, :, 3] = 1, 0
    colour, cover = composite_layers(wide, mask, torch.zeros(1, 2, 2, 3), torch.ones(1, 2, 2), "SRC")
    assert cover.tolist() == [[[0, 1], [0, 1]]]
    assert colour[0, :, :, 0].tolist() == [[1, 0], [1, 0]]


def test_sizes_and_batches_fit():
    colour, mask = composite_layers(
        torch.rand(3, 9, 5, 4),
        torch.zeros(1, 64, 64),
        torch.rand(1, 6, 8, 3),
        torch.zeros(2, 2, 2),
        "SRC_OVER",
    )
    assert (colour.shape, mask.shape) == ((3, 6, 8, 3), (3, 6, 8))
    with pytest.raises(UnknownNameError, match="unknown mode 'SRC_UNDER'"):
        composite_layers(SOURCE, OPAQUE, SOURCE, OPAQUE, "SRC_UNDER")
