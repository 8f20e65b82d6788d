"""Canny's edges against a loop over pixels, and on pictures whose edges are known."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from torch import Tensor

from inkloom.diffusion import canny_edges
from inkloom.diffusion.pictures.canny import connected


def by_loops(grey: np.ndarray, low: float, high: float) -> np.ndarray:
    """Gaussian 5x5 of sigma 1, Sobel, the steepest along the gradient, then lines from steep ones on."""
    height, width = grey.shape
    g = np.exp(-(np.arange(-2, 3) ** 2) / 2)
    padded = np.pad(grey, 2, mode="reflect")
    smooth = np.zeros_like(grey)
    for y, x in np.ndindex(height, width):
        smooth[y, x] = (padded[y : y + 5, x : x + 5] * np.outer(g, g)).sum() / g.sum() ** 2
    padded = np.pad(smooth, 1, mode="edge")
    across = np.array([[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]])
    steep, angle = np.zeros((height + 2, width + 2)), np.zeros((height, width))
    for y, x in np.ndindex(height, width):
        dx, dy = ((padded[y : y + 3, x : x + 3] * kernel).sum() for kernel in (across, across.T))
        steep[y + 1, x + 1], angle[y, x] = math.hypot(dx, dy), math.degrees(math.atan2(dy, dx)) % 180
    state = np.zeros((height + 2, width + 2), int)
    for y, x in np.ndindex(height, width):
        dy, dx = {0: (0, 1), 1: (1, 1), 2: (1, 0), 3: (1, -1)}[round(float(angle[y, x]) / 45) % 4]
        here, ahead, behind = (
            steep[y + 1, x + 1],
            steep[y + 1 + dy, x + 1 + dx],
            steep[y + 1 - dy, x + 1 - dx],
        )
        if here > ahead and here >= behind:
            state[y + 1, x + 1] = 2 if here > high else 1 if here > low else 0
    before = -1
    while before != (before := state.sum()):
        for y, x in np.ndindex(height, width):
            if state[y + 1, x + 1] == 1 and (state[y : y + 3, x : x + 3] == 2).any():
                state[y + 1, x + 1] = 2
    return (state[1:-1, 1:-1] == 2).astype(np.float32)


@pytest.mark.parametrize("shape", [(8, 8), (24, 31), (5, 1), (1, 1)])
@pytest.mark.parametrize(("low", "high"), [(0.1, 0.3), (0.3, 0.3), (0.2, 1.4)])
def test_edges_of_noise_are_those_of_the_loops(shape: tuple[int, int], low: float, high: float):
    grey = np.random.default_rng(shape[0]).random(shape)
    edges = canny_edges(torch.from_numpy(grey).float()[None, :, :, None], low, high)
    assert edges.shape == (1, *shape, 3)
    assert edges[0, :, :, 0].numpy().tolist() == by_loops(grey, low, high).tolist()


@pytest.mark.parametrize("turn", [0, 1])
@pytest.mark.parametrize("left", [3, 8])
def test_a_step_gives_one_unbroken_line_of_one_pixel(turn: int, left: int):
    step = torch.zeros(1, 16, 16, 3)
    step[:, :, left:] = 1
    edges = canny_edges(step.rot90(turn, (1, 2)), 0.4, 0.8).rot90(-turn, (1, 2))[0, :, :, 0]
    assert edges.sum(1).tolist() == [1] * 16
    assert len({row.argmax().item() for row in edges}) == 1
    assert edges[0].argmax().item() in (left - 1, left)


def line(strength: Tensor) -> Tensor:
    """A step down the middle that is as high as `strength` says in each row."""
    image = torch.zeros(1, len(strength), 12, 3)
    image[0, :, 6:] = strength[:, None, None]
    return image


def test_weak_edges_stay_only_where_they_hang_on_strong_ones():
    fading = canny_edges(line(torch.linspace(1, 0.2, 30)), 0.3, 0.9)[0, :, :, 0]
    assert fading.any(1).all()
    weak = canny_edges(line(torch.full((30,), 0.3)), 0.3, 0.9)
    assert not weak.any()


@pytest.mark.parametrize("step", [(y, x) for y in (-1, 0, 1) for x in (-1, 0, 1) if (y, x) != (0, 0)])
def test_a_flood_goes_on_in_every_direction_but_not_over_the_edge(step: tuple[int, int]):
    seeds = torch.zeros(2, 5, 5, dtype=torch.bool)
    seeds[1, 2, 2] = True
    way = seeds.clone()
    for distance in (1, 2):
        way[1, 2 + distance * step[0], 2 + distance * step[1]] = True
    elsewhere = torch.zeros_like(seeds)
    elsewhere[0] = True
    if step[0] == 0:
        elsewhere[1, (1, 3), 2 - 2 * step[1]] = True  # where a row that ran over would come out
    assert torch.equal(connected(seeds, way | elsewhere), way)


def test_pictures_of_a_batch_do_not_touch():
    pictures = torch.cat([line(torch.ones(8)), line(torch.full((8,), 0.3))])
    together = canny_edges(pictures, 0.3, 0.9)
    assert torch.equal(together, torch.cat([canny_edges(one[None], 0.3, 0.9) for one in pictures]))


def test_a_low_threshold_above_the_high_one_is_refused():
    with pytest.raises(ValueError, match=r"low_threshold 0\.5 is above high_threshold 0\.4"):
        canny_edges(torch.zeros(1, 4, 4, 3), 0.5, 0.4)
