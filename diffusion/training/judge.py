"""Tell from the pixels alone what a picture of one object shows.

Everything is estimated robustly, since generated pictures are soft: the background is the border's median,
the object is what differs from it, its colour is a vote of its inner pixels, its shape the outline it
overlaps best.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .drawing import outline, second_shade
from .scenes import BACKGROUNDS, COLOURS, POSITIONS, SHAPES, SIDE, Rgb, Scene

Floats = NDArray[np.float32]
Mask = NDArray[np.bool_]

BORDER = 3
"""Width in pixels of the border whose median is the background."""
FAINTEST = 24.0
"""Distance in RGB (0..255 each) below which nothing is an object."""
SMALLEST = 60
"""Pixels an object has at least, in a picture of 128x128."""
GRID = 32
"""Outlines are compared after their bounding boxes are brought to this many pixels a side."""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What a picture shows, by the names of `scenes`; None where there is no object to be seen."""

    background: str
    colour: str | None
    shape: str | None
    position: str | None


ATTRIBUTES = tuple(field.name for field in fields(Verdict))


def truth(scene: Scene) -> Verdict:
    """Give the right verdict on a scene of one object. Raises ValueError for a scene of two."""
    if len(scene.things) != 1:
        raise ValueError(f"the judge looks at one object, this scene has {len(scene.things)}")
    thing = scene.things[0]
    return Verdict(background=scene.background, colour=thing.colour, shape=thing.shape, position=scene.place)


def judge(picture: NDArray[np.uint8]) -> Verdict:
    """Judge a picture, uint8 [H,W,3], of any size."""
    image = picture.astype(np.float32)
    ground = np.median(_border(image), axis=0)
    background = _nearest(ground, {name: (rgb,) for name, rgb in BACKGROUNDS.items()})
    distance = np.linalg.norm(image - ground, axis=2).astype(np.float32)
    strong = float(np.quantile(distance, 0.985))
    mask = _largest(distance > max(FAINTEST, 0.45 * strong))
    if mask.sum() < SMALLEST * mask.size / SIDE**2:
        return Verdict(background=background, colour=None, shape=None, position=None)
    inner = _eroded(mask) if _eroded(mask).any() else mask
    # Soft edges carry shape that a threshold would lose.
    soft = np.clip(distance / float(np.median(distance[inner])), 0, 1) * _dilated(mask)
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    box = (int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)
    return Verdict(
        background=background,
        colour=_vote(image[inner]),
        shape=_shape(soft, box),
        position=_position(box, mask.shape),
    )


def _border(image: Floats) -> Floats:
    rows = np.concatenate([image[:BORDER], image[-BORDER:]]).reshape(-1, 3)
    columns = np.concatenate([image[:, :BORDER], image[:, -BORDER:]], axis=1).reshape(-1, 3)
    return np.concatenate([rows, columns])


def _distances(colours: Floats, palette: Mapping[str, tuple[Rgb, ...]]) -> Floats:
    """Give the distance [N,names] of each colour [N,3] to the nearest shade of each name."""
    return np.stack(
        [
            np.min(
                [np.linalg.norm(colours - np.asarray(shade, np.float32), axis=1) for shade in shades], axis=0
            )
            for shades in palette.values()
        ],
        axis=1,
    )


def _nearest(colour: Floats, palette: Mapping[str, tuple[Rgb, ...]]) -> str:
    return tuple(palette)[int(_distances(colour[None], palette).argmin())]


def _vote(colours: Floats) -> str:
    """Name the object's colour: every pixel votes; its own colour counts, and the shade of a pattern."""
    palette = {name: (rgb, second_shade(rgb)) for name, rgb in COLOURS.items()}
    votes = np.bincount(_distances(colours, palette).argmin(axis=1), minlength=len(palette))
    return tuple(palette)[int(votes.argmax())]


def _shifted(mask: Mask) -> list[Mask]:
    padded = np.pad(mask, 1)
    height, width = mask.shape
    return [padded[y : y + height, x : x + width] for y in range(3) for x in range(3)]


def _eroded(mask: Mask) -> Mask:
    return np.logical_and.reduce(_shifted(mask))


def _dilated(mask: Mask) -> Mask:
    return np.logical_or.reduce(_shifted(mask))


def _largest(mask: Mask) -> Mask:
    """Keep the largest connected part of a mask."""
    rest, best = mask.copy(), np.zeros_like(mask)
    while rest.sum() > best.sum():
        part = np.zeros_like(mask)
        part[np.unravel_index(int(rest.argmax()), rest.shape)] = True
        while True:
            grown = _dilated(part) & rest
            if (grown == part).all():
                break
            part = grown
        rest &= ~part
        if part.sum() > best.sum():
            best = part
    return best


def _position(box: tuple[int, int, int, int], size: tuple[int, ...]) -> str:
    x, y = (box[0] + box[2]) / 2 / size[1] * SIDE, (box[1] + box[3]) / 2 / size[0] * SIDE
    return min(POSITIONS, key=lambda name: (POSITIONS[name][0] - x) ** 2 + (POSITIONS[name][1] - y) ** 2)


def _to_grid(soft: Floats, box: tuple[int, int, int, int]) -> Floats:
    picture = Image.fromarray(np.round(soft * 255).astype(np.uint8)).crop(box)
    return np.asarray(picture.resize((GRID, GRID), Image.Resampling.BOX), dtype=np.float32) / np.float32(255)


@cache
def _templates() -> dict[str, Floats]:
    drawn = {name: np.asarray(outline(name, 64), dtype=np.float32) / np.float32(255) for name in SHAPES}
    return {
        name: _to_grid(mask, Image.fromarray(mask > 0.5).getbbox() or (0, 0, 64, 64))
        for name, mask in drawn.items()
    }


def _shape(soft: Floats, box: tuple[int, int, int, int]) -> str:
    """Name the shape whose outline, in its bounding box, overlaps best (intersection over union)."""
    seen = _to_grid(soft, box)
    overlap = {
        name: float(np.minimum(seen, template).sum() / np.maximum(seen, template).sum())
        for name, template in _templates().items()
    }
    return max(overlap, key=lambda name: overlap[name])
